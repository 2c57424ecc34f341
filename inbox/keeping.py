"""Keeping promises: which stand, who is to be told, what a draft promises, what runs out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from inbox.clock import Clock
from inbox.errors import NotFound, TwowayError
from inbox.outgoing import Draft
from inbox.practice import Practice, StaffMember
from inbox.promise import (
    EVERYBODYS_AFTER,
    DraftPromise,
    NewPromise,
    Promise,
    PromiseKind,
    PromiseState,
    Said,
)
from inbox.repository import OutboxRow, Repository
from inbox.words import promise_words

_MOST: Final = 200


class Promises:
    """What a staff member does about promises; reached as `Desk.promises`."""

    def __init__(
        self, repository: Repository, practice: Practice, clock: Clock, member: StaffMember
    ) -> None:
        """Work on `repository` as `member`."""
        self._repository = repository
        self._practice = practice
        self._clock = clock
        self._member = member

    # ------------------------------------------------------------ looking

    async def live(self, limit: int = _MOST) -> list[Promise]:
        """Those that somebody still has to see to, the soonest due first."""
        return await self._repository.promises.live(self._clock(), limit)

    async def latest(
        self, limit: int = _MOST, state: PromiseState | None = None, *, mine: bool = False
    ) -> list[Promise]:
        """All, the newest first.

        Args:
            limit: At most so many of those that are wanted.
            state: Only those that stand so now.
            mine: Only those that this person has to see to.
        """
        now, before = self._clock(), None
        wanted: list[Promise] = []
        while len(wanted) < limit:
            page = await self._repository.promises.latest(_MOST, before)
            wanted += [
                one
                for one in page
                if state in {None, one.state(now)} and (not mine or self.concerns(one))
            ]
            if len(page) < _MOST:
                break
            before = page[-1].id
        return wanted[:limit]

    async def of_conversation(self, conversation_id: int) -> list[Promise]:
        """Those made in a conversation, the newest first."""
        return await self._repository.promises.of_conversation(conversation_id)

    def concerns(self, promise: Promise) -> bool:
        """Whether it is this person who has to see to it."""
        return promise.owner == self._member.id or promise.everybodys_at is not None

    # ------------------------------------------------------------ by hand

    async def add(
        self,
        conversation_id: int,
        kind: PromiseKind,
        due: datetime,
        *,
        owner: str = "",
        said: str = "",
    ) -> Promise:
        """Keep a promise that was made by other means than a message of ours.

        Args:
            conversation_id: Where it belongs.
            kind: What was promised.
            due: Until when (aware).
            owner: Who keeps it; this person when empty.
            said: The words, when they are known.

        Raises:
            NotFound: no such conversation or staff member.
            TwowayError: the time is over.
        """
        now = self._clock()
        owner = owner or self._member.id
        if self._practice.member(owner) is None:
            raise NotFound(f"There is no staff member “{owner}”.")
        if due <= now:
            raise TwowayError("That time is over already.", "Give a time ahead.")
        promise = await self._repository.promises.add(
            NewPromise(conversation_id, None, owner, kind, said, due, now)
        )
        await self._log("promise", promise, "by hand")
        return promise

    async def withdraw(self, promise_id: int, because: str) -> Promise:
        """Close a promise that is not kept, with a reason.

        Raises:
            NotFound, Stale.
            TwowayError: no reason was given.
        """
        if not because.strip():
            raise TwowayError("A promise is withdrawn with a reason only.", "Say why.")
        promise = await self._repository.promises.withdraw(
            promise_id, self._clock(), self._member.id, because.strip()
        )
        await self._log("withdraw promise", promise, because.strip())
        return promise

    async def check_closing(self, conversation_id: int) -> None:
        """Let no conversation be closed while a promise made in it stands.

        Raises:
            TwowayError: one stands.
        """
        now = self._clock()
        for promise in await self.of_conversation(conversation_id):
            if promise.state(now).is_live:
                raise TwowayError(
                    f"It cannot be closed: {self.words(promise)}.",
                    "Answer it, or withdraw the promise with a reason.",
                )

    # ------------------------------------------------------------ what a draft promises

    def unconfirmed(self, draft: Draft) -> tuple[Said, ...]:
        """Promises in a draft's text that nobody has said yes or no to; none that is over."""
        if draft.automatic:
            return ()
        at = self._leaves_at(draft)
        settled = {*draft.not_promised, *(one.said for one in draft.promises)}
        return tuple(
            found
            for found in self._found(draft, at)
            if found.due > at and found.said not in settled
        )

    def confirmed(self, draft: Draft) -> Draft:
        """The draft with all it promises: what stands in its text unless it was declined.

        What was confirmed and is not in the text any more is left out. What is over when it leaves
        stays, so that the gate can tell.
        """
        at = self._leaves_at(draft)
        if draft.promises:
            said = {one.said for one in self._found(draft, at)}
            stands = [one for one in draft.promises if not one.said or one.said in said]
        else:
            stands = []
        stands += [DraftPromise(one.kind, one.said, one.due) for one in self.unconfirmed(draft)]
        return replace(draft, promises=tuple(stands))

    def _found(self, draft: Draft, at: datetime) -> tuple[Said, ...]:
        from inbox.said import find_promises

        return find_promises(draft.text, at, self._practice.hours, self._practice.country)

    def _leaves_at(self, draft: Draft) -> datetime:
        now = self._clock()
        return now if draft.send_at is None or draft.send_at < now else draft.send_at

    async def sent(self, row: OutboxRow) -> None:
        """Keep in the audit what a queued message promises, and what was said to be none."""
        if row.draft.promises:
            for promise in await self._repository.promises.of_outbox(row.id):
                await self._log("promise", promise, f"outbox {row.id}")
        for _ in row.draft.not_promised:
            await self._repository.audit.add(
                self._member.id,
                "no promise",
                self._clock(),
                patient_id=row.draft.patient_id or "",
                detail=f"outbox {row.id}: words that sound like one are not watched",
            )

    # ------------------------------------------------------------ words

    def words(self, promise: Promise, *, short: bool = False) -> str:
        """`Dana promised: here until 17:30, 12 min left`; `Dana: here until …` when short."""
        member = self._practice.member(promise.owner)
        who = "you" if promise.owner == self._member.id else member.first_name if member else "?"
        said = "" if short else " promised"
        return f"{who}{said}: {promise_words(promise, self._clock(), self._practice)}"

    async def _log(self, action: str, promise: Promise, why: str) -> None:
        due = promise.due.isoformat(timespec="minutes")
        await self._repository.audit.add(
            self._member.id,
            action,
            self._clock(),
            patient_id=promise.patient_id or "",
            detail=f"promise {promise.id}, {promise.kind.words} {due}, {promise.owner}: {why}",
        )


class Keeper:
    """Looks after promises that run out, for the whole practice; a part of the back office."""

    def __init__(self, repository: Repository, practice: Practice, clock: Clock) -> None:
        """Look after the promises of `repository`."""
        self._repository = repository
        self._practice = practice
        self._clock = clock

    async def escalate(self) -> int:
        """Make broken promises everybody's that their owners left alone; return how many.

        The time that counts is staffed time: nobody is blamed for the night.
        """
        now, count = self._clock(), 0
        await self._audit(now)
        for promise in await self._repository.promises.live(now, _MOST):
            if promise.due > now:
                break
            staffed = self._practice.hours.staffed_between(promise.due, now)
            if staffed < EVERYBODYS_AFTER or promise.everybodys_at is not None:
                continue
            if await self._repository.promises.make_everybodys(promise.id, now):
                count += 1
                await self._tell(promise, "promise is everybody's", now)
        return count

    async def _audit(self, now: datetime) -> None:
        """Let the audit say what was kept, and what was broken."""
        for promise in await self._repository.promises.ended(now):
            state = promise.state(now)
            if await self._repository.promises.mark_audited(promise.id, state):
                await self._tell(promise, f"promise {state.value}", now)

    async def _tell(self, promise: Promise, action: str, now: datetime) -> None:
        await self._repository.audit.add(
            promise.owner,
            action,
            now,
            patient_id=promise.patient_id or "",
            detail=f"promise {promise.id}, {promise.kind.words} "
            f"{promise.due.isoformat(timespec='minutes')}",
        )
