"""Lakeside Family Practice on the telephone: its numbers, and the people who text and call."""

from __future__ import annotations

import re
from datetime import timedelta
from types import TracebackType
from typing import Self

from demo.loop import LoopThread
from demo.twilio.account import Account, Clock
from demo.twilio.people import Event, Holder, Holders, Reply
from demo.twilio.record import Number, Service
from demo.twilio.server import TwilioServer

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

ROSA, JOSE, MARCUS, HAROLD = "+15550107811", "+15550107830", "+15550107834", "+15550107838"
WALTER, JASMINE, TAMIKA = "+15550107842", "+15550107844", "+15550107862"
STRANGER = "+15550107899"

PEOPLE = (
    Holder(
        ROSA,
        "Rosa Jimenez; her husband Luis has the same telephone",
        (
            Reply(re.compile(r"(?i)fri|mon|tue|\d{1,2}:\d\d"), "Perfect, see you then 🙂"),
            Reply(re.compile(r"\?"), "Yes please"),
            Reply(re.compile("."), "Thank you! Rosa"),
        ),
        turns=3,
    ),
    Holder(JOSE, "José Peña Ortiz", (Reply(re.compile("."), "¡Gracias! Ahí estaré mañana."),)),
    Holder(
        MARCUS,
        "Marcus Bell, who would rather call",
        (Reply(re.compile("."), "Marcus Bell here. I got your text, please call me back."),),
        calls=True,
    ),
    Holder(JASMINE, "Jasmine Carter, who has had enough", (Reply(re.compile("."), "STOP"),)),
    Holder(TAMIKA, "Tamika Johnson, whose telephone is off", fails_with=30003),
    Holder(WALTER, "Walter Lindqvist, at a landline", landline=True),
    Holder(HAROLD, "Harold Finch, at a landline", landline=True),
)
"""Who has a telephone; the numbers are those of the sample patients."""

COMMON = (Reply(re.compile("."), "Ok, thanks"),)
"""What everybody else texts back."""

EVENTS = (
    Event(20, ROSA, TEXTS, "Running 10 min late for Luis, is that ok?"),
    Event(
        60,
        HAROLD,
        MAIN,
        "This is Harold Finch. The new pills make me dizzy, please call me before five.",
        call=True,
    ),
    Event(100, STRANGER, TEXTS, "Who is this? I think you have the wrong number"),
)
"""What comes unasked."""


class Telephone:
    """The practice's numbers on this machine, with what has come in and people who answer.

    A context manager.

    Args:
        clock: the world's time.
        seed: makes delays repeat from run to run.
        quick: people answer at once instead of after one to four seconds.
        quiet: nothing comes unasked.
        thread: a running loop to share with other servers; by default it has its own.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 1,
        quick: bool = False,
        quiet: bool = False,
        thread: LoopThread | None = None,
    ) -> None:
        self.server = TwilioServer(clock=clock, thread=thread)
        """The account."""
        furnish(self.server.account)
        delay = (0.0, 0.0) if quick else (1.0, 4.0)
        self.holders = Holders(
            self.server, PEOPLE, common=COMMON, events=EVENTS, voice=MAIN, seed=seed, delay=delay
        )
        """Who answers."""
        self._quiet = quiet

    def start(self) -> Self:
        """Start the account with what has come in so far; returns when clients can connect."""
        self.server.start()
        fill(self.server.account)
        self.holders.move_in()
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


def fill(account: Account) -> None:
    """Let things have come in before anybody looked."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    account.receive(JOSE, TEXTS, "Buenos días, ¿tengo que venir en ayunas el jueves?", ago=2 * day)
    account.receive(ROSA, TEXTS, "Can I move Thursday's visit?", ago=3 * hour)
    account.receive(
        JASMINE, TEXTS, "Is this rash normal? See the picture", files=[_PICTURE], ago=2 * hour
    )
    account.call_in(MARCUS, MAIN, dialled=DESK, talks=140, ago=day)
    account.call_in(WALTER, MAIN, dialled=DESK, rings=25, ago=5 * hour)
    account.call_in(
        HAROLD,
        MAIN,
        dialled=DESK,
        voicemail=24,
        said="Harold Finch speaking. It is about my blood pressure. I am at home all day.",
        ago=4 * hour,
    )


_PICTURE = (
    "image/gif",
    bytes.fromhex("47494638396101000100800000ff9999ffffff2c00000000010001000002024401003b"),
)
"""A picture of one pink dot."""
