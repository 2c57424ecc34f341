"""The list of conversations: two lines a row, painted line by line from a window of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.commands import Place, bindings_at
from tui.widgets.cells import cut, fit
from tui.widgets.row_words import RowWords, row_words

if TYPE_CHECKING:
    from inbox.clock import Clock
    from inbox.conversation import ConversationRow
    from inbox.practice import Practice
    from inbox.promise import Promise

_LINES = 2
_NEAR = 20
"""Rows from an end of the window at which more rows are asked for."""
_CHANNEL, _TIME, _WAITING = 6, 6, 7


class ConversationList(ScrollView, can_focus=True):
    """A window of rows with a cursor that stays on its conversation when the rows change."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.LIST)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row--name", "row--unread", "row--quiet", "row--subject", "row--waiting",
        "row--trouble", "row--doubt", "row--mark", "row--assigned", "row--cursor",
    }  # fmt: skip

    class Opened(Message):
        """A person opened a conversation."""

        def __init__(self, row: ConversationRow) -> None:
            self.row = row
            super().__init__()

    class NearEnd(Message):
        """The cursor is near the end of the window; more rows may be needed."""

    class NearTop(Message):
        """The cursor is near the top of the window."""

    def __init__(self, practice: Practice, clock: Clock, *, id_: str | None = None) -> None:
        """Show times of `practice` by `clock`."""
        super().__init__(id=id_)
        self._practice = practice
        self._clock = clock
        self._rows: tuple[ConversationRow, ...] = ()
        self._drafts: frozenset[int] = frozenset()
        self._cursor = 0
        self._used = False
        self._away = False
        """No row is marked: what is shown beside the list does not stand in it."""
        self._cache: dict[tuple[int, bool], list[Strip]] = {}
        self._empty: tuple[str, ...] = ()
        self._above = self._below = False
        self.promises: Mapping[int, Promise] = {}
        """The promise that is due first, by conversation."""
        self.shown: Callable[[], int | None] = lambda: None
        """The conversation that is shown beside the list, or in front of it."""

    # ------------------------------------------------------------ data

    @property
    def rows(self) -> tuple[ConversationRow, ...]:
        """The rows in the window."""
        return self._rows

    @property
    def selected(self) -> ConversationRow | None:
        """The row under the cursor; None when none is marked."""
        return self._rows[self._cursor] if self._rows and not self._away else None

    def replace(
        self,
        rows: Sequence[ConversationRow],
        drafts: frozenset[int] = frozenset(),
        *,
        keep: bool = True,
        empty: tuple[str, ...] = (),
        above: bool = False,
        below: bool = False,
    ) -> None:
        """Show other rows.

        Args:
            rows: The whole window, newest first.
            drafts: Ids of conversations with a kept draft.
            keep: Stay on the selected conversation, at its place on the screen; when it is gone,
                on the row that took its place, or on none while the one that is gone is still
                shown: a command is not to reach another person. As long as nobody has touched the
                list, stay on top: while the first mail comes in, the newest is not to slip out of
                sight above.
            empty: What to say when there is no row.
            above: There are rows before the window.
            below: There are rows behind it.
        """
        before = self.selected
        old = self._cursor
        keep = keep and self._used
        self._rows, self._drafts, self._empty = tuple(rows), drafts, empty
        self._above, self._below = above, below
        self._cache.clear()
        ids = [row.id for row in self._rows]
        shown = self.shown()
        if keep and before is not None and before.id in ids:
            self._cursor = ids.index(before.id)
        elif keep and self._away and shown in ids:
            self._away, self._cursor = False, ids.index(shown)
        else:
            self._away = keep and (self._away or (before is not None and before.id == shown))
            self._cursor = min(old, max(0, len(ids) - 1)) if keep else 0
        self.virtual_size = Size(self.size.width, len(ids) * _LINES)
        if keep and self._cursor != old:
            self.scroll_to(
                y=self.scroll_offset.y + (self._cursor - old) * _LINES, animate=False, force=True
            )
        elif not keep:
            self.scroll_to(y=0, animate=False, force=True)
        self.call_after_refresh(self._show_cursor)
        self.refresh()

    def select_id(self, conversation_id: int) -> bool:
        """Put the cursor on a conversation; False when it is not in the window."""
        for index, row in enumerate(self._rows):
            if row.id == conversation_id:
                self.move_to(index)
                return True
        return False

    def let_go(self) -> None:
        """Mark no row, until somebody moves or what is shown comes back."""
        self._used = self._away = True
        self._repaint(self._cursor)

    def settle(self) -> None:
        """Mark the row where the cursor is: nothing else is shown any more."""
        if self._away:
            self._away = False
            self._repaint(self._cursor)

    def forget_times(self) -> None:
        """Words like `12 min` have aged: paint anew."""
        self._cache.clear()
        self.refresh()

    # ------------------------------------------------------------ moving

    def move(self, command_id: str) -> None:
        """Carry out one of the movement commands."""
        page = max(1, self.size.height // _LINES - 1)
        target = {
            "move-down": self._cursor + (not self._away),
            "move-up": self._cursor - 1,
            "page-down": self._cursor + page,
            "page-up": self._cursor - page,
            "go-top": 0,
            "go-bottom": len(self._rows) - 1,
        }[command_id]
        self.move_to(target)

    def move_to(self, index: int) -> None:
        """Put the cursor on a row by its place in the window."""
        self._used = True
        index = max(0, min(index, len(self._rows) - 1))
        if (index != self._cursor or self._away) and self._rows:
            for changed in (self._cursor, index):
                self._repaint(changed)
            self._cursor, self._away = index, False
            self._show_cursor()
        if self._below and index >= len(self._rows) - _NEAR:
            self.post_message(self.NearEnd())
        if self._above and index < _NEAR:
            self.post_message(self.NearTop())

    def _repaint(self, index: int) -> None:
        top = index * _LINES - self.scroll_offset.y
        self.refresh(Region(0, top, self.size.width, _LINES))

    def _show_cursor(self) -> None:
        top, height = self._cursor * _LINES, self.size.height
        offset = self.scroll_offset.y
        # Some rows at once: a cursor held down then repaints two rows a key, not the whole pane.
        stride = height // 3
        if top < offset:
            self._scroll(top if top < offset - height else top + _LINES - stride)
        elif top + _LINES > offset + height > 0:
            end = top + _LINES - height
            self._scroll(end if end > offset + height else end + stride - _LINES)

    def _scroll(self, y: int) -> None:
        self.scroll_to(y=max(0, y), animate=False, force=True)

    def on_key(self) -> None:
        """Somebody is at work here: from now on the cursor is theirs."""
        self._used = True

    def on_click(self, event: events.Click) -> None:
        """A click marks a row and opens it."""
        self._used = True
        index = (self.scroll_offset.y + event.y) // _LINES
        if not 0 <= index < len(self._rows):
            return
        self.move_to(index)
        self.post_message(self.Opened(self._rows[index]))

    # ------------------------------------------------------------ painting

    def on_resize(self) -> None:
        """The columns depend on the width."""
        self._cache.clear()
        self.virtual_size = Size(self.size.width, len(self._rows) * _LINES)
        self._show_cursor()

    def notify_style_update(self) -> None:
        """The theme changed."""
        super().notify_style_update()
        self._cache.clear()

    def on_focus(self) -> None:
        """The cursor looks different while the list has the focus."""
        self._cache.clear()
        self.refresh()

    def on_blur(self) -> None:
        """The cursor looks different while the list has the focus."""
        self._cache.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the visible part."""
        width = self.size.width
        line = self.scroll_offset.y + y
        index, part = divmod(line, _LINES)
        if index >= len(self._rows):
            return self._blank(y, width)
        marked = index == self._cursor and not self._away
        key = (self._rows[index].id, marked)
        strips = self._cache.get(key)
        if strips is None:
            strips = self._cache[key] = self._row_strips(self._rows[index], marked, width)
        return strips[part]

    def _blank(self, y: int, width: int) -> Strip:
        base = self.rich_style
        start = max(1, self.size.height // 3)
        if not self._rows and 0 <= y - start < len(self._empty):
            words = self._empty[y - start]
            role = "row--unread" if y == start else "row--quiet"
            style = base + self.get_component_rich_style(role, partial=True)
            left = max(0, (width - len(words)) // 2)
            return Strip([Segment(fit(" " * left + words, width), style)], width)
        return Strip.blank(width, base)

    def _row_strips(self, row: ConversationRow, marked: bool, width: int) -> list[Strip]:
        words = row_words(
            row, self._clock(), self._practice, self._drafts, self.promises.get(row.id)
        )
        base = self.rich_style
        if marked:
            base += self.get_component_rich_style("row--cursor", partial=True)
            if not self.has_focus:
                base += Style(dim=False)
        return [
            self._strip(self._first(words, width), marked, base, width),
            self._strip(self._second(words, width), marked, base, width),
        ]

    def _first(self, words: RowWords, width: int) -> list[tuple[str, str]]:
        fixed = 1 + 2 + 1 + _CHANNEL + 1 + _TIME + 1 + _WAITING + 1
        name = max(8, width - fixed)
        return [
            ("● " if words.unread else "  ", "row--unread"),
            (fit(words.name, name) + " ", "row--unread" if words.unread else "row--name"),
            (fit(words.channel, _CHANNEL) + " ", "row--quiet"),
            (f"{fit(words.time, _TIME)} ", "row--quiet"),
            (f"{words.waiting:>{_WAITING}}"[:_WAITING], "row--waiting"),
        ]

    def _second(self, words: RowWords, width: int) -> list[tuple[str, str]]:
        room = width - 3 - 1
        badges: list[tuple[str, str]] = []
        for role, badge in words.badges:
            needed = sum(cell_len(text) for text, _ in badges) + cell_len(badge) + 2
            if needed > room * 2 // 3 and badges:
                break
            badges.append((f"  {badge}", f"row--{role}"))
        left = room - sum(cell_len(text) for text, _ in badges)
        subject = cut(words.subject, left)
        parts = [("  ", ""), (subject, "row--subject")]
        rest = left - cell_len(subject)
        if words.snippet and rest > 12 and words.subject:
            parts.append((fit(f" · {words.snippet}", rest), "row--quiet"))
        elif words.snippet and not words.subject:
            parts[1] = (fit(words.snippet, left), "row--quiet")
        else:
            parts.append((" " * rest, ""))
        return [*parts, *badges]

    def _strip(self, parts: list[tuple[str, str]], marked: bool, base: Style, width: int) -> Strip:
        segments = [Segment("▌" if marked else " ", self._style("row--waiting", base))]
        segments.extend(Segment(text, self._style(role, base)) for text, role in parts if text)
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, role: str, base: Style) -> Style:
        return base + self.get_component_rich_style(role, partial=True) if role else base
