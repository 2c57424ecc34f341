"""What the account holds: numbers, services, texts, calls, recordings, transcriptions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Leg = Literal["answers", "busy", "no-answer", "voicemail"]
"""What a telephone does when it rings."""


def sid(prefix: str, *parts: object) -> str:
    """An identifier as Twilio makes them: two letters and 32 hex digits.

    Args:
        prefix: `SM`, `MM`, `ME`, `CA`, `RE`, `TR`, `PN`, `MG`, ...
        parts: what makes it different from others; the same parts give the same SID.
    """
    digest = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()
    return prefix + digest[:32]


@dataclass(slots=True)
class Phone:
    """A telephone in the outside world, and what its network does."""

    number: str
    """E.164."""
    landline: bool = False
    """It takes no texts, and the API says so at once (21614)."""
    fails_with: int | None = None
    """Texts to it end `undelivered` with this code: 30003, 30005, 30006, 30007."""
    receipts: bool = True
    """Its network reports deliveries; otherwise texts stay `sent`."""
    leg: Leg = "answers"
    """What it does when it is called."""
    talks: int = 40
    """Seconds it stays in a call it answers."""


@dataclass(slots=True)
class Number:
    """A number of the account."""

    phone_number: str
    """E.164."""
    sms: bool = True
    voice: bool = True
    sms_url: str = ""
    voice_url: str | None = None
    type: str = "local"
    """`local`, `toll-free` or `mobile`."""
    status: str = "in-use"

    @property
    def sid(self) -> str:
        """`PN...`."""
        return sid("PN", self.phone_number)


@dataclass(slots=True)
class Service:
    """A Messaging Service: numbers that send together, and where their inbound texts go."""

    name: str
    numbers: list[str] = field(default_factory=list)
    inbound_request_url: str | None = None
    use_inbound_webhook_on_number: bool = False
    registered: bool = True
    """`us_app_to_person_registered`."""
    campaign: str | None = "VERIFIED"
    """`campaign_status` of its one 10DLC campaign; None when there is none."""

    @property
    def sid(self) -> str:
        """`MG...`."""
        return sid("MG", self.name)

    @property
    def dead(self) -> bool:
        """Whether what patients text to its numbers is neither logged nor delivered."""
        return not self.inbound_request_url and not self.use_inbound_webhook_on_number


@dataclass(slots=True)
class File:
    """A picture or a document of a text."""

    sid: str
    content_type: str
    content: bytes
    created: datetime
    hosted: str | None = None
    """`far`: kept by another host, to which the API redirects."""


@dataclass(slots=True)
class Text:
    """One text message."""

    sid: str
    direction: str
    """`inbound`, `outbound-api` or `outbound-reply`."""
    sender: str
    to: str
    body: str
    created: datetime
    indexed: datetime
    """From when on lists show it."""
    status: str
    sent: datetime | None = None
    updated: datetime | None = None
    error_code: int | None = None
    service_sid: str | None = None
    files: list[File] = field(default_factory=list)
    segments: int = 1
    fate: str = "delivered"
    """What it will end as: `delivered`, `undelivered` or `sent`."""
    fate_code: int | None = None
    more: dict[str, Any] = field(default_factory=dict)
    """Fields that replace or add to what the API shows of it."""


@dataclass(slots=True)
class Call:
    """One leg of a call."""

    sid: str
    direction: str
    """`inbound`, `outbound-api` or `outbound-dial`."""
    sender: str
    to: str
    created: datetime
    steps: list[tuple[datetime, str]]
    """When it turns into what: `queued`, `ringing`, `in-progress`, `completed`, `busy`, ..."""
    parent: str | None = None
    indexed: datetime | None = None
    """From when on lists show it; None: at once."""
    more: dict[str, Any] = field(default_factory=dict)
    """Fields that replace or add to what the API shows of it."""

    def status(self, now: datetime) -> str:
        """What it is at a moment."""
        past = [status for at, status in self.steps if at <= now]
        return past[-1] if past else "queued"

    def moment(self, status: str, now: datetime) -> datetime | None:
        """When it turned into a status, if it has."""
        return next((at for at, name in self.steps if name == status and at <= now), None)

    def ended(self, now: datetime) -> datetime | None:
        """When it was over; None while it goes on."""
        final = {"completed", "busy", "no-answer", "failed", "canceled"}
        return next((at for at, name in self.steps if name in final and at <= now), None)


@dataclass(slots=True)
class Recording:
    """What was recorded of a call."""

    sid: str
    call_sid: str
    source: str
    """`RecordVerb`, `DialVerb`, ..."""
    created: datetime
    seconds: int
    ready: datetime
    """From when on it is `completed` and listed."""


@dataclass(slots=True)
class Transcription:
    """What a machine understood of a recording."""

    sid: str
    recording_sid: str
    created: datetime
    text: str
    status: str
    ready: datetime
    """From when on it is more than `in-progress`."""


SENDING_AFTER = timedelta(seconds=1)
SENT_AFTER = timedelta(seconds=2)
ENDED_AFTER = timedelta(seconds=4)
