"""The channels of the lines, made from the configuration.

An adapter is imported when a line needs it: a practice without Twilio never loads its library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from inbox.address import ChannelKind
from inbox.channel import Capabilities, Channel
from inbox.clock import Clock, utc_now
from inbox.errors import AuthenticationFailed, ConfigurationError
from inbox.line import Line
from inbox.repository import Repository
from tui.config.accounts import account_of, leads_here
from tui.config.reading import Configuration
from tui.config.tables import (
    BackendServicesTable,
    BearerTable,
    EmailTable,
    PhoneTable,
    PluginTable,
    PortalTable,
    SmsTable,
)
from tui.secret import Secret, read_key

if TYPE_CHECKING:
    from adapters.mail.settings import MailSettings
    from adapters.phone.connection import Twilio
    from adapters.phone.settings import TwilioSettings
    from adapters.portal.settings import Auth, PortalSettings

_AT_FIRST = {
    ChannelKind.EMAIL: Capabilities(
        subject=True, attachments=True, copies=True, proves_itself=True
    ),
    ChannelKind.SMS: Capabilities(max_characters=1600, delivery_reports=True),
    ChannelKind.PHONE: Capabilities(),
    ChannelKind.PORTAL: Capabilities(subject=True, attachments=True, delivery_reports=True),
}
"""What is known of a channel before its adapter is loaded."""
_POLL_HERE = 2.0
"""Seconds between two looks at a server on this machine."""
_BY_HAND = Capabilities(sends=False, by_hand=True)
_NOTHING = Capabilities(sends=False, receives=False)
ANSWERABLE = {"yes": True, "no": False, "unknown": None}
"""What `replies` of a portal line means."""


class Abilities(Mapping[str, Capabilities]):
    """What each line can do right now, by line id: an adapter learns more as it works."""

    def __init__(self, configuration: Configuration, channels: Mapping[str, Channel]) -> None:
        """Tell it of the configured lines; `channels` fills once the adapters are loaded."""
        self._channels = channels
        self._configuration = configuration
        self._at_first = {
            line.id: _at_first(configuration, line) for line in configuration.practice.lines
        }
        self._asked: dict[str, Capabilities] = {}

    def __getitem__(self, line_id: str) -> Capabilities:
        """What a line can do."""
        channel = self._channels.get(line_id)
        if channel is not None:
            return channel.capabilities
        if isinstance(self._configuration.lines[line_id], PluginTable):
            return self._declared(line_id)
        return self._at_first[line_id]

    def _declared(self, line_id: str) -> Capabilities:
        """What an adapter of somebody else's says of itself: nobody here can know."""
        if line_id not in self._asked:
            table = self._configuration.lines[line_id]
            line = self._configuration.practice.line(line_id)
            if not isinstance(table, PluginTable) or line is None:
                return self._at_first[line_id]
            made = plugin_channel(self._configuration, line, table, utc_now)
            self._asked[line_id] = made.capabilities
        return self._asked[line_id]

    def __iter__(self) -> Iterator[str]:
        """The ids of the lines."""
        return iter(self._at_first)

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._at_first)


def make_channels(
    configuration: Configuration, clock: Clock, repository: Repository
) -> dict[str, Channel]:
    """A channel for each line; run in a thread."""
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
        elif isinstance(table, PortalTable):
            from adapters.portal.channel import PortalChannel

            made[line.id] = PortalChannel(line, portal_settings(configuration, table), clock)
        else:
            made[line.id] = plugin_channel(configuration, line, table, clock)
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
    claimed = repository.filing.bears
    if isinstance(table, PhoneTable):
        direct = [member.direct_line for member in configuration.practice.staff]
        return VoiceChannel(
            line, settings, clock, desk=table.desk, direct=direct, claimed=claimed, twilio=twilio
        )
    return SmsChannel(line, settings, clock, claimed=claimed, twilio=twilio)


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
    # A server on this very machine, as the sample practice's, need not be spared.
    usual = POLL if owner.base_url.rstrip("/") == API else _POLL_HERE
    return TwilioSettings(
        account_sid=owner.account_sid,
        secret=_password(configuration.secret(secret, owner.id)),
        user=owner.api_key,
        base_url=owner.base_url,
        poll=table.poll_every or owner.poll_every or usual,
        validity=getattr(table, "give_up_after", None),
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


def plugin_channel(
    configuration: Configuration, line: Line, table: PluginTable, clock: Clock
) -> Channel:
    """The channel of a line that names an adapter of somebody else's; run in a thread.

    An adapter that cannot be had or fails is trouble of this line alone.
    """
    from adapters.plugged.broken import BrokenChannel
    from adapters.plugged.channel import plugged
    from tui.plugins import made_by_adapter, tell_error

    try:
        made = made_by_adapter(configuration, line, table, clock)
    except ConfigurationError as error:
        return BrokenChannel(line, error)
    return plugged(line, table.adapter, made, tell_error)


def new_portal_key(kind: str) -> str:
    """A fresh private key (PEM) that signs with RS384 or ES384."""
    from adapters.portal.key import new_key

    return new_key("ES384" if kind == "ES384" else "RS384")


def public_portal_key(pem: str, kid: str) -> tuple[str, dict[str, Any]]:
    """A key's name at the portal (empty: its own thumbprint), and its public half for the vendor.

    Raises:
        ConfigurationError: it is no key that portals take.
    """
    from adapters.portal.key import public_keys, thumbprint

    kid = kid or thumbprint(pem)
    return kid, public_keys(pem, kid)


def portal_settings(configuration: Configuration, table: PortalTable) -> PortalSettings:
    """The adapter's settings of one portal line.

    Raises:
        ConfigurationError: they cannot be.
    """
    from adapters.portal.settings import POLL, PortalSettings

    return PortalSettings(
        base_url=table.base_url,
        auth=_auth(configuration, table),
        sender=table.recipient,
        query=tuple(parse_qsl(table.patient_query)),
        page_size=table.page_size,
        answerable=ANSWERABLE[table.replies],
        timezone=configuration.practice.timezone,
        poll=_POLL_HERE if leads_here(table.base_url) else POLL,
    )


def _auth(configuration: Configuration, table: PortalTable) -> Auth:
    from adapters.portal.settings import SCOPES, BackendServices, Bearer, NoAuth

    auth = table.auth
    if isinstance(auth, BackendServicesTable):
        return BackendServices(
            auth.client_id,
            _key(configuration.path.parent / Path(auth.key_file).expanduser(), table.id),
            auth.kid,
            token_url=auth.token_url,
            scope=auth.scope or SCOPES,
        )
    if isinstance(auth, BearerTable):
        return Bearer(_password(configuration.secret(auth.token, table.id)))
    return NoAuth()


def _key(path: Path, line_id: str) -> Callable[[], str]:
    """A portal's private key; one that cannot be had is trouble of that line."""

    def read() -> str:
        try:
            return read_key(path, line_id)
        except ConfigurationError as error:
            raise AuthenticationFailed(error.sentence, error.hint) from None

    return read


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
    if isinstance(table, PortalTable):
        known = _AT_FIRST[ChannelKind.PORTAL]
        return replace(
            known,
            answerable=ANSWERABLE[table.replies],
            proves_itself=bool(table.test_patient),
            retracts=True,
        )
    return _AT_FIRST[line.channel]
