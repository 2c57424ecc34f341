"""One tree of errors; each is one sentence a receptionist understands and one hint.

TwowayError
├── ConfigurationError        the configuration file or the command line is wrong
├── StoreError                the disk: full, read-only, locked, unreadable
│   ├── DatabaseTooNew        made by a later version of Twoway
│   └── NotFound              no such conversation, message, patient
├── ChannelError              the outside world
│   ├── ConnectionLost        the line dropped or could not be reached; trying again helps
│   ├── AuthenticationFailed  the server did not take the name or the password
│   ├── TlsRefused            the connection cannot be made private
│   ├── ServerRefused         the server said no, in words
│   ├── NotSent               certain: the message did not leave
│   └── OutcomeUnknown        the message may or may not have left
├── NoReplyPath               no line can send this so that it can be answered
├── Held                      the gate wants a reason
├── Blocked                   the gate says no
├── FormRefused               a privacy form contradicts itself
└── Stale                     somebody else changed it meanwhile
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox.finding import Finding


class TwowayError(Exception):
    """Base of every error that is shown to a person.

    The sentence and the hint never hold message text, names of patients or secrets: they are shown,
    logged and printed by scripts.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        """Make an error of one `sentence` (what happened) and one `hint` (what to do)."""
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        """The sentence, then the hint."""
        return f"{self.sentence} {self.hint}".strip()


class ConfigurationError(TwowayError):
    """The configuration or the command line cannot be used as it is."""


class StoreError(TwowayError):
    """The data folder cannot be read or written."""


class DatabaseTooNew(StoreError):
    """The database was written by a later version of Twoway."""


class NotFound(StoreError):
    """What was asked for is not stored here."""


class ChannelError(TwowayError):
    """Something between us and a server went wrong."""


class ConnectionLost(ChannelError):
    """The connection dropped, timed out or could not be made; trying again may help."""


class AuthenticationFailed(ChannelError):
    """The server refused the user name or the password."""


class TlsRefused(ChannelError):
    """The connection cannot be made private, so nothing was sent over it."""


class ServerRefused(ChannelError):
    """The server answered, and the answer was no."""


class NotSent(ChannelError):
    """Certain: the message did not leave; it may be tried again.

    Attributes say why, so that the outbox can act: `temporary` (4xx, no connection: try later by
    itself), `sender_refused` (the server does not take our address: the line's reply path fails at
    once), `recipients` (addresses the server refused) and `stopped` (they told the provider to stop
    messages from us).
    """

    def __init__(
        self,
        sentence: str,
        hint: str = "",
        *,
        temporary: bool = False,
        sender_refused: bool = False,
        recipients: tuple[str, ...] = (),
        stopped: bool = False,
    ) -> None:
        """Make the error; see the class for what the flags mean."""
        super().__init__(sentence, hint)
        self.temporary = temporary
        self.sender_refused = sender_refused
        self.recipients = recipients
        self.stopped = stopped


class OutcomeUnknown(ChannelError):
    """The message was being handed over when the connection broke: it may or may not have left."""


class NoReplyPath(TwowayError):
    """No line of the practice can send this in a way the patient could answer."""


class Refused(TwowayError):
    """The gate does not let a message leave as it is."""

    def __init__(self, sentence: str, hint: str, findings: tuple[Finding, ...]) -> None:
        """Carry the `findings` that speak against sending, the most severe first."""
        super().__init__(sentence, hint)
        self.findings = findings


class Held(Refused):
    """A person may send it all the same, with a reason."""


class Blocked(Refused):
    """Nobody can send it as it is; the findings name the way out."""


class FormRefused(TwowayError):
    """A privacy form cannot be kept as it is; `problems` names each reason with its way out."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        """Carry every (sentence, hint), the first of which is the error's own."""
        super().__init__(*problems[0])
        self.problems = problems


class Stale(TwowayError):
    """Somebody else changed it meanwhile; look again and decide."""
