"""Patients with telephones: they text back, call, leave voicemails, and tell us to stop."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from demo.twilio.record import Text
from demo.twilio.server import TwilioServer


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing a person may text back."""

    on: re.Pattern[str]
    """Said when this is found in what the practice wrote."""
    say: str
    """The words; `STOP` opts them out."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a telephone."""

    number: str
    """E.164."""
    name: str = ""
    """For the reader of the script."""
    replies: tuple[Reply, ...] = ()
    """What they may say, tried in order, each once."""
    turns: int = 2
    """How many times they answer."""
    calls: bool = False
    """They call instead of texting back, and leave what they have to say as a voicemail."""
    landline: bool = False
    """Their telephone takes no texts."""
    fails_with: int | None = None
    """Texts to them end undelivered with this code."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that comes unasked."""

    after: float
    """Seconds after the start."""
    sender: str
    """Their number."""
    to: str
    """Ours."""
    say: str = ""
    """The words of a text, or of a voicemail; empty for a call without one."""
    call: bool = False
    """They call."""
    seconds: int = 20
    """How long their voicemail is."""


@dataclass(slots=True)
class _Talk:
    """One person's side of the texts with one number of ours."""

    turns: int = 0
    said: set[str] = field(default_factory=set)


class Holders:
    """People living beside a Twilio account.

    Args:
        server: the account; it must be started.
        people: who they are and what they say.
        common: replies for whoever has none that fits.
        events: what comes unasked.
        voice: the number they call; empty: the one that texted them.
        seed: makes delays repeat from run to run.
        delay: least and greatest number of seconds before an answer; ``(0, 0)`` in tests.
    """

    def __init__(
        self,
        server: TwilioServer,
        people: Iterable[Holder],
        *,
        common: Iterable[Reply] = (),
        events: Iterable[Event] = (),
        voice: str = "",
        seed: int = 1,
        delay: tuple[float, float] = (1.0, 4.0),
    ) -> None:
        self.answered = 0
        """How many answers were given so far."""
        self._server = server
        self._people = {person.number: person for person in people}
        self._common = tuple(common)
        self._events = tuple(events)
        self._voice = voice
        self._random = random.Random(seed)
        self._delay = delay
        self._talks: dict[tuple[str, str], _Talk] = {}

    def move_in(self) -> None:
        """Give everybody a telephone and have them watch it."""
        for person in self._people.values():
            phone = self._server.account.phone(person.number)
            phone.landline, phone.fails_with = person.landline, person.fails_with
            self._server.account.listen(person.number, self._read)

    def begin(self) -> None:
        """Start the clock for what comes unasked."""
        self._server.thread.soon(self._schedule)

    # ---- on the server's loop ----------------------------------------------------------------

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        for event in self._events:
            loop.call_later(event.after, self._happen, event)

    def _happen(self, event: Event) -> None:
        account = self._server.account
        if not event.call:
            account.receive(event.sender, event.to, event.say)
        else:
            self._ring(event.sender, event.to, event.say, event.seconds)

    def _read(self, text: Text) -> None:
        person = self._people[text.to]
        words = self._choose(person, text)
        if words is None:
            return
        wait = self._random.uniform(*self._delay)

        def answer() -> None:
            if person.calls:
                self._ring(person.number, self._voice or text.sender, words, 20)
            else:
                self._server.account.receive(person.number, text.sender, words)
            self.answered += 1

        self._server.thread.soon(lambda: asyncio.get_running_loop().call_later(wait, answer))

    def _choose(self, person: Holder, text: Text) -> str | None:
        talk = self._talks.setdefault((person.number, text.sender), _Talk())
        if talk.turns >= person.turns:
            return None
        for reply in (*person.replies, *self._common):
            if reply.say not in talk.said and reply.on.search(text.body):
                talk.turns += 1
                talk.said.add(reply.say)
                return reply.say
        return None

    def _ring(self, sender: str, to: str, say: str, seconds: int) -> None:
        # What is told of a call is told once it is over, so it began a little while ago.
        self._server.account.call_in(
            sender,
            to,
            rings=15,
            voicemail=seconds if say else 0,
            said=say or None,
            ago=timedelta(seconds=15 + seconds),
        )
