"""Patients who read the portal: they answer there, for themselves or for their child."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from demo.portal.holdings import Held, Resource
from demo.portal.moment import instant
from demo.portal.problem import Problem
from demo.portal.render import CAN_REPLY, Words, communication, header
from demo.portal.search import references
from demo.portal.server import PortalServer

PATIENTS = ("Patient/", "RelatedPerson/")
"""Whose words are not the practice's."""
CLOSED = frozenset({"completed", "stopped", "entered-in-error"})
"""A header with one of these takes no more answers."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing a person may write back."""

    on: re.Pattern[str]
    """Said when this is found in what the practice wrote."""
    say: str
    """The words."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with an account."""

    reference: str
    """`Patient/1011`, or `RelatedPerson/9` for who writes for somebody else."""
    about: str
    """The patient; the same reference for whoever writes for themselves."""
    name: str = ""
    """What the portal calls them."""
    replies: tuple[Reply, ...] = ()
    """What they may say, tried in order, each once."""
    turns: int = 2
    """How many times they answer in one thread."""
    reads: bool = True
    """They look at what they get; without it nothing that is sent to them gets any further."""
    repeats: bool = False
    """Below what they write the portal repeats what it answers."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that comes unasked."""

    after: float
    """Seconds after the start."""
    sender: str
    """Who writes, by reference."""
    say: str
    """The words."""
    topic: str = ""
    """Of a new thread; empty: the words go into `thread`."""
    thread: str = ""
    """The header's reference, `Communication/h1`."""


@dataclass(slots=True)
class _Talk:
    """One person's side of one thread."""

    turns: int = 0
    said: set[str] = field(default_factory=set)


class Readers:
    """People living beside a portal.

    Args:
        server: the portal.
        people: who they are and what they say.
        practice: where they write when they begin, by reference.
        names: what everybody is called, by reference.
        common: replies for whoever has none that fits.
        events: what comes unasked.
        seed: makes delays repeat from run to run.
        delay: least and greatest number of seconds before they answer; ``(0, 0)`` in tests.
    """

    def __init__(
        self,
        server: PortalServer,
        people: Iterable[Reader],
        *,
        practice: str,
        names: Mapping[str, str] | None = None,
        common: Iterable[Reply] = (),
        events: Iterable[Event] = (),
        seed: int = 1,
        delay: tuple[float, float] = (1.0, 4.0),
    ) -> None:
        self.answered = 0
        """How many answers were given so far."""
        self.lost: list[tuple[str, str]] = []
        """What people would have answered where the portal does not let them: who, and what."""
        self._server = server
        self._people = {person.reference: person for person in people}
        self._practice = practice
        self._names = {**(names or {})}
        self._names.update({one.reference: one.name for one in self._people.values() if one.name})
        self._common = tuple(common)
        self._events = tuple(events)
        self._random = random.Random(seed)
        self._delay = delay
        self._talks: dict[tuple[str, str], _Talk] = {}
        self._read: set[str] = set()

    def move_in(self) -> None:
        """Have everybody watch their inbox."""
        self._server.holdings.listen(self._look)

    def begin(self) -> None:
        """Start the clock for what comes unasked."""
        self._server.thread.soon(self._schedule)

    def write(self, person: str, say: str, *, topic: str = "", thread: str = "") -> Held:
        """Let somebody write, from any thread.

        Args:
            person: their reference.
            say: the words.
            topic: of a new thread.
            thread: the header of one that is there.

        Returns:
            The message.
        """
        holdings, writer = self._server.holdings, self._people[person]
        with holdings.lock:
            if not thread:
                parties = (writer.reference, self._practice)
                made = header(topic, writer.about, parties, self._names, can_reply=None)
                thread = holdings.add(made).reference
            words = Words(
                say, person, (self._practice,), writer.about, thread=thread, names=self._names
            )
            return holdings.add(communication(words, holdings.now))

    # ---- on the server's loop ----------------------------------------------------------------

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        for event in self._events:
            loop.call_later(event.after, self._happen, event)

    def _happen(self, event: Event) -> None:
        self.write(event.sender, event.say, topic=event.topic, thread=event.thread)

    def _look(self, held: Held) -> None:
        if held.kind != "Communication" or held.reference in self._read:
            return
        message = held.resource
        # A header says nothing, and what they wrote themselves is no news.
        if not message.get("payload") or _of_patients(message):
            return
        reader = next((one for one in self._to(message) if one.reads), None)
        if reader is None:
            return
        self._read.add(held.reference)
        wait = self._random.uniform(*self._delay)
        self._server.thread.soon(
            lambda: asyncio.get_running_loop().call_later(wait, self._open, reader, held)
        )

    def _open(self, reader: Reader, held: Held) -> None:
        """They look at a message, and answer."""
        holdings = self._server.holdings
        with holdings.lock:
            if held.now.resource is None or held.resource["status"] == "entered-in-error":
                return
            message = held.resource
            at = instant(holdings.now)
            holdings.change(held.reference, {**message, "status": "completed", "received": at})
            thread = next(iter(references(message, "partOf", self._server.base_url)), "")
            say = self._choose(reader, thread or held.reference, _said(message))
            if say is None:
                return
            if not self._takes_answers(thread):
                self.lost.append((reader.reference, say))
                return
            sender = message.get("sender", {}).get("reference", self._practice)
            words = Words(
                say,
                reader.reference,
                (sender,),
                reader.about,
                thread=thread,
                answers=held.reference,
                again=(_said(message),) if reader.repeats else (),
                names=self._names,
            )
            holdings.add(communication(words, holdings.now))
            self.answered += 1

    def _to(self, message: Resource) -> list[Reader]:
        names = references(message, "recipient", self._server.base_url)
        return [self._people[one] for one in names if one in self._people]

    def _choose(self, reader: Reader, thread: str, text: str) -> str | None:
        talk = self._talks.setdefault((reader.reference, thread), _Talk())
        if talk.turns >= reader.turns:
            return None
        for reply in (*reader.replies, *self._common):
            if reply.say not in talk.said and reply.on.search(text):
                talk.turns += 1
                talk.said.add(reply.say)
                return reply.say
        return None

    def _takes_answers(self, thread: str) -> bool:
        if not thread:
            return True
        try:
            found = self._server.holdings.resource(thread)
        except Problem:
            return True
        if found["status"] in CLOSED:
            return False
        told = [one for one in found.get("extension", []) if one["url"] == CAN_REPLY]
        return all(one.get("valueBoolean", True) for one in told)


def _of_patients(message: Resource) -> bool:
    return str(message.get("sender", {}).get("reference", "")).startswith(PATIENTS)


def _said(message: Resource) -> str:
    return "\n".join(str(one.get("contentString", "")) for one in message.get("payload", []))
