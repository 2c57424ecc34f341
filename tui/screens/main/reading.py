"""Opening a conversation and keeping it as it is now."""

from __future__ import annotations

from dataclasses import replace

from textual.content import Content
from textual.widgets import Static

from inbox.address import Address
from inbox.conversation import ConversationRow, ConversationState
from inbox.desk import Desk
from inbox.matching import writer_relation
from inbox.message import Message
from inbox.promise import Promise
from inbox.view import ConversationView
from inbox.words import clock_words
from tui.widgets.cells import one_line
from tui.widgets.messages_view import MessagesView
from tui.widgets.patient_panel import PatientPanel
from tui.widgets.row_words import waiting_words

_EARLIER = 100


class Reading:
    """Which conversation is open, and what is shown of it."""

    def __init__(
        self, desk: Desk, messages: MessagesView, heading: Static, panel: PatientPanel
    ) -> None:
        """Show conversations of `desk` in these widgets."""
        self._desk = desk
        self._messages = messages
        self._heading = heading
        self._panel = panel
        self._earlier: tuple[Message, ...] = ()
        self._more = False
        self._standing: tuple[Promise, ...] = ()
        self.view: ConversationView | None = None

    @property
    def conversation_id(self) -> int | None:
        """The open conversation."""
        return self.view.row.id if self.view else None

    async def open(self, conversation_id: int) -> ConversationView:
        """Show a conversation; from now on it counts as seen."""
        view = await self._desk.open(conversation_id)
        self.view, self._earlier, self._more = view, (), view.more
        self._head()
        self._messages.mark_up(view.marks, view.patient)
        self._messages.show(view.messages, view.row.subject, more=view.more, unread=view.row.unread)
        await self._seen()
        return view

    def close(self) -> None:
        """Show no conversation, and nobody beside it."""
        self.view, self._earlier, self._more = None, (), False
        self._panel.promises, self._panel.view = (), None
        self._heading.update("")
        self._heading.display = False
        self._messages.clear(("", "Enter opens a conversation, r answers it."))

    async def refresh(self, *, seen: bool) -> None:
        """Read the open conversation again.

        Args:
            seen: Whether a person is looking at it right now.
        """
        view = self.view
        if view is None:
            return
        stores = self._desk.repository
        row = await stores.conversations.row(view.row.id)
        changed = row.id != view.row.id or row.patient_id != view.row.patient_id
        if changed:
            # Merged, or linked to somebody: everything around it changed.
            fresh = await self._desk.open(row.id)
        else:
            limit = max(_EARLIER, len(view.messages))
            latest = await stores.conversations.messages(row.id, limit=limit)
            marks = await self._desk.marks(row, latest)
            fresh = replace(view, row=row, messages=tuple(latest), marks=marks)
        if self.conversation_id != view.row.id:
            # Another one was opened meanwhile, or none is any more.
            return
        if changed:
            self._earlier, self._more = (), fresh.more
        self.view = fresh
        self._head()
        self._messages.mark_up(self.view.marks, self.view.patient)
        known = {message.id for message in self.view.messages}
        before = tuple(message for message in self._earlier if message.id not in known)
        self._messages.update((*before, *self.view.messages), more=self._more)
        if seen:
            await self._seen()

    async def refresh_patient(self) -> None:
        """Read again whom the open conversation is about."""
        if self.view is None or self.view.patient is None:
            return
        view, patient_id = self.view, self.view.patient.id
        about = await self._desk.forms.view(patient_id)
        if self.conversation_id != view.row.id:
            return
        self.view = replace(
            self.view, patient=about.patient, shared=about.shared, consents=about.consents
        )
        self._head()

    async def earlier(self) -> None:
        """Show earlier messages too."""
        shown = self._messages.messages
        if self.view is None or not self._more or not shown:
            return
        opened = self.view.row.id
        found = await self._desk.earlier(opened, shown[0].id, limit=_EARLIER)
        if self.conversation_id != opened:
            return
        self._earlier = (*found, *self._earlier)
        self._more = len(found) == _EARLIER
        self._messages.update((*found, *shown), more=self._more)

    def show_promises(self, standing: tuple[Promise, ...]) -> None:
        """These promises stand; say those of the open conversation."""
        self._standing = standing
        self._head()

    def forget_times(self) -> None:
        """Words like `waiting 12 min` have aged."""
        self._head()

    async def _seen(self) -> None:
        if self.view is not None and self.view.row.unread and self.view.messages:
            await self._desk.seen(self.view.row.id, self.view.messages[-1].id)

    def _head(self) -> None:
        if self.view is None:
            return
        row = self.view.row
        promised = [
            one
            for one in self._standing
            if one.conversation_id == row.id
            or (one.patient_id is not None and one.patient_id == row.patient_id)
        ]
        promises = self._desk.promises
        self._panel.promises = tuple(promises.words(one) for one in promised)
        self._panel.view = self.view
        self._heading.display = True
        self._heading.update(
            Content.assemble(
                (_whose(self.view, self._desk), "bold $primary"),
                ("  ", ""),
                (one_line(row.subject, 200), ""),
                ("\n", ""),
                *_pressing_spans(self.view),
                *_state_spans(row, self._desk, shared=len(self.view.candidates) > 1),
                *(
                    (f" · {promises.words(one, short=True)}", "bold $accent")
                    for one in promised[:1]
                ),
            )
        )


def _whose(view: ConversationView, desk: Desk) -> str:
    """Who writes about whom: `Maria Jimenez (mother) about Luis Jimenez`."""
    row, patient = view.row, view.patient
    title = one_line(row.title, 80)
    if patient is None or not row.channels:
        return title
    day = desk.clock().astimezone(desk.practice.timezone).date()
    address = Address(row.channels[0].system, row.person_address, row.person)
    relation = writer_relation(address, patient, day)
    if not relation:
        return title
    proxies = (one.name for one in patient.proxies if one.relation == relation)
    writer = row.person or next(proxies, "")
    return f"{one_line(writer, 40)} ({one_line(relation, 20)}) about {title}"


def _pressing_spans(view: ConversationView) -> list[tuple[str, str]]:
    """What comes before all else: an emergency, an opt-out, whom a family's message is about."""
    spans: list[tuple[str, str]] = []
    if view.row.urgent:
        said = "URGENT Sounds like an emergency: call them / 911 · x: looked after"
        spans.append((f"{said} · ", "bold $error"))
    spans += [
        (f"! Opted out of {channel.plural} · ", "bold $error") for channel in view.marks.opted_out
    ]
    if view.row.suggested_merge is not None:
        spans.append(("? Belongs to another one: x joins, X not · ", "bold $warning"))
    if len(view.candidates) > 1:
        names = ", ".join(one_line(one.given, 20) for one in view.candidates[:4])
        spans.append((f"? About whom: {names}: l says · ", "bold $warning"))
    return spans


def _state_spans(row: ConversationRow, desk: Desk, *, shared: bool) -> list[tuple[str, str]]:
    quiet = "$quiet"
    now, practice = desk.clock(), desk.practice
    words = {
        ConversationState.NEEDS_REPLY: "Needs reply",
        ConversationState.WAITING: "Waiting for them",
        ConversationState.DONE: "Done",
    }[row.state]
    spans: list[tuple[str, str]] = [(words, quiet)]
    waiting = waiting_words(row.waiting_since, now, practice, row.line_id)
    if waiting:
        spans.append((f" · {'just in' if waiting == 'new' else waiting}", "$accent"))
    member = practice.member(row.assigned_to)
    if member is not None:
        spans.append((f" · → {one_line(member.first_name, 40)}", quiet))
    if row.snoozed_until is not None and row.snoozed_until > now:
        spans.append((f" · asleep until {clock_words(row.snoozed_until, now, practice)}", quiet))
    if row.undelivered:
        spans.append((" · ! not delivered", "bold $error"))
    if row.unrecorded:
        spans.append((" · ! not recorded yet", "$warning"))
    if row.patient_id is None and not shared:
        spans.append((" · ? unknown: l links", "bold $warning"))
    return spans
