"""What a message needs to be read: the people and the thread it names, and its files.

Each resource is asked for once and kept for a while; those of one page are asked for together. One
that cannot be had holds its message back for a few tries, so that a passing failure loses nothing;
after that the message is stored without it, and can be asked for again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.portal.connection import Portal
from adapters.portal.page import Page, Record
from adapters.portal.payload import is_text, may_repeat, strings
from adapters.portal.resource import REFERENCE, THEIRS, moment, part, parts, reference, word
from adapters.portal.thread import LONGEST, answered, before
from adapters.portal.trouble import Forbidden
from inbox.clock import Clock
from inbox.errors import ChannelError, ConnectionLost, ServerRefused

MESSAGES = "Communication"
Step = Callable[[Any, str], str]
"""Gives the reference a message leads to, empty for none."""
KEPT = timedelta(minutes=30)
"""How long a resource is not asked for again."""
MOST_KEPT = 5000
HISTORY = 10
"""Earlier messages of which a message may repeat the words."""
MOST_WORDS = 100_000
"""Characters of a message that are kept to tell what a later one repeats."""
TRIES = 3
"""How often something that cannot be had is asked for before the message is stored without it."""
TOGETHER = 50
"""Resources asked for in one request."""
_FEW = 2
"""So few are asked for one by one."""
_FIRST = ("sender", "recipient", "subject")
_DROPPED = frozenset({"photo", "text", "contained", "note"})
_MISSING: Record = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "not-found"}],
}
_FORBIDDEN: Record = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "forbidden"}],
}
_TRANSIENT: Record = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "transient"}],
}


@dataclass(frozen=True, slots=True)
class _Kept:
    resource: Record
    at: datetime


class ContextReader:
    """Fetches and keeps what messages need to be read.

    Args:
        portal: The server.
        clock: The present moment.
    """

    def __init__(self, portal: Portal, clock: Clock) -> None:
        self._portal = portal
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._failures: dict[str, int] = {}

    def meet(self, page: Page) -> None:
        """Keep what a page holds: the messages of a thread are often on one page."""
        for one in (*page.found, *page.along):
            name = f"{word(one, 'resourceType', 64)}/{word(one, 'id', 64)}"
            if REFERENCE.match(name) is not None:
                self._keep(name, one)

    async def prepare(self, messages: Iterable[Record]) -> None:
        """Ask for everything that these messages need, together where the server can.

        Raises:
            ConnectionLost, AuthenticationFailed: try again later.
        """
        waiting = list(messages)
        asked: set[str] = set()
        for _ in range(LONGEST):
            missing: dict[str, None] = {}
            left: list[Record] = []
            for one in waiting:
                lacks = [name for name in self._wanted(one) if self._has(name) is None]
                missing.update(dict.fromkeys(name for name in lacks if name not in asked))
                left += [one] if lacks else []
            if not missing:
                return
            await self._ask_together(list(missing))
            asked.update(missing)
            waiting = left

    async def of(self, message: Record, *, last: bool = False) -> tuple[dict[str, Any], bool]:
        """What a message needs, by reference, and whether nothing more can be had by asking again.

        Args:
            message: The Communication.
            last: Take what can be had now; a person asked for it.

        Raises:
            ConnectionLost, AuthenticationFailed: try again later.
        """
        found: dict[str, Any] = {}
        complete = True
        while missing := [name for name in self._wanted(message, found) if name not in found]:
            for name in missing:
                resource = self._has(name)
                if resource is None:
                    resource = await self._one(name, last=last)
                    complete &= resource is not _TRANSIENT
                found[name] = resource
        earlier = self._history(message, found)
        if not earlier and len(strings(message)) > 1:
            earlier = await self._siblings(message)
            found.update({name: one for name in earlier if (one := self._has(name)) is not None})
        return _without_words(found, earlier), complete

    def at_hand(self, message: Record) -> dict[str, Any]:
        """What a message needs, by reference, as far as it is here; nothing is asked for."""
        wanted = {name: self._has(name) for name in self._wanted(message)}
        found = {name: one for name, one in wanted.items() if one is not None}
        return _without_words(found, self._history(message, None))

    async def resource(self, name: str) -> Record:
        """One resource, kept or asked for.

        Raises:
            ServerRefused, ConnectionLost, AuthenticationFailed: it cannot be had.
        """
        kept = self._has(name)
        if kept is not None and kept.get("resourceType") != "OperationOutcome":
            return kept
        return await self._portal.get(name)

    # ---- what is needed ----------------------------------------------------------------------

    def _wanted(self, message: Record, found: Mapping[str, Any] | None = None) -> list[str]:
        """The references a message needs, as far as what is at hand tells."""
        names: dict[str, None] = {}
        for element in _FIRST:
            for holder in parts(message, element):
                self._add_person(names, holder, found)
        names.update(dict.fromkeys(self._steps(message, before, LONGEST, found)))
        names.update(dict.fromkeys(self._history(message, found)))
        return list(names)

    def _history(self, message: Record, found: Mapping[str, Any] | None) -> list[str]:
        """What was said before a message that may repeat it, by what answers what."""
        if not may_repeat(message):
            return []
        return self._steps(message, answered, HISTORY, found)

    def _steps(
        self, message: Record, step: Step, most: int, found: Mapping[str, Any] | None
    ) -> list[str]:
        """One step after another, as far as what is at hand tells."""
        names: list[str] = []
        name = step(message, self._portal.base)
        while REFERENCE.match(name) is not None and name not in names and len(names) < most:
            names.append(name)
            known = self._at_hand(name, found)
            name = step(known, self._portal.base) if known is not None else ""
        return names

    def _add_person(
        self, names: dict[str, None], holder: Record, found: Mapping[str, Any] | None
    ) -> None:
        """Patients and proxies always, for their identifiers; others when their name is missing."""
        name = reference(holder, self._portal.base)
        match = REFERENCE.match(name)
        if match is None or (match.group(1) not in THEIRS and word(holder, "display")):
            return
        names[name] = None
        if match.group(1) == "RelatedPerson":
            behind = part(self._at_hand(name, found) or {}, "patient")
            patient = reference(behind, self._portal.base)
            if REFERENCE.match(patient) is not None:
                names[patient] = None

    def _at_hand(self, name: str, found: Mapping[str, Any] | None) -> Record | None:
        resource = found.get(name) if found is not None else None
        return resource if isinstance(resource, dict) else self._has(name)

    # ---- asking ------------------------------------------------------------------------------

    async def _ask_together(self, names: list[str]) -> None:
        """Ask for several; what the server does not give like that is asked for one by one."""
        kinds: dict[str, list[str]] = {}
        for name in names:
            kinds.setdefault(name.partition("/")[0], []).append(name)
        for kind, wanted in kinds.items():
            if len(wanted) <= _FEW:
                continue
            for at in range(0, len(wanted), TOGETHER):
                some = wanted[at : at + TOGETHER]
                ids = ",".join(name.partition("/")[2] for name in some)
                try:
                    page = await self._portal.page(kind, (("_id", ids), ("_count", str(len(some)))))
                except (ServerRefused, Forbidden, ConnectionLost):
                    # One by one it is told which of them cannot be had.
                    break
                self.meet(page)

    async def _siblings(self, message: Record) -> list[str]:
        """What else is in the thread of a message that repeats something and answers nothing.

        That it is not told costs no more than a text that is shown with its history.
        """
        head, base = before(message, self._portal.base), self._portal.base
        if not head:
            return []
        try:
            page = await self._portal.page(MESSAGES, (("part-of", head), ("_count", "50")))
        except ChannelError:
            return []
        self.meet(page)
        said = moment(message.get("sent"))
        names: list[str] = []
        for one in page.found:
            at = moment(one.get("sent")) if isinstance(one, dict) else None
            earlier = said is not None and at is not None and at.at < said.at
            if earlier and word(one, "id", 64) and before(one, base) == head:
                names.append(f"{MESSAGES}/{word(one, 'id', 64)}")
        return names[:HISTORY]

    async def _one(self, name: str, *, last: bool) -> Record:
        try:
            resource = await self._portal.get(name)
        except Forbidden:
            resource = _FORBIDDEN
        except ServerRefused:
            resource = _MISSING
        except ConnectionLost:
            self._failures[name] = self._failures.get(name, 0) + 1
            if not last and self._failures[name] < TRIES:
                raise
            return _TRANSIENT
        self._failures.pop(name, None)
        return self._keep(name, resource)

    def _keep(self, name: str, resource: Record) -> Record:
        small = _small(resource)
        self._kept[name] = _Kept(small, self._clock())
        self._kept.move_to_end(name)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return small

    def _has(self, name: str) -> Record | None:
        kept = self._kept.get(name)
        if kept is None or not timedelta(0) <= self._clock() - kept.at < KEPT:
            return None
        return kept.resource


def _without_words(found: dict[str, Any], earlier: Iterable[str]) -> dict[str, Any]:
    """Resources in order, with the words of those messages alone that may be repeated."""
    keep = set(earlier)
    return {
        name: {**one, "payload": [{}]} if name not in keep and parts(one, "payload") else one
        for name, one in sorted(found.items())
    }


def _small(resource: Record) -> Record:
    """A resource without what is not needed to read a message that names it."""
    small = {key: value for key, value in resource.items() if key not in _DROPPED}
    if resource.get("resourceType") == "Communication":
        # Its words tell what is repeated; its files and its versions are its own affair.
        small.pop("meta", None)
        if parts(resource, "payload"):
            small["payload"] = [_words(payload) for payload in parts(resource, "payload")]
    return small


def _words(payload: Record) -> Record:
    """A payload, if it holds words; else an empty one, so that it is no header."""
    string = payload.get("contentString")
    if isinstance(string, str) and len(string) <= MOST_WORDS:
        return {"contentString": string}
    attachment = part(payload, "contentAttachment")
    if is_text(attachment) and len(attachment["data"]) <= MOST_WORDS:
        return {"contentAttachment": attachment}
    return {}
