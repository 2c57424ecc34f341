"""What may stand in the configuration: one class a table, one field a key.

The reader (`tui.config.strict`) takes names, kinds and defaults from here; a field without a
default must be there. The text under a field is what the documentation says about the key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Security = Literal["tls", "starttls", "none"]
"""`tls` from the first byte, `starttls` (enforced), or `none` for loopback addresses only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretTable:
    """Where a secret comes from: exactly one of these keys."""

    command: str | tuple[str, ...] | None = None
    """A command that prints it: words as in a shell, but no shell runs; or a list of words."""
    env: str | None = None
    """The name of an environment variable."""
    file: str | None = None
    """A file whose first line it is; relative to the folder of the configuration."""
    keyring: bool | None = None
    """`true`: the system's keyring, service `twoway`, user the line's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeTable:
    """`[practice]`: who we are."""

    name: str
    """As patients know it."""
    timezone: str
    """IANA name, e.g. `America/Chicago`."""
    country: str = "US"
    """Two letters (ISO 3166): holidays, phone numbers."""
    subdivision: str = ""
    """The state or province, for its own holidays: `TX`."""
    scheduling_url: str = ""
    """Where patients book a visit."""
    answer_within: str = ""
    """How soon everybody is to be answered, in the time in which somebody is there: `4h`, `90min`.
    Who waits longer is marked as overdue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidaysTable:
    """`[holidays]`: on which public holidays the phones are off; without it, on all of them."""

    observe: tuple[str, ...] = ()
    """Only on these, by name."""
    skip: tuple[str, ...] = ()
    """On all but these."""
    public: bool = True
    """`false`: on none; closures say all there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureTable:
    """`[[closure]]`: some days of our own on which the phones are off, all day or in part."""

    name: str
    """What staff read: `Winter break`."""
    from_: date
    """The first day."""
    to: date | None = None
    """The last day; without it, the first day alone."""
    hours: str = ""
    """The only hours at which somebody is there: `08:00-12:00`; without it, none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsUpTable:
    """How the answering service is told to expect a call."""

    channel: Literal["sms", "email", "phone"]
    to: str
    """The number or address of the answering service's desk."""
    names_patients: bool = False
    """The patient is named to the service; otherwise only that somebody may call back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringServiceTable:
    """`[answering_service]`: who answers the phones when the practice does not."""

    number: str
    takes_messages: bool
    heads_up: HeadsUpTable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffTable:
    """`[[staff]]`: one person who acts under their own name."""

    id: str
    """Short and stable: `dana`; what `--as` takes."""
    name: str
    """As patients know them."""
    direct_line: str = ""
    """A number that rings on their desk, `+15550107701`."""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapTable:
    """Where the mail of a line is read."""

    host: str
    user: str
    port: int | None = None
    """Else 993, with `starttls` or `none` 143."""
    security: Security = "tls"
    folders: tuple[str, ...] = ("INBOX",)
    """The folders that are read."""
    sent: str = ""
    """The folder of what was sent; else the one the server names."""
    since: date | None = None
    """Mail from before this day stays on the server; `twoway sync --since` reads further back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTable:
    """Where the mail of a line leaves."""

    host: str
    user: str
    port: int | None = None
    """Else 465, with `starttls` 587, with `none` 25."""
    security: Security = "tls"
    save_sent: bool = True
    """Put a copy into the Sent folder; `false` when the provider does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailTable:
    """`[[line]]` with `channel = "email"`."""

    id: str
    channel: Literal["email"]
    address: str
    """What patients see and answer to."""
    imap: ImapTable
    smtp: SmtpTable
    password: SecretTable
    name: str = ""
    """Stands beside the address."""
    also: tuple[str, ...] = ()
    """Further addresses that arrive here; nothing is sent from them."""
    ca_file: str = ""
    """The authorities (PEM) to trust in place of the system's, for a server of one's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsTable:
    """`[[line]]` with `channel = "sms"`."""

    id: str
    channel: Literal["sms"]
    number: str
    account_sid: str
    name: str = ""
    auth_token: SecretTable | None = None
    api_key: str = ""
    """With `api_secret`, in place of `auth_token`."""
    api_secret: SecretTable | None = None
    base_url: str = "https://api.twilio.com"
    poll_every: int | None = None
    """Seconds between two looks at what is new, 5 to 600; else 15."""
    give_up_after: int | None = None
    """Seconds after which a text that still waits at Twilio is given up, 1 to 36000; else Twilio's
    own limit of ten hours. It then stands under *Not delivered*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneTable:
    """`[[line]]` with `channel = "phone"`."""

    id: str
    channel: Literal["phone"]
    number: str
    provider: Literal["twilio", "manual"]
    """`manual`: calls are made on the desk phone and logged here."""
    desk: str = ""
    """The phone here that rings first when somebody without a direct line of their own calls."""
    name: str = ""
    account_sid: str = ""
    auth_token: SecretTable | None = None
    api_key: str = ""
    api_secret: SecretTable | None = None
    base_url: str = "https://api.twilio.com"
    poll_every: int | None = None
    """Seconds between two looks at what is new, 5 to 600; else as the text line of its account, or
    15."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendServicesTable:
    """SMART Backend Services: a signed assertion."""

    kind: Literal["backend-services"]
    client_id: str
    """What the vendor calls us."""
    key_file: str
    """The private key (PEM); relative to the folder of the configuration. `twoway setup` makes one,
    and `twoway doctor --portal-key` prints the public half to hand to the vendor."""
    kid: str
    """The name of the key in what was handed to the vendor."""
    token_url: str = ""
    """Where tokens are given; else as the server itself says."""
    scope: str = ""
    """What a token is asked for, where the vendor wants it in other words than ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerTable:
    """A token that somebody else made."""

    kind: Literal["bearer"]
    token: SecretTable


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAuthTable:
    """A server that asks for nothing, on this machine."""

    kind: Literal["none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalTable:
    """`[[line]]` with `channel = "portal"`."""

    id: str
    channel: Literal["portal"]
    base_url: str
    """The FHIR server's base."""
    auth: BackendServicesTable | BearerTable | NoAuthTable
    name: str = ""
    replies: Literal["yes", "no", "unknown"] = "unknown"
    """Whether patients can answer what is sent here, where a thread does not say so itself: `no`
    lets nothing leave, `unknown` holds it."""
    recipient: str = ""
    """Who we are there: `Organization/1`, `Practitioner/7`; without it, only our name is told."""
    test_patient: str = ""
    """A patient of our own making, `Patient/12`, who answers test messages: the line's proof."""
    page_size: int = 100
    """How many messages are asked for at once; servers may give fewer."""
    patient_query: str = ""
    """Further search parameters for what is read: `category=patient-message`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginTable:
    """`[[line]]` with `adapter = "…"`: a channel that somebody else has made."""

    id: str
    channel: Literal["email", "sms", "phone", "portal"]
    adapter: str
    """The name it is installed under; the page on adapters shows one whole."""
    address: str
    """What patients see and answer to; of a portal its web address, or a word for it."""
    name: str = ""
    options: dict[str, object] = field(default_factory=dict)
    """What the adapter wants to know. A secret is named here as everywhere, `{ env = "NAME" }`."""


LineTable = EmailTable | SmsTable | PhoneTable | PortalTable | PluginTable
"""One line; `channel` says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenTable:
    """`[screen]`: how it looks."""

    theme: str = ""
    """The name of a theme; the command palette lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTables:
    """The whole file."""

    practice: PracticeTable
    staff: tuple[StaffTable, ...]
    line: tuple[LineTable, ...]
    hours: dict[str, str | dict[str, str]] = field(default_factory=dict)
    """`mon` to `sun`, and `[hours.<line id>]` where a line differs."""
    holidays: HolidaysTable = HolidaysTable()
    closure: tuple[ClosureTable, ...] = ()
    answering_service: AnsweringServiceTable | None = None
    keys: dict[str, str] = field(default_factory=dict)
    """Command id and the key it gets instead of its own; `twoway keys` lists them."""
    screen: ScreenTable = ScreenTable()
    rules: dict[str, str] = field(default_factory=dict)
    """Rule id and `off`, `info`, `warn`, `hold` or `block`, e.g. `TW38 = "off"`; the page on the
    rules says which can be set how."""
