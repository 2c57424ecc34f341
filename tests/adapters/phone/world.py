"""The Twilio world that the phone channels are tested against: a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from types import TracebackType
from typing import Self

from adapters.phone.settings import TwilioSettings
from adapters.phone.sms import SmsChannel
from adapters.phone.voice import VoiceChannel
from demo.twilio.fault import Fault
from demo.twilio.record import Number, Service
from demo.twilio.server import ACCOUNT_SID, AUTH_TOKEN, TwilioServer
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.line import Line
from tests.adapters.handle import Failure, Taken
from tests.clock import FakeClock

LINE = Line("texts", ChannelKind.SMS, "+15550107788", "Lakeside texts")
VOICE = Line("main-phone", ChannelKind.PHONE, "+15550107700", "Lakeside")
DESK = "+15550107701"
"""The phone of ours that rings first when we call."""
ROSA = "+15550100101"

_FAULTS = {
    Failure.REFUSES: Fault("status", "POST", status=400, code=21211),
    # A request that was turned away for its number is the one that is certain not to have been
    # taken; a connection that is refused is tested by itself.
    Failure.LOST_BEFORE: Fault("status", "POST", status=429, code=20429),
    Failure.LOST_UNTAKEN: Fault("drop", "POST"),
    Failure.LOST_TAKEN: Fault("drop", "POST", accept=True),
}


class PhoneHandle:
    """A test's hand on a Twilio account with one text number of ours; a context manager."""

    def __init__(self, clock: FakeClock) -> None:
        self.line = LINE
        self.patient = Address(AddressSystem.PHONE, ROSA)
        self.clock = clock
        self.server = TwilioServer(clock=clock)
        self.delivered: list[str] = []
        """The SIDs of what was delivered, in order."""
        self.account = self.server.account
        self.account.add_number(Number(LINE.address, voice_url="https://twilio.example/vm"))

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.stop()
        assert self.server.thread.failures == []

    def settings(
        self,
        *,
        secret: str = AUTH_TOKEN,
        user: str = "",
        account_sid: str = ACCOUNT_SID,
        read_timeout: float = 5.0,
        validity: int | None = None,
    ) -> TwilioSettings:
        """Settings that lead to the server."""
        return TwilioSettings(
            account_sid,
            lambda: secret,
            user,
            self.server.base_url,
            poll=0.2,
            validity=validity,
            connect_timeout=2.0,
            read_timeout=read_timeout,
        )

    def channel(self, settings: TwilioSettings | None = None, line: Line = LINE) -> SmsChannel:
        """A channel to the account."""
        return SmsChannel(line, settings or self.settings(), self.clock)

    def add_service(self, **more: object) -> Service:
        """Put the line's number into a Messaging Service."""
        service = Service("reminders", [LINE.address])
        for name, value in more.items():
            setattr(service, name, value)
        return self.account.add_service(service)

    def asked(self, what: str = "") -> int:
        """How many requests for such a path came in."""
        return sum(what in one.path for one in self.server.seen)

    # ---- tests.adapters.handle.ServerHandle --------------------------------------------------

    def deliver(self, text: str) -> str:
        arrived = self.account.receive(ROSA, LINE.address, text)
        assert arrived is not None
        self.delivered.append(arrived.sid)
        return arrived.sid

    def put(self, content: bytes) -> str:
        return self.deliver(content.decode("utf-8", "surrogateescape"))

    def expunge(self, items: Iterable[str]) -> None:
        self.account.remove_texts(items)

    def renumber(self) -> None:
        """There is no such thing: a SID is given once."""

    def drop(self) -> None:
        self.server.drop()

    def restore(self) -> None:
        self.server.restore()

    def fail(self, failure: Failure) -> None:
        fault = _FAULTS[failure]
        self.server.fail(
            Fault(fault.kind, fault.method, "", fault.accept, fault.status, fault.code)
        )

    def taken(self) -> list[Taken]:
        return [
            Taken(text.sender, (text.to,), None)
            for text in self.account.texts
            if text.direction == "outbound-api"
        ]

    def reveal(self) -> None:
        """What was taken can be listed at once."""


class VoiceHandle(PhoneHandle):
    """A test's hand on a Twilio account with one voice number of ours; a context manager."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.line = VOICE
        self.account.add_number(
            Number(VOICE.address, sms=False, voice_url="https://twilio.example/vm")
        )

    def voice(self, settings: TwilioSettings | None = None) -> VoiceChannel:
        """A channel to the account."""
        return VoiceChannel(VOICE, settings or self.settings(), self.clock, desk=DESK)

    def deliver(self, text: str) -> str:
        """A voicemail of an hour ago, and what the machine understood of it."""
        call = self.account.call_in(
            ROSA, VOICE.address, voicemail=20, said=text or " ", ago=timedelta(hours=1)
        )
        self.delivered.append(call.sid)
        return call.sid

    def expunge(self, items: Iterable[str]) -> None:
        gone = set(items)
        self.account.calls = [one for one in self.account.calls if one.sid not in gone]

    def taken(self) -> list[Taken]:
        return [
            Taken(one.sender, (one.to,), None)
            for one in self.account.calls
            if one.direction == "outbound-dial"
        ]
