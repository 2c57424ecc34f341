"""Putting conversations together, parting them, moving messages, and undoing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from inbox.conversation import ConversationRow
from inbox.desk import Desk
from inbox.message import Message
from inbox.moving import moved_words
from inbox.storage.moving import Moved, MovingKind
from tui.screens.ask import AskYes
from tui.screens.choose import Choice, Choose
from tui.screens.telling import tell
from tui.widgets.cells import one_line
from tui.widgets.row_words import time_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEW = 0
"""Stands for a new conversation."""
_MOST = 30


async def merge(screen: Screen[Any], desk: Desk, row: ConversationRow) -> int | None:
    """Put another conversation and this one together; the one to show, or None."""
    chosen = await _choose(screen, desk, row, "Which one belongs together with this one?")
    return None if chosen is None else await join(screen, desk, row, chosen)


async def join(screen: Screen[Any], desk: Desk, row: ConversationRow, other_id: int) -> int | None:
    """Put two conversations together; asked again where they are about two patients."""
    other = await desk.repository.conversations.row(other_id)
    if None not in {row.patient_id, other.patient_id} and row.patient_id != other.patient_id:
        names = one_line(row.patient_name, 40), one_line(other.patient_name, 40)
        asked = AskYes(
            f"They are about {names[0]} and {names[1]}: put them together?",
            f"It is about {names[0]} then; each message stays about whom it is about.",
        )
        if not await screen.app.push_screen_wait(asked):
            return None
    # Who quoted another conversation comes to that one.
    kept, merged = (other, row) if row.suggested_merge == other.id else (row, other)
    moved = await desk.moving.merge(kept.id, merged.id)
    tell(screen.app, "Put together.", "B undoes it.")
    return moved.to_id


async def split(screen: Screen[Any], desk: Desk, row: ConversationRow, message: Message) -> bool:
    """Part a conversation at a message; whether it was done."""
    asked = AskYes(
        "Part it here: this message and all after it?",
        "They become a conversation of their own; later answers follow them.",
    )
    agreed: bool = await screen.app.push_screen_wait(asked)
    if agreed:
        _told(screen, "Parted", await desk.moving.split(row.id, message.id))
    return agreed


async def move(screen: Screen[Any], desk: Desk, row: ConversationRow, message: Message) -> bool:
    """Move one message to another conversation or to a new one; whether it was done."""
    new = Choice(_NEW, "A new conversation", "about the same patient")
    chosen = await _choose(screen, desk, row, "Where does this one message belong?", [new])
    if chosen is not None:
        _told(screen, "Moved", await desk.moving.move(message.id, chosen or None))
    return chosen is not None


async def undo(screen: Screen[Any], desk: Desk, row: ConversationRow) -> int | None:
    """Undo what was done last with a conversation; one to show, or None."""
    last = await desk.moving.last(row.id)
    if last is None:
        tell(screen.app, "Nothing was put together, parted or moved here.")
        return None
    member = desk.practice.member(last.by)
    whose = member.name if member else "by what a message names" * (not last.by)
    when = time_words(last.at, desk.clock(), desk.practice)
    asked = AskYes(
        f"Undo it? {_done_here(last, row.id)}.",
        " · ".join(part for part in (when, whose) if part),
    )
    if not await screen.app.push_screen_wait(asked):
        return None
    undone = await desk.moving.undo(row.id)
    tell(screen.app, "Undone: everything is where it was.")
    return undone.to_id


def _done_here(moved: Moved, here: int) -> str:
    """What was done, as somebody sees it who has one of the conversations before them."""
    if moved.kind is MovingKind.LINK:
        return moved_words(moved)
    count = f"{moved.messages} message{'s' * (moved.messages != 1)}"
    if moved.to_id == here:
        return f"{count} came in here from another conversation"
    return f"{count} went from here to another conversation"


def _told(screen: Screen[Any], done: str, moved: Moved) -> None:
    count = f"{moved.messages} message{'s' * (moved.messages != 1)}"
    tell(screen.app, f"{done}: {count} to conversation {moved.to_id}.", "B undoes it.")


async def _choose(
    screen: Screen[Any],
    desk: Desk,
    row: ConversationRow,
    title: str,
    first: Sequence[Choice[int]] = (),
) -> int | None:
    """Another conversation: what is suggested, the patient's others, or what a search finds."""

    async def find(text: str) -> list[Choice[int]]:
        if text.strip():
            page = await desk.searching.find(text.strip(), _MOST)
            rows = [hit.row for hit in page.hits]
        else:
            rows = await _near(desk, row)
        return [
            *(first if not text.strip() else ()),
            *(_choice(desk, one, row) for one in rows if one.id != row.id),
        ]

    asked: Choose[int] = Choose(title, find=find, placeholder="Words, a name, an address")
    chosen = await screen.app.push_screen_wait(asked)
    return None if chosen is None else chosen.value


async def _near(desk: Desk, row: ConversationRow) -> list[ConversationRow]:
    """What is likeliest meant: the suggested one, then the same patient's, then the newest."""
    stores = desk.repository.conversations
    rows: list[ConversationRow] = []
    if row.suggested_merge is not None:
        rows.append(await stores.row(row.suggested_merge))
    if row.patient_id is not None:
        rows += await stores.of_patient(row.patient_id, _MOST)
    from inbox.conversation import ListState

    rows += (await desk.page(ListState.ALL, limit=_MOST)).rows
    return list({one.id: one for one in rows}.values())[:_MOST]


def _choice(desk: Desk, one: ConversationRow, row: ConversationRow) -> Choice[int]:
    when = time_words(one.last_message_at, desk.clock(), desk.practice)
    about = one_line(one.subject, 60) or one_line(one.snippet, 60)
    suggested = "seems to belong here · " * (one.id == row.suggested_merge)
    return Choice(one.id, f"{one_line(one.title, 40)} · {when}", f"{suggested}{about}")
