"""The questions of the first set-up, in their order."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import tomlkit

from inbox.address import is_no_reply
from inbox.clock import utc_now
from inbox.errors import ConfigurationError, TwowayError
from inbox.hours import parse_spans
from tui.config.reading import (
    Configuration,
    is_loopback,
    is_mail_address,
    parse_configuration,
    read_configuration,
    valid_zone,
    zone_hint,
)
from tui.setup import providers
from tui.setup.asking import Asker, Unanswered, read_answers
from tui.setup.draft import MailAnswer, SetupDraft, StaffAnswer, keep_old, write_private
from tui.setup.naming import identifier, wrong_id
from tui.setup.place import guess_country, guess_zone
from tui.setup.portal import PortalQuestions
from tui.setup.secrets import ask_secret
from tui.setup.telephone import TelephoneQuestions
from tui.setup.trying import try_line, try_portal

_KEPT = "setup-answers.toml"
_HOURS = "08:00-12:00, 13:00-17:00"
_IN_PLACE = ("add", "phone", "portal")
"""Answers that leave what is there as it is."""


def run_setup(path: Path, data: Path, answers: str, tell: Callable[[str], None]) -> int:
    """Ask, test, write.

    Args:
        path: Where the configuration goes.
        data: The data folder.
        answers: A file with answers, or empty to ask.
        tell: Gets a sentence on where an unfinished set-up is kept.

    Returns:
        0, or 1 when a line is not proven.

    Raises:
        Unanswered: there were fewer answers than questions.
        TwowayError: without a person to ask again, whatever went wrong.
    """
    kept = path.with_name(_KEPT)
    known = read_answers(Path(answers)) if answers else {}
    if not answers and kept.exists():
        with contextlib.suppress(ConfigurationError):
            known = read_answers(kept)
    asker = Asker(known, only=bool(answers))
    try:
        return _Setup(asker, path, data).run()
    except (KeyboardInterrupt, Unanswered):
        if asker.given and not answers:
            write_private(kept, tomlkit.dumps(asker.given))
            tell(f"\nYour answers (no passwords) are kept in {kept}.")
        raise


class _Setup:
    """One set-up."""

    def __init__(self, asker: Asker, path: Path, data: Path) -> None:
        self._ask = asker
        self._path = path
        self._data = data
        self._draft = SetupDraft()

    def run(self) -> int:
        """All of it; returns the exit status."""
        self._ask.tell("Twoway: setting up your practice. Ctrl-C leaves; nothing is sent before")
        self._ask.tell("you agree, and nothing on a mail server is ever changed.\n")
        present = self._present()
        if present == "leave":
            self._ask.tell("Left as it was.")
            return 0
        if present not in _IN_PLACE:
            self._practice()
            self._staff()
        if present not in {"phone", "portal"}:
            self._mail(present)
        if present != "portal":
            self._telephone(present)
        if present != "phone":
            self._portal(present)
        self._write(present)
        return 1 if self._draft.untested else 0

    # ------------------------------------------------------------ the practice

    def _present(self) -> str:
        """What to do with a file there is: "", `add`, `phone`, `portal`, `replace`, `leave`."""
        if not self._path.exists():
            return ""
        self._ask.tell(f"There is a configuration already: {self._path}")
        present = self._ask.choice(
            "existing",
            "What do you want",
            {
                "add": "add an e-mail address to it; the rest stays as it is",
                "phone": "add texts and calls to it; the rest stays as it is",
                "portal": "add a patient portal to it; the rest stays as it is",
                "replace": "begin anew; the present one is kept beside it",
                "leave": "leave it as it is",
            },
            "leave",
        )
        if present in _IN_PLACE:
            read_configuration(self._path)
        return present

    def _practice(self) -> None:
        draft, ask = self._draft, self._ask
        draft.name = ask.text("practice_name", "Name of the practice, as patients know it")
        zone = guess_zone() or None
        draft.timezone = ask.text(
            "timezone", "Time zone", zone, lambda word: "" if valid_zone(word) else zone_hint(word)
        )
        draft.country = ask.text(
            "country",
            "Country, two letters",
            guess_country(draft.timezone),
            lambda word: "" if re.match(r"^[A-Za-z]{2}$", word) else "Two letters, like US.",
        ).upper()
        draft.scheduling_url = ask.text(
            "scheduling_url",
            "Web address where patients book (empty: none)",
            "",
            lambda word: "" if re.match(r"^https?://\S+$", word) else "It begins with https://",
        )
        draft.hours = ask.text(
            "hours", "Hours when the phones are staffed, Monday to Friday", _HOURS, _wrong_hours
        )

    def _staff(self) -> None:
        ask, number = self._ask, 1
        ask.tell("\nWho works with Twoway? Everybody acts under their own name.")
        while True:
            name = ask.text(f"staff_{number}_name", "Name, as patients know them")
            taken = {member.id for member in self._draft.staff}
            short = ask.text(
                f"staff_{number}_id",
                "Short name, for --as",
                identifier(name.split()[0], taken),
                partial(wrong_id, taken=taken),
            )
            mail = ask.text(
                f"staff_{number}_email", "Their own e-mail (empty: none)", "", _wrong_mail
            )
            self._draft.staff.append(StaffAnswer(short, name, mail))
            number += 1
            if not ask.yes(f"staff_{number}", "Somebody else", default=False):
                return

    # ------------------------------------------------------------ the lines

    def _mail(self, present: str) -> None:
        number = 1
        while True:
            self._line(number, present)
            number += 1
            if not self._ask.yes(f"line_{number}", "Another e-mail address", default=False):
                return

    def _telephone(self, present: str) -> None:
        """Texts, calls, and who answers at night; asked for only where they are wanted."""
        if present != "phone" and not self._ask.yes(
            "telephone", "\nTexts or calls as well, or a desk phone to log calls of", default=False
        ):
            return
        known = read_configuration(self._path) if present in _IN_PLACE else None
        TelephoneQuestions(
            self._ask,
            self._draft,
            self._path.parent,
            known,
            taken=lambda: self._line_ids(present),
            test=lambda line_id: self._tested(line_id, present),
        ).run()

    def _tested(self, line_id: str, present: str) -> TwowayError | None:
        return try_line(self._configuration(present), line_id, self._data, self._step)

    def _line(self, number: int, present: str) -> None:
        ask, key = self._ask, f"line_{number}_"
        ask.tell("\nThe e-mail address that patients write to.")
        address = ask.text(f"{key}address", "E-mail address", None, _wrong_line_address)
        name = ask.text(f"{key}name", "Name beside it", self._draft.name)
        line_id = ask.text(
            f"{key}id",
            "Short name of this line",
            identifier(address.partition("@")[0], self._line_ids(present)),
            lambda word: wrong_id(word, self._line_ids(present)),
        )
        answer = self._servers(key, line_id, address, name)
        while True:
            self._draft.lines.append(answer)
            if not ask.yes(f"{key}test", "Test it now, both ways", default=True):
                self._draft.untested.append(line_id)
                return
            error = self._tested(line_id, present)
            if error is None:
                ask.tell("It works: mail leaves, and answers come home.")
                return
            ask.tell(f"  NOT WELL: {error.sentence}")
            ask.tell(f"  {error.hint}" if error.hint else "")
            if not ask.asks:
                raise error
            again = ask.choice(
                f"{key}again",
                "What now",
                {
                    "again": "try once more",
                    "password": "give another password",
                    "servers": "change servers, user or password",
                    "keep": "go on with it as it is; nothing is sent from it until it is proven",
                },
                "again",
            )
            if again == "keep":
                self._draft.untested.append(line_id)
                return
            self._draft.lines.pop()
            if again == "servers":
                answer = self._servers(key, line_id, address, name)
            elif again == "password":
                answer = replace(answer, password=self._password(key, line_id))

    def _portal(self, present: str) -> None:
        """A patient portal; asked for only where one is wanted."""
        if present != "portal" and (
            present == "add"
            or not self._ask.yes("portal", "A patient portal (FHIR)", default=False)
        ):
            return
        PortalQuestions(
            self._ask,
            self._draft,
            self._path.parent,
            taken=lambda: self._line_ids(present),
            test=lambda line_id: try_portal(
                self._configuration(present), line_id, self._data, self._step
            ),
        ).run()

    def _servers(self, key: str, line_id: str, address: str, name: str) -> MailAnswer:
        ask, found = self._ask, providers.guess(address)
        if found.advice:
            ask.tell(f"  {found.advice}")
        if not providers.known(address):
            ask.tell("  The provider is not one we know; these are guesses.")
        imap = self._server(
            f"{key}imap_", "IMAP", found.imap_host, found.imap_port, found.imap_security
        )
        smtp = self._server(
            f"{key}smtp_", "SMTP", found.smtp_host, found.smtp_port, found.smtp_security
        )
        user = ask.text(f"{key}user", "User name", address)
        imap["user"] = smtp["user"] = user
        if not found.save_sent:
            smtp["save_sent"] = False
        authorities = ""
        if not providers.known(address):
            authorities = ask.text(
                f"{key}ca_file", "File of its own authorities, PEM (empty: the system's)", ""
            )
        return MailAnswer(
            line_id,
            address,
            name,
            imap,
            smtp,
            self._password(key, line_id),
            authorities,
        )

    def _server(
        self, key: str, kind: str, host: str, port: int, security: str
    ) -> dict[str, object]:
        ask = self._ask
        host = ask.text(f"{key}host", f"{kind} server", host, _wrong_host)
        kinds = {"tls": "from the first byte", "starttls": "begins plain, then enforced"}
        if is_loopback(host):
            kinds["none"] = "this machine only"
        known = ", ".join(kinds)
        security = ask.text(
            f"{key}security",
            f"{kind} security ({known})",
            security,
            lambda word: "" if word in kinds else f"One of: {known}.",
        )
        number = ask.text(
            f"{key}port",
            f"{kind} port",
            str(port),
            lambda word: "" if word.isdigit() and 0 < int(word) < 65536 else "1 to 65535.",
        )
        return {"host": host, "port": int(number), "security": security}

    def _password(self, key: str, line_id: str) -> dict[str, object]:
        return ask_secret(self._ask, f"{key}password", "password", line_id, self._path.parent)

    # ------------------------------------------------------------ the end

    def _line_ids(self, present: str) -> set[str]:
        ids = {line.id for line in self._draft.lines}
        if present in _IN_PLACE:
            ids |= set(read_configuration(self._path).lines)
        return ids

    def _text(self, present: str) -> str:
        if present in _IN_PLACE:
            return self._draft.added_to(self._path.read_text(encoding="utf-8"))
        return self._draft.toml()

    def _configuration(self, present: str) -> Configuration:
        return parse_configuration(self._text(present), self._path)

    def _write(self, present: str) -> None:
        text = self._text(present)
        parse_configuration(text, self._path)
        if self._path.exists():
            kept = keep_old(self._path, _local(utc_now()))
            self._ask.tell(f"\nThe file as it was: {kept}")
        write_private(self._path, text)
        with contextlib.suppress(OSError):
            self._path.with_name(_KEPT).unlink()
        self._ask.tell(f"\nWrote {self._path}")
        if self._draft.untested:
            untested = ", ".join(self._draft.untested)
            self._ask.tell(f"Not proven yet: {untested}. Nothing is sent from it")
            self._ask.tell("until `twoway doctor --prove` says that answers come home.")
        self._ask.tell("Next: `twoway patients import FILE` brings your patients in,")
        self._ask.tell("      `twoway` opens the inbox.")

    def _step(self, sentence: str) -> None:
        self._ask.tell(f"  · {sentence}")


def _wrong_mail(word: str) -> str:
    return "" if is_mail_address(word) else "That is not an e-mail address."


def _wrong_line_address(word: str) -> str:
    if not is_mail_address(word):
        return "That is not an e-mail address."
    if is_no_reply(word):
        return "Nobody reads answers to such an address. Use one that people can answer."
    return ""


def _wrong_host(word: str) -> str:
    return "Only its name, like imap.lakeside.example." if re.search(r"[\s/@]", word) else ""


def _wrong_hours(text: str) -> str:
    try:
        parse_spans(text, "")
    except ConfigurationError as error:
        return error.sentence.removeprefix(": ")
    return ""


def _local(moment: datetime) -> datetime:
    return moment.astimezone()
