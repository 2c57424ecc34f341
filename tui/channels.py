"""The channels of the lines, made from the configuration.

An adapter is imported when a line needs it: a practice without Twilio never loads its library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inbox.address import ChannelKind
from inbox.channel import Capabilities, Channel
from inbox.clock import Clock
from inbox.errors import AuthenticationFailed, ConfigurationError
from inbox.line import Line
from inbox.repository import Repository
from tui.config.accounts import account_of
from tui.config.reading import Configuration
from tui.config.tables import EmailTable, PhoneTable, SmsTable
from tui.secret import Secret

if TYPE_CHECKING:
    from adapters.mail.settings import MailSettings
    from adapters.phone.connection import Twilio
    from adapters.phone.settings import TwilioSettings

NOT_YET = "This version of Twoway cannot use {} lines yet."
"""What `doctor` says of a line whose channel has no adapter."""

_AT_FIRST = {
    ChannelKind.EMAIL: Capabilities(
        subject=True, attachments=True, copies=True, proves_itself=True
    ),
    ChannelKind.SMS: Capabilities(max_characters=1600, delivery_reports=True),
    ChannelKind.PHONE: Capabilities(),
}
"""What is known of a channel before its adapter is loaded."""
_POLL_HERE = 2.0
"""Seconds between two looks at a server on this machine."""
_BY_HAND = Capabilities(sends=False)
_NOTHING = Capabilities(sends=False, receives=False)


class Abilities(Mapping[str, Capabilities]):
    """What each line can do right now, by line id: an adapter learns more as it works."""

    def __init__(self, configuration: Configuration, channels: Mapping[str, Channel]) -> None:
        """Tell it of the configured lines; `channels` fills once the adapters are loaded."""
        self._channels = channels
        self._at_first = {
            line.id: _at_first(configuration, line) for line in configuration.practice.lines
        }

    def __getitem__(self, line_id: str) -> Capabilities:
        """What a line can do."""
        channel = self._channels.get(line_id)
        return self._at_first[line_id] if channel is None else channel.capabilities

    def __iter__(self) -> Iterator[str]:
        """The ids of the lines."""
        return iter(self._at_first)

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._at_first)


def usable(line: Line) -> bool:
    """Whether this version has an adapter for a line's channel."""
    return line.channel in _AT_FIRST


def make_channels(
    configuration: Configuration, clock: Clock, repository: Repository
) -> dict[str, Channel]:
    """A channel for each line that this version can use; run in a thread."""
    made: dict[str, Channel] = {}
    accounts: dict[TwilioAccount, Twilio] = {}
    for line in configuration.practice.lines:
        table = configuration.lines[line.id]
        if isinstance(table, EmailTable):
            from adapters.mail.channel import MailChannel

            made[line.id] = MailChannel(line, mail_settings(configuration, table), clock)
        elif isinstance(table, PhoneTable) and table.provider == "manual":
            from adapters.phone.manual import ManualChannel

            made[line.id] = ManualChannel(line, clock)
        elif isinstance(table, SmsTable | PhoneTable):
            made[line.id] = _number(configuration, line, table, clock, repository, accounts)
    return made


TwilioAccount = tuple[str, str, str]
"""What lines of one account have in common: its SID, the API key, and where the API is."""


def _number(
    configuration: Configuration,
    line: Line,
    table: SmsTable | PhoneTable,
    clock: Clock,
    repository: Repository,
    accounts: dict[TwilioAccount, Twilio],
) -> Channel:
    """A number of Twilio's; lines of one account share its connection."""
    from adapters.phone.connection import Twilio
    from adapters.phone.sms import SmsChannel
    from adapters.phone.voice import VoiceChannel

    settings = twilio_settings(configuration, table)
    account = (settings.account_sid, settings.user, settings.base_url)
    twilio = accounts.setdefault(account, Twilio(settings, clock))
    if isinstance(table, PhoneTable):
        return VoiceChannel(line, settings, clock, desk=table.desk, twilio=twilio)
    return SmsChannel(line, settings, clock, claimed=repository.filing.bears, twilio=twilio)


def twilio_settings(configuration: Configuration, table: SmsTable | PhoneTable) -> TwilioSettings:
    """The adapter's settings of one line of Twilio's.

    Raises:
        ConfigurationError: the account is none.
    """
    from adapters.phone.settings import API, POLL, TwilioSettings

    owner = account_of(table, configuration.lines.values())
    secret = owner.api_secret if owner.api_key else owner.auth_token
    if secret is None:
        raise ConfigurationError(
            f"The line “{table.id}” has no auth_token.", "Give one, or api_key and api_secret."
        )
    return TwilioSettings(
        account_sid=owner.account_sid,
        secret=_password(configuration.secret(secret, owner.id)),
        user=owner.api_key,
        base_url=owner.base_url,
        # A server on this very machine, as the sample practice's, need not be spared.
        poll=POLL if owner.base_url.rstrip("/") == API else _POLL_HERE,
    )


def mail_settings(configuration: Configuration, table: EmailTable) -> MailSettings:
    """The adapter's settings of one e-mail line."""
    from adapters.mail.settings import ImapSettings, MailSettings, SmtpSettings

    imap, smtp = table.imap, table.smtp
    authorities = configuration.path.parent / Path(table.ca_file).expanduser()
    return MailSettings(
        imap=ImapSettings(
            host=imap.host,
            port=imap.port or (993 if imap.security == "tls" else 143),
            security=imap.security,
            user=imap.user,
            folders=imap.folders,
            sent=imap.sent or None,
            since=imap.since,
        ),
        smtp=SmtpSettings(
            host=smtp.host,
            port=smtp.port or {"tls": 465, "starttls": 587, "none": 25}[smtp.security],
            security=smtp.security,
            user=smtp.user,
            save_sent=smtp.save_sent,
        ),
        password=_password(configuration.secret(table.password, table.id)),
        tls_cafile=str(authorities) if table.ca_file else None,
    )


def _password(secret: Secret) -> Callable[[], str]:
    """A line's password; one that cannot be had is trouble of that line, not of the others."""

    def read() -> str:
        try:
            return secret.read()
        except ConfigurationError as error:
            raise AuthenticationFailed(error.sentence, error.hint) from None

    return read


def _at_first(configuration: Configuration, line: Line) -> Capabilities:
    table = configuration.lines[line.id]
    if isinstance(table, PhoneTable) and table.provider == "manual":
        return _BY_HAND
    return _AT_FIRST.get(line.channel, _NOTHING)
