"""Reading the configuration file into the practice and the settings of its lines."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from inbox.errors import ConfigurationError
from inbox.hours import DAYS, parse_spans
from inbox.practice import Practice
from tui.config.accounts import check_account
from tui.config.closures import Calendar, calendar, check_closures
from tui.config.making import address_of, make_practice, span_of
from tui.config.places import line_of, words_of
from tui.config.plugins import check_plugin
from tui.config.policy import check_rules
from tui.config.portals import check_portal
from tui.config.quiet import QuietFile, read_quiet
from tui.config.strict import Problem, nearest, read_tables
from tui.config.tables import (
    BearerTable,
    EmailTable,
    FileTables,
    LineTable,
    PhoneTable,
    PluginTable,
    PortalTable,
    SecretTable,
    SmsTable,
)
from tui.secret import (
    CommandSecret,
    EnvironmentSecret,
    FileSecret,
    KeyringSecret,
    Secret,
    split_command,
)

_NUMBER = re.compile(r"^\+[1-9][0-9]{6,14}$")
_MAIL = re.compile(r"^[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+\.[^@\s<>,;:\"().]+$")
_IDENTIFIER = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
_SECONDS = {"poll_every": (5, 600), "give_up_after": (1, 36_000)}
"""Lines of numbers: the least and the most of a key. A line that is read less often counts as not
read (TW03)."""
_URL = re.compile(r"^https?://[^\s/]+", re.IGNORECASE)
_COUNTRY = re.compile(r"^[A-Z]{2}$")
_NUMBER_HINT = 'Write it with country code and without spaces: "+15550107788".'
_MAIL_HINT = 'Write one address, without a name: "frontdesk@lakeside.example".'


class ConfigurationRefused(ConfigurationError):
    """The file cannot be used; `problems` holds every (sentence, hint) found, in file order."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Speak of the first problem, and carry all of them."""
        super().__init__(*problems[0])
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the configuration file says."""

    path: Path
    """The file."""
    practice: Practice
    """Name, staff, hours and lines, as the rules know them."""
    lines: Mapping[str, LineTable]
    """How each line is reached, by line id, as it stands in the file."""
    keys: Mapping[str, str]
    """Command id and the key it gets instead of its own."""
    theme: str
    """The name of a theme, or empty."""
    calendar: Calendar
    """Holidays and closures; they are computed when they are first needed."""
    quiet: QuietFile
    """Quiet hours, and when each was last looked up."""

    def secret(self, table: SecretTable, where: str) -> Secret:
        """The secret that a table names, for the line `where`."""
        return _secret(table, where, self.path.parent)


def read_configuration(path: Path) -> Configuration:
    """Read a configuration file.

    Raises:
        ConfigurationError: it cannot be read, is not TOML, or says something that cannot be
            (`ConfigurationRefused`, with every problem).
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} is not a text in UTF-8 (byte {error.start}).", "Save it again as UTF-8."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}.", "Check --config, or run `twoway setup`."
        ) from None
    return parse_configuration(text, path)


def parse_configuration(text: str, path: Path) -> Configuration:
    """What `read_configuration` does, for a text that was read already."""
    try:
        data = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path.name} is not valid TOML: {_toml_words(str(error))}.",
            f"Correct it in {path}; text stands in double quotes, a comment begins with #.",
        ) from None
    tables, problems = read_tables(FileTables, data)
    if tables is not None:
        problems = list(_check(tables, path.parent))
    if tables is None or problems:
        raise ConfigurationRefused(_told(problems, text, path))
    days = calendar(tables, lambda problem: ConfigurationRefused(_told([problem], text, path)))
    quiet = read_quiet(path.parent, days.public())
    return Configuration(
        path=path,
        practice=replace(make_practice(tables, days), quiet=quiet.rules),
        lines={line.id: line for line in tables.line},
        keys=tables.keys,
        theme=tables.screen.theme,
        calendar=days,
        quiet=quiet,
    )


def _toml_words(words: str) -> str:
    found = re.match(r"(.*?) \(at (.*)\)$", words, re.DOTALL)
    return f"{found.group(1)}, at {found.group(2)}" if found else words


def _told(problems: list[Problem], text: str, path: Path) -> list[tuple[str, str]]:
    told = []
    for problem in problems:
        number = line_of(text, problem.path)
        place = f"{path.name}, line {number}" if number else path.name
        told.append((number, f"{place}: {words_of(problem.path)} {problem.what}.", problem.hint))
    return [(sentence, hint) for _, sentence, hint in sorted(told, key=lambda one: one[0])]


# ---------------------------------------------------------------- what the kinds do not say


def _check(tables: FileTables, folder: Path) -> Iterator[Problem]:
    """Everything that is of the right kind and still cannot be."""
    practice = tables.practice
    if not valid_zone(practice.timezone):
        yield Problem(("practice", "timezone"), "is not a time zone", zone_hint(practice.timezone))
    if not _COUNTRY.match(practice.country):
        yield Problem(("practice", "country"), "is not a country", 'Two letters: "US".')
    if practice.scheduling_url and not _URL.match(practice.scheduling_url):
        yield Problem(("practice", "scheduling_url"), "is not a web address", "https://…")
    if practice.answer_within and span_of(practice.answer_within) is None:
        yield Problem(("practice", "answer_within"), "is not a span of time", '"4h" or "90min".')
    yield from _check_ids("staff", [member.id for member in tables.staff])
    for at, member in enumerate(tables.staff):
        yield from _number(("staff", at, "direct_line"), member.direct_line)
        yield from _mail(("staff", at, "email"), member.email)
    yield from _check_ids("line", [line.id for line in tables.line])
    for at, line in enumerate(tables.line):
        yield from _check_line(("line", at), line, folder, tables.line)
    yield from _check_same_address(tables)
    yield from _check_hours(tables)
    yield from check_rules(tables.rules)
    yield from check_closures(tables)
    service = tables.answering_service
    if service is not None:
        yield from _number(("answering_service", "number"), service.number)
        if service.heads_up is not None:
            where = ("answering_service", "heads_up", "to")
            by_mail = service.heads_up.channel == "email"
            yield from (_mail if by_mail else _number)(where, service.heads_up.to)


def _check_ids(name: str, ids: list[str]) -> Iterator[Problem]:
    for at, one in enumerate(ids):
        if not _IDENTIFIER.match(one):
            hint = 'Letters, digits, - and _, at most 64: "front-desk".'
            yield Problem((name, at, "id"), "is not an id", hint)
        if one in ids[:at]:
            hint = f"[[{name}]] number {ids.index(one) + 1} has it already."
            yield Problem((name, at, "id"), "is there twice", hint)


def _check_same_address(tables: FileTables) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for at, line in enumerate(tables.line):
        values = [address_of(line), *(line.also if isinstance(line, EmailTable) else ())]
        for value in values:
            first = seen.setdefault((line.channel, value.casefold()), at)
            if first != at:
                by_mail = isinstance(line, EmailTable | PluginTable)
                key = "address" if by_mail else "number"
                key = "base_url" if isinstance(line, PortalTable) else key
                hint = f"[[line]] number {first + 1} has it on the same channel."
                yield Problem(("line", at, key), "is an address of another line", hint)


def _check_line(
    path: tuple[str | int, ...], line: LineTable, folder: Path, tables: tuple[LineTable, ...]
) -> Iterator[Problem]:
    if isinstance(line, EmailTable):
        yield from _mail((*path, "address"), line.address)
        for at, value in enumerate(line.also):
            yield from _mail((*path, "also", at), value)
        for name, server in (("imap", line.imap), ("smtp", line.smtp)):
            yield from _check_server((*path, name), server.host, server.port, server.security)
        if line.ca_file and not (folder / Path(line.ca_file).expanduser()).is_file():
            yield Problem((*path, "ca_file"), "names no file", "A PEM file of authorities.")
        yield from _check_secret((*path, "password"), line.password)
    elif isinstance(line, PortalTable):
        yield from check_portal(path, line)
        if isinstance(line.auth, BearerTable):
            yield from _check_secret((*path, "auth", "token"), line.auth.token)
    elif isinstance(line, PluginTable):
        checks = {"email": _mail, "sms": _number, "phone": _number}
        if line.channel in checks:
            yield from checks[line.channel]((*path, "address"), line.address)
        yield from check_plugin(path, line)
    else:
        yield from _check_number_line(path, line, tables)


def _check_number_line(
    path: tuple[str | int, ...], line: SmsTable | PhoneTable, tables: tuple[LineTable, ...]
) -> Iterator[Problem]:
    yield from _number((*path, "number"), line.number)
    if isinstance(line, PhoneTable):
        yield from _number((*path, "desk"), line.desk)
        if line.provider == "manual":
            return
    yield from check_account(path, line, tables)
    for key, (least, most) in _SECONDS.items():
        seconds = getattr(line, key, None)
        if seconds is not None and not least <= seconds <= most:
            yield Problem((*path, key), "is out of range", f"Seconds, from {least} to {most}.")
    for name, table in (("auth_token", line.auth_token), ("api_secret", line.api_secret)):
        if table is not None:
            yield from _check_secret((*path, name), table)


def _check_server(
    path: tuple[str | int, ...], host: str, port: int | None, security: str
) -> Iterator[Problem]:
    if re.search(r"[\s/:@]", host) and not _is_ip(host):
        yield Problem(
            (*path, "host"), "is not a host name", 'Only the name: "imap.lakeside.example".'
        )
    if port is not None and not 0 < port < 65536:
        yield Problem((*path, "port"), "is not a port", "A number from 1 to 65535.")
    if security == "none" and not is_loopback(host):
        yield Problem(
            (*path, "security"),
            'is "none", which is for this machine only (localhost)',
            'Use "tls" or "starttls"; mail and password would travel for all to read.',
        )


def _check_secret(path: tuple[str | int, ...], table: SecretTable) -> Iterator[Problem]:
    if table.command is not None:
        try:
            words = (
                split_command(table.command) if isinstance(table.command, str) else table.command
            )
        except ValueError:
            words = ()
        if not words:
            hint = 'Words as in a shell: "pass show lakeside/frontdesk".'
            yield Problem((*path, "command"), "is not a command", hint)
    if table.env is not None and not re.match(r"^[A-Za-z_][A-Za-z0-9_]*$", table.env):
        hint = 'Its name only, without $: "TWOWAY_FRONTDESK".'
        yield Problem((*path, "env"), "is not the name of an environment variable", hint)


def _check_hours(tables: FileTables) -> Iterator[Problem]:
    ids = [line.id for line in tables.line]
    for key, value in tables.hours.items():
        if isinstance(value, str):
            if key not in DAYS:
                yield Problem(("hours", key), "is not a day", nearest(key, DAYS, what="Days"))
            else:
                yield from _spans(("hours", key), value)
            continue
        if key not in ids:
            hint = nearest(key, ids, what="Lines")
            yield Problem(("hours", key), "is not the id of a line", hint)
        for day, text in value.items():
            if day not in DAYS:
                yield Problem(("hours", key, day), "is not a day", nearest(day, DAYS, what="Days"))
            else:
                yield from _spans(("hours", key, day), text)


def _spans(path: tuple[str | int, ...], text: str) -> Iterator[Problem]:
    try:
        parse_spans(text, "")
    except ConfigurationError as error:
        yield Problem(path, error.sentence.removeprefix(": ").rstrip("."), error.hint)


def _number(path: tuple[str | int, ...], value: str) -> Iterator[Problem]:
    if value and not _NUMBER.match(value):
        yield Problem(path, "is not a phone number", _NUMBER_HINT)


def _mail(path: tuple[str | int, ...], value: str) -> Iterator[Problem]:
    if value and not is_mail_address(value):
        yield Problem(path, "is not an e-mail address", _MAIL_HINT)


def is_mail_address(value: str) -> bool:
    """Whether it looks like one bare e-mail address."""
    return _MAIL.match(value) is not None and len(value) <= 254


def is_phone_number(value: str) -> bool:
    """Whether it is a phone number with country code (E.164)."""
    return _NUMBER.match(value) is not None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    return _is_ip(host) and ipaddress.ip_address(host).is_loopback


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def valid_zone(name: str) -> bool:
    """Whether it is the name of a time zone."""
    # Listing all zones to look for one opens six hundred files.
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True


def zone_hint(word: str) -> str:
    """The nearest time zone, and what a name of one looks like."""
    import difflib
    from zoneinfo import available_timezones

    zones = available_timezones()
    close = difflib.get_close_matches(word.replace(" ", "_"), zones, n=1, cutoff=0.5)
    meant = f"Did you mean “{close[0]}”? " if close else ""
    return f"{meant}Expected a name like America/Chicago or Europe/Berlin."


# ---------------------------------------------------------------- secrets


def _secret(table: SecretTable, where: str, folder: Path) -> Secret:
    sources: dict[str, Callable[[], Secret]] = {
        "command": lambda: CommandSecret(_command(table), where),
        "env": lambda: EnvironmentSecret(table.env or "", where),
        "file": lambda: FileSecret(folder / Path(table.file or "").expanduser(), where),
        "keyring": lambda: KeyringSecret(where),
    }
    chosen = next(name for name in sources if getattr(table, name) is not None)
    return sources[chosen]()


def _command(table: SecretTable) -> tuple[str, ...]:
    command = table.command or ()
    return split_command(command) if isinstance(command, str) else command
