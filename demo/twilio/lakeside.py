"""Lakeside Family Practice on the telephone: its numbers, and the people who text and call."""

from __future__ import annotations

import socket
import struct
import zlib
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from demo.loop import LoopThread
from demo.twilio.account import Account, Clock
from demo.twilio.people import Holders
from demo.twilio.record import Number, Service
from demo.twilio.script import Past, Telephones, sample_telephones
from demo.twilio.server import AUTH_TOKEN, TwilioServer

TEXTS = "+15550107788"
"""The number patients text."""
MAIN = "+15550107700"
"""The number patients call; it takes no texts."""
SECOND = "+15550107789"
"""A second text number, from which a round trip to the first one can be made."""
DEAD = "+15550107766"
"""A number in a Messaging Service that throws away what patients text back."""
DESK = "+15550107701"
"""Dana's direct line, which rings when somebody calls the main number."""
VOICEMAIL = "https://handler.twilio.example/voicemail"
"""What picks up on the main number."""


class Telephone:
    """The practice's numbers on this machine, with what has come in and people who answer.

    A context manager.

    Args:
        clock: the world's time.
        seed: makes delays repeat from run to run.
        quick: people answer at once instead of after one to four seconds.
        quiet: nothing comes unasked.
        thread: a running loop to share with other servers; by default it has its own.
        listener: a socket that listens already; by default the server opens one.
        token: what the account logs in with.
        script: who has a telephone and what they do; by default the sample's.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 1,
        quick: bool = False,
        quiet: bool = False,
        thread: LoopThread | None = None,
        listener: socket.socket | None = None,
        token: str = AUTH_TOKEN,
        script: Telephones | None = None,
    ) -> None:
        self.server = TwilioServer(clock=clock, thread=thread, listener=listener)
        """The account."""
        self.server.account.secrets[self.server.account.sid] = token
        furnish(self.server.account)
        self._script = script or sample_telephones()
        self.holders = Holders(
            self.server,
            self._script.people,
            common=self._script.common,
            events=self._script.events,
            voice=MAIN,
            seed=seed,
            delay=(0.0, 0.0) if quick else (1.0, 4.0),
        )
        """Who answers."""
        self._quiet = quiet

    def start(self) -> Self:
        """Start the account with what has come in so far; returns when clients can connect."""
        # Clients may be waiting already: nobody is to see the account half filled.
        fill(self.server.account, self._script.past)
        self.holders.move_in()
        self.server.start()
        if not self._quiet:
            self.holders.begin()
        return self

    def stop(self) -> None:
        """Stop it."""
        self.server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def furnish(account: Account) -> None:
    """Give an account the practice's numbers and its dead Messaging Service."""
    account.add_number(Number(TEXTS))
    account.add_number(Number(SECOND))
    account.add_number(Number(MAIN, sms=False, voice_url=VOICEMAIL))
    account.add_number(Number(DEAD))
    account.add_service(Service("Front desk", [TEXTS], use_inbound_webhook_on_number=True))
    account.add_service(Service("Old reminders", [DEAD]))


def fill(account: Account, past: Iterable[Past]) -> None:
    """Let things have come in before anybody looked."""
    for one in past:
        if one.happened == "text":
            files = [_picture()] if one.picture else []
            account.receive(one.sender, one.to, one.say, files=files, ago=one.ago)
        elif one.happened == "answered":
            account.call_in(one.sender, one.to, dialled=DESK, talks=one.seconds, ago=one.ago)
        elif one.happened == "missed":
            account.call_in(one.sender, one.to, dialled=DESK, rings=one.seconds, ago=one.ago)
        else:
            account.call_in(
                one.sender,
                one.to,
                dialled=DESK,
                voicemail=one.seconds,
                said=one.say or None,
                ago=one.ago,
            )


def _picture() -> tuple[str, bytes]:
    """A photograph, nearly: skin with red spots, 96 by 72 dots (PNG, ISO/IEC 15948)."""
    wide, high = 96, 72
    spots = ((20, 18, 7), (48, 30, 11), (70, 52, 8), (30, 54, 5), (80, 14, 4))
    rows = bytearray()
    for y in range(high):
        rows.append(0)
        for x in range(wide):
            red = any((x - left) ** 2 + (y - top) ** 2 < size**2 for left, top, size in spots)
            rows += b"\xd6\x5a\x5a" if red else b"\xf0\xc8\xaa"

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    return "image/png", b"\x89PNG\r\n\x1a\n" + data
