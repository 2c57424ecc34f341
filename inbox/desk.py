"""The desk: everything a person can do, for the screen and the command line alike.

There is no second way to send: `send` examines the draft, freezes its line and puts it into the
outbox, which asks the gate again right before the message leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from inbox.address import Address, ChannelKind
from inbox.age import overdue_since
from inbox.channel import Capabilities, RawItem
from inbox.clock import Clock
from inbox.conversation import ConversationRow, Counts, ListState, Page, PageKey
from inbox.drafting import Drafting, answered_for
from inbox.errors import Blocked, Held, NotFound, TwowayError
from inbox.facts import Facts
from inbox.gate import Gate
from inbox.keeping import Promises
from inbox.linking import Linking
from inbox.marks import Marks
from inbox.message import Message
from inbox.outgoing import Draft, DraftAttachment
from inbox.practice import Practice
from inbox.reply_path import ProofState
from inbox.repository import OutboxRow, Repository
from inbox.situation import Situation
from inbox.view import ConversationView, LineView, Preview
from inbox.viewing import Viewing
from inbox.words import BY_HAND, answer_words, from_words, leaves_words, proof_words

if TYPE_CHECKING:
    from inbox.attention import Attention
    from inbox.calling import Calling
    from inbox.forms import Forms
    from inbox.looking import Looking
    from inbox.moving import Moving
    from inbox.notice import Noticing
    from inbox.reminding import Reminding
    from inbox.retracting import Retracting
    from inbox.searching import Searching
    from inbox.suggesting import Suggesting
    from inbox.templating import ReadShelf, Templating
    from inbox.uniting import Uniting

UNDO_WINDOW = timedelta(seconds=8)
"""How long a message can be taken back after it was sent."""


class Desk:
    """What a staff member does, under their own name."""

    def __init__(
        self,
        repository: Repository,
        practice: Practice,
        gate: Gate,
        clock: Clock,
        staff_id: str,
        capabilities: Mapping[str, Capabilities],
        undo_window: timedelta = UNDO_WINDOW,
        templates: ReadShelf | None = None,
    ) -> None:
        """Work on `repository` as `staff_id`.

        Args:
            repository: The data folder.
            practice: Lines, staff, hours.
            gate: Says what may leave.
            clock: The present moment.
            staff_id: Who acts; must be one of the practice's staff.
            capabilities: What each line's channel can do, by line id.
            undo_window: How long a message can be taken back.
            templates: Reads the message templates; None: there are none.

        Raises:
            NotFound: no such staff member.
        """
        member = practice.member(staff_id)
        if member is None:
            raise NotFound(
                f"There is no staff member “{staff_id}”.",
                "Use --as with one of: " + ", ".join(one.id for one in practice.staff) + ".",
            )
        self.repository = repository
        self.practice = practice
        self.member = member
        self.clock = clock
        self._gate = gate
        self._capabilities = capabilities
        self._undo_window = undo_window
        self._facts = Facts(repository, practice, capabilities.get)
        self._drafting = Drafting(repository, practice)
        self.promises = Promises(repository, practice, clock, member)
        """What was promised to patients."""
        self._templates = templates
        self.linking = Linking(repository, clock, member)
        self._viewing = Viewing(repository, clock, member, self.linking)

    @cached_property
    def attention(self) -> Attention:
        """What arrivals ask for between their lines; the list does not need it."""
        from inbox.attention import Attention

        return Attention(self.repository, self.practice, self.clock, self.member)

    @cached_property
    def moving(self) -> Moving:
        """Conversations put together and parted; the list does not need it."""
        from inbox.moving import Moving

        return Moving(self.repository, self.clock, self.member)

    @cached_property
    def uniting(self) -> Uniting:
        """Patients who turn out to be one; the list does not need it."""
        from inbox.uniting import Uniting

        return Uniting(self.repository, self.clock, self.member)

    @cached_property
    def calling(self) -> Calling:
        """Calls: what to know before, and what became of them."""
        from inbox.calling import Calling

        return Calling(self, self._gate, self._drafting)

    @cached_property
    def templating(self) -> Templating:
        """The message templates; no list needs them."""
        from inbox.templating import Templating

        return Templating(self.practice, self._gate, self.clock, self.member, self._templates)

    @cached_property
    def reminding(self) -> Reminding:
        """Reminders from lists of appointments."""
        from inbox.reminding import Reminding

        return Reminding(self)

    @cached_property
    def searching(self) -> Searching:
        """The search; no list needs it."""
        from inbox.searching import Searching

        return Searching(self.repository, self.practice, self.clock, self.member)

    @cached_property
    def looking(self) -> Looking:
        """What could not be read, and what is done about it."""
        from inbox.looking import Looking

        return Looking(self.repository, self.clock, self.member)

    @cached_property
    def forms(self) -> Forms:
        """Privacy forms and consent."""
        from inbox.forms import Forms

        return Forms(self.repository, self.practice, self.clock, self.member)

    @cached_property
    def suggesting(self) -> Suggesting:
        """Which channel fits a draft better."""
        from inbox.suggesting import Suggesting

        return Suggesting(self, self._gate)

    @cached_property
    def noticing(self) -> Noticing:
        """Portal messages with a neutral notice beside them."""
        from inbox.notice import Noticing

        return Noticing(self, self._gate)

    @cached_property
    def retracting(self) -> Retracting:
        """Taking back portal messages that have left."""
        from inbox.retracting import Retracting

        return Retracting(self.repository, self.clock, self.member, self._capabilities)

    # ------------------------------------------------------------ looking

    async def page(
        self,
        state: ListState,
        *,
        after: PageKey | None = None,
        limit: int = 50,
        mine: bool = False,
    ) -> Page:
        """Part of the list, newest first."""
        return await self.repository.conversations.page(
            state,
            self.clock(),
            after=after,
            limit=limit,
            assigned_to=self.member.id if mine else "",
        )

    async def counts(self) -> Counts:
        """How many conversations are in each state."""
        now, within = self.clock(), self.practice.answer_within
        since = None
        if within is not None and self.practice.hours.known(now):
            since = overdue_since(now, self.practice.hours, within)
        elif within is not None:
            # Holidays that are not known yet take a while to find.
            since = await asyncio.to_thread(overdue_since, now, self.practice.hours, within)
        return await self.repository.conversations.counts(now, since)

    async def open(self, conversation_id: int, *, limit: int = 100) -> ConversationView:
        """A conversation with its latest messages and its patient. Looking is kept in the audit.

        Raises:
            NotFound.
        """
        return await self._viewing.open(conversation_id, limit)

    async def marks(self, row: ConversationRow, messages: Sequence[Message]) -> Marks:
        """What is shown beside the messages of a conversation."""
        return await self._viewing.marks(row, messages)

    async def earlier(
        self, conversation_id: int, before: int, *, limit: int = 100
    ) -> list[Message]:
        """Messages before the one with id `before`, in time order."""
        return await self.repository.conversations.messages(
            conversation_id, before=before, limit=limit
        )

    async def lines(self) -> list[LineView]:
        """Every line with its proof and its connection."""
        now = self.clock()
        proofs = await self._facts.proofs(now)
        health = await self.repository.lines.health()
        uncopied = {one.line_id: one for one in await self.repository.handed_over.uncopied()}
        return [
            LineView(
                line,
                proofs[line.id],
                BY_HAND if by_hand else proof_words(proofs[line.id], now),
                health.get(line.id),
                uncopied.get(line.id),
                by_hand,
            )
            for line in self.practice.lines
            for by_hand in (self.capabilities(line.id).by_hand,)
        ]

    async def proven_lines(self) -> frozenset[str]:
        """Ids of the lines that are known to receive."""
        proofs = await self._facts.proofs(self.clock())
        return frozenset(id_ for id_, one in proofs.items() if one.state is ProofState.PROVEN)

    async def raw(self, message: Message) -> RawItem:
        """The raw bytes a message was read from.

        Raises:
            NotFound: it began here and has not left yet.
        """
        if message.raw_id is None:
            raise NotFound("This message has no raw text: it has not left yet.")
        return await self.repository.raw.content(message.raw_id)

    # ------------------------------------------------------------ writing

    async def reply_draft(
        self, conversation_id: int, channel: ChannelKind | None = None, *, fresh: bool = False
    ) -> Draft:
        """A draft that answers a conversation; the one that was kept, unless `fresh`.

        Raises:
            NotFound: no such conversation, or nobody to answer on that channel.
        """
        kept = await self.repository.drafts.load(f"c{conversation_id}", self.member.id)
        if kept is not None and not fresh and (channel is None or kept.channel is channel):
            return replace(kept, patient_id=await self._facts.about(kept))
        draft = await self._drafting.reply(conversation_id, channel, self.clock())
        return (await self.situation(draft)).draft

    async def new_draft(
        self, to: Address, channel: ChannelKind, patient_id: str | None = None
    ) -> Draft:
        """A draft that begins a conversation."""
        draft = await self._drafting.begin(to, channel, patient_id, self.clock())
        return (await self.situation(draft)).draft

    async def situation(self, draft: Draft) -> Situation:
        """All facts about a draft. Ask again when something changed; typing needs only `judge`."""
        return await self._facts.situation(draft, self.clock(), self.member.id)

    def judge(
        self,
        situation: Situation,
        draft: Draft,
        *,
        assigned_to: str = "",
        at: datetime | None = None,
    ) -> Preview:
        """What the composer shows as the draft is typed: pure and quick.

        Args:
            situation: Facts gathered for this draft's channel, line and recipients.
            draft: The draft as it is now; only its words may differ from the situation's.
            assigned_to: Staff id of who looks after the conversation.
            at: As if it were this moment (aware); None: now.
        """
        draft = replace(draft, line_id=situation.draft.line_id)
        now = at or self.clock()
        present = replace(situation, draft=draft, now=now)
        seer = self.practice.member(assigned_to)
        return Preview(
            draft=draft,
            plan=situation.plan,
            from_words=from_words(situation.plan, situation.plan_problem, now),
            answer_words=answer_words(
                situation.plan,
                draft,
                situation.patient,
                self.practice,
                seer.first_name if seer else "",
                now,
                present.leaves_at,
                situation.can_reply,
            ),
            verdict=self._gate.examine(present),
            leaves_words=leaves_words(draft.send_at, now, self.practice),
        )

    async def send(
        self, draft: Draft, because: str = "", *, undo: bool = True, after: int | None = None
    ) -> OutboxRow:
        """Queue a draft; it leaves when it can no longer be taken back, or when it is to leave.

        The gate is asked for the moment it is to leave, and again at that moment.

        Args:
            draft: The draft; its line must be the one that was shown (`judge` sets it).
            because: The reason for sending in spite of what holds it.
            undo: False leaves no time to take it back; it still waits for its own time.
            after: Id of the outbox row that it goes with: it leaves once that one has, or not.

        Raises:
            Blocked: a rule blocks it, or the line changed since it was shown.
            Held: a rule holds it and no reason was given.
            TwowayError: it is words for a telephone, which would ring and lose them.
        """
        if draft.channel is ChannelKind.PHONE and draft.call is None:
            raise TwowayError(
                "Words cannot be sent to a telephone: it would only ring.",
                "Send a text, or call them: c, or `twoway call`.",
            )
        situation = await self.situation(self.promises.confirmed(draft))
        verdict = self._gate.examine(situation)
        if draft.line_id and situation.draft.line_id != draft.line_id:
            raise Blocked(
                "The line this leaves from changed while you wrote.",
                "Look at the From line and send again.",
                verdict.findings,
            )
        if draft.patient_id is not None and situation.draft.patient_id != draft.patient_id:
            raise Blocked(
                "The conversation was linked to somebody else while you wrote.",
                "Make sure that the words are for them, and send again.",
                verdict.findings,
            )
        if verdict.blocked or situation.plan is None:
            first = verdict.findings[0] if verdict.findings else None
            raise Blocked(
                first.reason if first else situation.plan_problem,
                f"{first.fix.label}." if first and first.fix else "",
                verdict.findings,
            )
        if verdict.held and not because.strip():
            raise Held(
                verdict.findings[0].reason,
                "Give a reason to send it all the same.",
                verdict.findings,
            )
        now = self.clock()
        row = await self.repository.outbox.enqueue(
            await self._drafting.outbox_row(
                situation,
                verdict,
                because.strip(),
                now=now,
                not_before=max(now + self._undo_window if undo else now, situation.leaves_at),
                after=after,
            )
        )
        await self.repository.audit.add(
            self.member.id,
            "send" if not row.because else "send in spite of a hold",
            self.clock(),
            patient_id=row.draft.patient_id or "",
            detail=f"outbox {row.id}" + (f": {row.because}" if row.because else ""),
        )
        await self.promises.sent(row)
        return row

    async def undo(self, outbox_id: int) -> Draft | None:
        """Take a message back; its draft, which is kept again, or None when it is too late.

        A draft that was begun meanwhile in its place is kept below it: see `drafts_below`.
        """
        return await self.repository.outbox.take_back(outbox_id, self.member.id, self.clock())

    async def retry(self, outbox_id: int, because: str = "") -> OutboxRow:
        """A person sends a failed or uncertain message again, with the same Message-ID.

        Raises:
            Blocked, Held: as for `send`.
            Stale: it is in another state.
        """
        row = await self.repository.outbox.get(outbox_id)
        if row.provider_id and len(row.draft.recipients) > 1:
            raise Blocked(
                "It left for some of the recipients and would reach them twice.",
                "Write to whom it did not reach in a message of its own.",
                (),
            )
        situation = await self.situation(replace(row.draft, outbox_id=row.id))
        verdict = self._gate.examine(situation)
        if verdict.blocked:
            raise Blocked(verdict.findings[0].reason, "", verdict.findings)
        if verdict.holding() - row.overridden and not because.strip():
            raise Held(verdict.findings[0].reason, "Give a reason.", verdict.findings)
        draft, covered = answered_for(
            situation, verdict.holding() if because.strip() else frozenset()
        )
        return await self.repository.outbox.requeue(
            outbox_id,
            self.clock(),
            because.strip() or row.because,
            self.member.id,
            covered,
            draft=replace(draft, outbox_id=None, line_chosen=row.draft.line_chosen),
        )

    async def attach(self, name: str, media_type: str, content: bytes) -> DraftAttachment:
        """Keep a file for a draft."""
        sha256 = await self.repository.blobs.put(content)
        return DraftAttachment(name, media_type, len(content), sha256)

    async def keep_draft(self, draft: Draft) -> None:
        """Keep a draft safe from crashes and from other people's changes."""
        await self.repository.drafts.save(_draft_key(draft), self.member.id, draft, self.clock())

    async def drafts_below(self, draft: Draft) -> int:
        """How many other drafts wait in the same place; each comes up when it is its turn."""
        return await self.repository.drafts.below(_draft_key(draft), self.member.id)

    async def next_draft(self, draft: Draft) -> Draft | None:
        """Bring up the next draft that waits in the same place; this one waits in its stead."""
        return await self.repository.drafts.turn(_draft_key(draft), self.member.id)

    async def drop_draft(self, draft: Draft) -> None:
        """Forget a draft for good; one that waits in the same place comes up."""
        await self.repository.drafts.delete(_draft_key(draft), self.member.id)

    # ------------------------------------------------------------ tending

    async def note(self, conversation_id: int, text: str) -> int:
        """Add a note, which never leaves; return its message id."""
        return await self.repository.conversations.add_note(
            conversation_id, self.member.id, text, self.clock()
        )

    async def assign(self, conversation_id: int, staff_id: str) -> None:
        """Give a conversation to somebody; an empty id gives it to nobody."""
        if staff_id and self.practice.member(staff_id) is None:
            raise NotFound(f"There is no staff member “{staff_id}”.")
        await self.repository.conversations.assign(conversation_id, staff_id)
        await self._log("assign", f"conversation {conversation_id} to {staff_id or 'nobody'}")

    async def snooze(self, conversation_id: int, until: datetime | None) -> None:
        """Hide it until a moment, or until something arrives; None wakes it."""
        await self.repository.conversations.snooze(conversation_id, until)

    async def done(self, conversation_id: int, because: str = "") -> None:
        """Close a conversation.

        Args:
            conversation_id: Which.
            because: The reason for closing it although something waits on us.

        Raises:
            TwowayError: a promise stands, the log of a call is not finished, or something of it is
                not in the record file yet.
            Held: something waits on us, and no reason was given.
        """
        from inbox.closing import Closing

        await self.calling.check_closing(conversation_id)
        await self.promises.check_closing(conversation_id)
        await Closing(self.repository, self.clock, self.member).close(conversation_id, because)

    async def reopen(self, conversation_id: int) -> None:
        """Open a closed conversation again."""
        await self.repository.conversations.set_done(conversation_id, None)

    async def seen(self, conversation_id: int, message_id: int) -> None:
        """Somebody read it up to this message."""
        await self.repository.conversations.mark_seen(conversation_id, message_id)

    async def link(self, conversation_id: int, patient_id: str | None) -> None:
        """Say whom a conversation is about; `linking` can do more."""
        await self.linking.link(conversation_id, patient_id)

    # ------------------------------------------------------------ inside

    async def _log(self, action: str, detail: str, patient_id: str = "") -> None:
        await self.repository.audit.add(
            self.member.id, action, self.clock(), patient_id=patient_id, detail=detail
        )

    def capabilities(self, line_id: str) -> Capabilities:
        """What the channel of a line can do."""
        return self._capabilities.get(line_id, Capabilities(sends=False, receives=False))


def _draft_key(draft: Draft) -> str:
    return "new" if draft.conversation_id is None else f"c{draft.conversation_id}"
