"""Looking: list, show, search, outbox, raw, save."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace

from inbox.conversation import ConversationRow, ListState, PageKey, SearchHit, SearchKey
from inbox.errors import NotFound
from inbox.matching import writer_relation
from inbox.message import Attachment, Direction, Message
from inbox.number import number_words
from inbox.plain import file_name, plain_line
from inbox.practice import Practice
from inbox.promise import PromiseState
from inbox.signals.words import EMERGENCY, act_words, signal_words
from inbox.view import ConversationView
from inbox.words import ago_words, clock_words, leaves_words, left_from_words
from tui.commandline import shapes
from tui.commandline.output import Output, table
from tui.commandline.session import with_office
from tui.files import write_new
from tui.widgets.call_words import call_words
from tui.wiring import PracticeOffice

_PAGE = 200


def conversations(options: Namespace, output: Output) -> int:
    """`twoway list`."""

    async def work(office: PracticeOffice) -> int:
        desk, rows = office.desk, list[ConversationRow]()
        after: PageKey | None = None
        while len(rows) < options.limit:
            page = await desk.page(
                ListState(options.state),
                after=after,
                limit=min(_PAGE, options.limit - len(rows)),
                mine=options.mine,
            )
            rows += page.rows
            after = page.next
            if after is None:
                break
        now = desk.clock()
        live = await desk.promises.live()
        # The one that is due first stands for its conversation.
        first = {one.conversation_id: one for one in reversed(live)}
        if output.as_json:
            # Staffed minutes may need the holidays, which the plain list does not wait for.
            output.document(
                [
                    {
                        **shapes.conversation(row, now, desk.practice),
                        "promise": shapes.promise(first[row.id], now, desk.practice.timezone)
                        if row.id in first
                        else None,
                    }
                    for row in rows
                ]
            )
        for line, row in zip(table([_row(row, office) for row in rows]), rows, strict=True):
            output.line(line)
            if row.id in first:
                output.line(f"      {desk.promises.words(first[row.id])}")
        if not rows:
            output.line(f"Nothing here ({options.state}).")
        broken = sum(1 for one in live if one.state(now) is PromiseState.BROKEN)
        if broken:
            output.line(f"! Promises broken: {broken}. `twoway promises` shows them.")
        return 0

    return with_office(options, work)


def show(options: Namespace, output: Output) -> int:
    """`twoway show`."""

    async def work(office: PracticeOffice) -> int:
        view = await office.desk.open(options.conversation, limit=options.limit)
        zone, now = office.desk.practice.timezone, office.desk.clock()
        output.document(
            {
                **shapes.conversation(view.row, now, office.desk.practice),
                "more": view.more,
                "opted_out": [channel.value for channel in view.marks.opted_out],
                "candidates": [patient.id for patient in view.candidates],
                "others": [row.id for row in view.others],
                "promises": [
                    shapes.promise(one, now, zone)
                    for one in await office.desk.promises.of_conversation(view.row.id)
                ],
                "messages": [
                    {
                        **shapes.message(one, zone, whole=options.whole),
                        "signals": [
                            shapes.signal(signal, zone) for signal in view.marks.of(one.id)
                        ],
                    }
                    for one in view.messages
                ],
            }
        )
        if not output.as_json:
            _print_view(view, office, output, whole=options.whole)
        if options.mark_seen and view.messages:
            await office.desk.seen(view.row.id, view.messages[-1].id)
        return 0

    return with_office(options, work)


def search(options: Namespace, output: Output) -> int:
    """`twoway search`."""

    async def work(office: PracticeOffice) -> int:
        text, hits = " ".join(options.query), list[SearchHit]()
        after: SearchKey | None = None
        unread: tuple[str, ...] = ()
        while len(hits) < options.limit:
            room = min(_PAGE, options.limit - len(hits))
            page = await office.desk.searching.find(text, room, after)
            hits += page.hits
            after, unread = page.next, page.unread
            if after is None:
                break
        now = office.desk.clock()
        output.document(
            [
                {
                    **shapes.conversation(hit.row, now, office.desk.practice),
                    "message": hit.message_id,
                    "snippet": _unmarked(hit.snippet),
                    "matches": _matches(hit.snippet),
                }
                for hit in hits
            ]
        )
        for hit in hits:
            for line in table([_row(hit.row, office)]):
                output.line(line)
            output.line(f"      {_unmarked(hit.snippet)}")
        if not hits:
            output.line("Nothing was found.")
        elif after is not None:
            output.line(f"There is more: --limit {options.limit * 2} shows it.")
        if unread:
            output.line(f"Looked for as words: {' '.join(unread)}")
        return 0

    return with_office(options, work)


def outbox(options: Namespace, output: Output) -> int:
    """`twoway outbox`."""

    async def work(office: PracticeOffice) -> int:
        rows = await office.repository.outbox.open_rows(1000)
        zone, now = office.desk.practice.timezone, office.desk.clock()
        output.document([shapes.outbox_row(row, zone) for row in rows])
        for row in rows:
            to = ", ".join(address.words for address in row.draft.recipients)
            left = left_from_words(office.desk.practice, row.draft.line_id, row.line_address)
            output.line(
                f"{row.id:>6}  {row.status.value:<8} {left} → {to}"
                f"  {ago_words(row.created_at, now)}"
            )
            leaves = leaves_words(row.leaves_at, now, office.desk.practice)
            if leaves:
                output.line(f"        {leaves}; twoway undo {row.id} takes it back")
            if row.status_text:
                output.line(f"        {row.status_text} {row.hint}".rstrip())
        if not rows:
            output.line("Everything that was sent has left.")
        return 0

    return with_office(options, work)


def raw(options: Namespace, output: Output) -> int:
    """`twoway raw`: safe text on a terminal, the very bytes everywhere else."""

    async def work(office: PracticeOffice) -> int:
        message = await office.repository.conversations.message(options.message)
        item = await office.desk.raw(message)
        text = item.content.decode("utf-8", "replace")
        output.document({"id": message.id, "complete": item.complete, "raw": text})
        if output.as_json:
            return 0
        if sys.stdout.isatty():
            output.line(text)
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(item.content)
            sys.stdout.buffer.flush()
        return 0

    return with_office(options, work)


def save(options: Namespace, output: Output) -> int:
    """`twoway save`."""

    async def work(office: PracticeOffice) -> int:
        message = await office.repository.conversations.message(options.message)
        chosen = _chosen(message, options.name)
        content = await office.attachment(message, chosen)
        name = options.output or file_name(chosen.name)
        path = await asyncio.to_thread(write_new, name, content)
        output.document({"name": chosen.name, "size": len(content), "path": str(path)})
        output.line(f"Saved {chosen.name} ({len(content)} bytes) as {path}.")
        return 0

    return with_office(options, work)


def _chosen(message: Message, name: str) -> Attachment:
    for number, file in enumerate(message.attachments, start=1):
        if name in {file.name, str(number)}:
            return file
    names = ", ".join(file.name for file in message.attachments) or "none"
    raise NotFound("The message has no attachment of this name.", f"It has: {names}.")


def _row(row: ConversationRow, office: PracticeOffice) -> tuple[str, ...]:
    now, practice = office.desk.clock(), office.desk.practice
    marks = "".join(
        mark
        for mark, here in (
            ("URGENT ", row.urgent),
            ("*", row.unread),
            ("!", row.undelivered),
            ("?", row.patient_id is None),
        )
        if here
    )
    owner = practice.member(row.assigned_to)
    return (
        f"{row.id:>5}",
        f"{marks:<2}",
        row.state.value,
        row.channels[0].words if row.channels else "note",
        plain_line(row.title, 28),
        plain_line(row.subject or row.snippet, 44),
        ago_words(row.last_message_at, now),
        "overdue" if practice.is_overdue(row.waiting_since, now, row.line_id) else "",
        f"→ {owner.first_name}" if owner else "",
    )


def _print_view(
    view: ConversationView, office: PracticeOffice, output: Output, *, whole: bool
) -> None:
    desk, row = office.desk, view.row
    practice, now = desk.practice, desk.clock()
    about = f"{view.patient.name} ({view.patient.id})" if view.patient else "unknown"
    output.line(f"Conversation {row.id}: {row.subject or '(no subject)'}")
    output.line(f"About {about} · {row.state.value}")
    if row.urgent:
        output.line(f"! URGENT {EMERGENCY}. Looked after: twoway accept {row.id}")
    for channel in view.marks.opted_out:
        output.line(f"Opted out by {channel.words}: {number_words(row.person_address)}")
    if row.assigned_to:
        output.line(f"Assigned to {row.assigned_to}")
    if view.candidates:
        names = ", ".join(f"{one.name} ({one.id})" for one in view.candidates)
        output.line(f"May be about: {names}. Say whom: twoway link {row.id} PATIENT")
    if view.more:
        output.line("Earlier messages are not shown (--limit).")
    for one in view.messages:
        output.line()
        who = _writer(one, practice)
        if one.direction is Direction.INTERNAL:
            member = practice.member(one.staff_id)
            output.line(f"# note {one.id} by {member.name if member else one.staff_id}")
        else:
            arrow = "<" if one.direction is Direction.INBOUND else ">"
            to = ", ".join(address.words for address in one.to)
            who += _relation(view, one, practice)
            output.line(f"{arrow} {one.kind.value} {one.id} from {who} to {to or '?'}")
        told = one.status_text not in {"", one.status.value}
        problem = f" ({one.status_text})" if told else ""
        leaves = leaves_words(one.leaves_at, now, practice)
        problem += f" · {leaves}; twoway undo {one.outbox_id} takes it back" if leaves else ""
        local = one.at.astimezone(practice.timezone)
        output.line(
            f"  {local:%Y-%m-%d %H:%M}, {ago_words(one.at, now)} · {one.status.value}{problem}"
        )
        for said in _said_between(view, one, practice):
            output.line(f"  {said}")
        for text in (one.whole if whole else one.text).splitlines():
            output.line(f"    {text}")
        for number, file in enumerate(one.attachments, start=1):
            output.line(f"    [{number}] {file.name} ({file.media_type}, {file.size} bytes)")
    if row.snoozed_until:
        output.line(f"\nSnoozed until {clock_words(row.snoozed_until, now, practice)}")


def _writer(one: Message, practice: Practice) -> str:
    """Whom it is from; of ours without a name, as people call the line."""
    if one.sender is None:
        return "unknown sender"
    if one.direction is Direction.OUTBOUND and not one.sender.name:
        return left_from_words(practice, one.line_id, one.sender.value)
    return one.sender.words


def _relation(view: ConversationView, one: Message, practice: Practice) -> str:
    """What the writer is to the patient: ` (mother)`; empty for the patient."""
    if view.patient is None or one.direction is not Direction.INBOUND:
        return ""
    day = one.at.astimezone(practice.timezone).date()
    relation = writer_relation(one.sender, view.patient, day)
    return f" ({plain_line(relation, 20)})" if relation else ""


def _said_between(view: ConversationView, one: Message, practice: Practice) -> list[str]:
    """How a call ended, what a message says between its lines, whom it is for or about."""
    ended = call_words(one)
    lines = [ended[0]] if ended is not None else []
    for signal in view.marks.of(one.id):
        member = practice.member(signal.by)
        words = signal_words(signal, one.channel, member.name if member else "")
        act = f". To {act_words(signal, one.channel)}: twoway accept" if signal.open else ""
        lines.append(f"! {words}{act}" if signal.open else f"· {words}")
    other = view.marks.names.get(one.patient_id or "")
    if other:
        lines.append(f"· about {other} ({one.patient_id})")
    if one.confidential:
        lines.append("· for the patient alone")
    if one.retracted:
        lines.append("✗ retracted: entered in error; what it said stands below")
    return lines


def _unmarked(snippet: str) -> str:
    return snippet.replace("\ue000", "").replace("\ue001", "")


def _matches(snippet: str) -> list[str]:
    """What of a snippet matched, as it stands there."""
    return [part.partition("\ue001")[0] for part in snippet.split("\ue000")[1:]]
