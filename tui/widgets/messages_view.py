"""The messages of a conversation, painted line by line; one of them is marked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message as Event
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from inbox.marks import Marks
from inbox.matching import writer_relation
from inbox.message import Direction, Message, Nature
from tui.commands import Place, bindings_at
from tui.widgets.cells import wrap
from tui.widgets.message_lines import Around, Beside, Line, Look, message_lines

if TYPE_CHECKING:
    from inbox.clock import Clock
    from inbox.patient import Patient
    from inbox.practice import Practice

_ROLES = (
    "in", "out", "in-name", "out-name", "subject", "text", "quiet", "hint", "good", "pending",
    "trouble", "doubt", "file", "note", "note-head", "machine", "marked",
)  # fmt: skip


class MessagesView(ScrollView, can_focus=True):
    """Shows messages in time order; lays each out once for a width."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.CONVERSATION)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"msg--{role}" for role in _ROLES}

    class NearTop(Event):
        """The first line is shown; there may be earlier messages."""

    class Clicked(Event):
        """A person clicked on a line that names a command."""

        def __init__(self, command_id: str) -> None:
            self.command_id = command_id
            super().__init__()

    def __init__(self, practice: Practice, clock: Clock, *, id_: str | None = None) -> None:
        """Show times of `practice` by `clock`."""
        super().__init__(id=id_)
        self._practice = practice
        self._clock = clock
        self._messages: tuple[Message, ...] = ()
        self._subject = ""
        self._more = False
        self._welcome: tuple[str, ...] = ()
        self._looks: dict[int, Look] = {}
        self._laid: dict[int, tuple[Message, Look, int, Beside, list[Line]]] = {}
        self._lines: list[Line] = []
        self._starts: list[int] = []
        self._marked = 0
        self._laid_width = 0
        self._marks = Marks()
        self._patient: Patient | None = None

    # ------------------------------------------------------------ data

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages that are shown."""
        return self._messages

    @property
    def marked(self) -> Message | None:
        """The message that commands speak of."""
        return self._messages[self._marked] if self._messages else None

    def mark_up(self, marks: Marks, patient: Patient | None) -> None:
        """Show these marks of a conversation about `patient`, from the next `show` or `update`."""
        self._marks, self._patient = marks, patient

    def show(self, messages: Sequence[Message], subject: str, *, more: bool, unread: bool) -> None:
        """Show a conversation from its first unread message, else from its end."""
        self._messages, self._subject, self._more = tuple(messages), subject, more
        self._looks.clear()
        self._laid.clear()
        self._marked = self._first_new() if unread else self._last_spoken()
        self._lay_out()
        self.call_after_refresh(self._show_marked if unread else self._to_end)

    def update(self, messages: Sequence[Message], *, more: bool) -> None:
        """Show the same conversation as it is now; stay at the same place, or at the end."""
        at_end = self.scroll_offset.y >= self.max_scroll_y - 1
        marked = self.marked
        grown = len(messages) > len(self._messages)
        before = self._starts[self._marked] if marked else 0
        self._messages, self._more = tuple(messages), more
        ids = [message.id for message in self._messages]
        if marked is not None and marked.id in ids:
            self._marked = ids.index(marked.id)
        else:
            self._marked = self._last_spoken()
        if at_end and grown:
            self._marked = self._last_spoken()
        self._lay_out()
        if at_end:
            self.call_after_refresh(self._to_end)
        elif self._starts:
            shift = self._starts[self._marked] - before
            self.scroll_to(y=self.scroll_offset.y + shift, animate=False, force=True)

    def clear(self, welcome: Sequence[str] = ()) -> None:
        """Show no conversation, but some lines of words."""
        self._messages, self._more, self._welcome = (), False, tuple(welcome)
        self._lay_out()

    def toggle(self, *, whole: bool = False, details: bool = False) -> None:
        """Change how the marked message is shown."""
        marked = self.marked
        if marked is None:
            return
        look = self._looks.get(marked.id, Look())
        self._looks[marked.id] = replace(
            look, whole=look.whole ^ whole, details=look.details ^ details
        )
        self._lay_out()
        self._show_marked()

    def forget_times(self) -> None:
        """The day may have changed: lay out anew."""
        self._laid.clear()
        self._lay_out()

    def _first_new(self) -> int:
        """The first inbound message after our last one, else the last inbound one."""
        first = len(self._messages) - 1
        for index in range(len(self._messages) - 1, -1, -1):
            message = self._messages[index]
            if message.direction is Direction.OUTBOUND:
                break
            if message.direction is Direction.INBOUND and message.nature.wants_answer:
                first = index
        return max(0, first)

    def _last_spoken(self) -> int:
        """The last message that a person wrote."""
        machines = {Nature.BOUNCE, Nature.AUTO_REPLY, Nature.RECEIPT, Nature.PROBE}
        for index in range(len(self._messages) - 1, -1, -1):
            if self._messages[index].nature not in machines:
                return index
        return max(0, len(self._messages) - 1)

    # ------------------------------------------------------------ moving

    def move(self, command_id: str) -> None:
        """Carry out one of the movement commands."""
        page = max(1, self.size.height - 2)
        y = self.scroll_offset.y
        if command_id in {"next-message", "previous-message"}:
            self.mark(self._marked + (1 if command_id == "next-message" else -1))
            return
        target = {
            "move-down": y + 1,
            "move-up": y - 1,
            "page-down": y + page,
            "page-up": y - page,
            "go-top": 0,
            "go-bottom": self.max_scroll_y,
        }[command_id]
        if command_id == "go-top":
            self._mark_only(0)
        elif command_id == "go-bottom":
            self._mark_only(len(self._messages) - 1)
        self.scroll_to(y=target, animate=False, force=True)
        if target <= 0 and self._more:
            self.post_message(self.NearTop())

    def mark(self, index: int) -> None:
        """Mark a message by its place and show it."""
        if index < 0 and self._more:
            self.post_message(self.NearTop())
        self._mark_only(index)
        self._show_marked()

    def _mark_only(self, index: int) -> None:
        self._marked = max(0, min(index, len(self._messages) - 1))
        self.refresh()

    def _show_marked(self) -> None:
        if not self._starts:
            return
        top = self._starts[self._marked]
        end = self._end_of(self._marked)
        y, height = self.scroll_offset.y, self.size.height
        if top < y or end - top >= height:
            self.scroll_to(y=top, animate=False, force=True)
        elif end > y + height:
            self.scroll_to(y=end - height, animate=False, force=True)

    def _to_end(self) -> None:
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def _end_of(self, index: int) -> int:
        return self._starts[index + 1] if index + 1 < len(self._starts) else len(self._lines)

    def on_click(self, event: events.Click) -> None:
        """Mark the message under the pointer; a hint under it runs its command."""
        y = self.scroll_offset.y + event.y
        if not self._starts or y >= len(self._lines):
            return
        self._mark_only(max(0, bisect_right(self._starts, y) - 1))
        roles = {role for _, role in self._lines[y]}
        words = "".join(text for text, _ in self._lines[y])
        if "file" in roles:
            self.post_message(self.Clicked("save-attachment"))
        elif "hint" in roles:
            self.post_message(self.Clicked("earlier" if "earlier mes" in words else "whole-text"))

    # ------------------------------------------------------------ painting

    def _lay_out(self) -> None:
        width = self.size.width
        self._laid_width = width
        lines: list[Line] = []
        starts: list[int] = []
        if self._more:
            lines += [(("▴ earlier messages: b loads them", "hint"),), (("", ""),)]
        if not self._messages:
            lines = [
                ((f"  {part}", "quiet"),)
                for text in self._welcome
                for part in wrap(text, max(10, width - 6))
            ]
        by_rfc_id = {one.message_id: one for one in self._messages if one.message_id}
        for message in self._messages:
            starts.append(len(lines))
            lines += self._lines_of(message, width, by_rfc_id)
        self._lines, self._starts = lines, starts
        self.virtual_size = Size(width, len(lines))
        self.refresh()

    def _lines_of(self, message: Message, width: int, known: dict[str, Message]) -> list[Line]:
        look = self._looks.get(message.id, Look())
        beside = self._beside(message)
        laid = self._laid.get(message.id)
        if laid is not None and laid[0] == message and laid[1:4] == (look, width, beside):
            return laid[4]
        about = next(
            (
                known[id_]
                for id_ in (*message.in_reply_to, *reversed(message.references))
                if id_ in known and known[id_].direction is Direction.OUTBOUND
            ),
            None,
        )
        around = Around(self._practice, self._clock(), self._subject, about, beside)
        lines = message_lines(message, width, look, around) if width else []
        self._laid[message.id] = (message, look, width, beside, lines)
        return lines

    def _beside(self, message: Message) -> Beside:
        """What stands beside the words of a message."""
        patient = self._patient
        other = self._marks.names.get(message.patient_id or "", "")
        relation = ""
        if patient is not None and not other and message.direction is Direction.INBOUND:
            day = message.at.astimezone(self._practice.timezone).date()
            relation = writer_relation(message.sender, patient, day)
        alone = other or (patient.given if patient is not None else "the patient")
        return Beside(
            self._marks.of(message.id),
            "" if patient is None else other,
            relation,
            alone if message.confidential else "",
        )

    def on_resize(self) -> None:
        """Lines are laid out for a width."""
        if self.size.width != self._laid_width:
            top = self._starts[self._marked] if self._starts else 0
            shown = top - self.scroll_offset.y
            self._lay_out()
            if self._starts:
                y = self._starts[self._marked] - max(0, shown)
                self.scroll_to(y=y, animate=False, force=True)
        self.call_after_refresh(self._show_marked)

    def render_line(self, y: int) -> Strip:
        """One line of the visible part."""
        width = self.size.width
        at = self.scroll_offset.y + y
        base = self.rich_style
        if at >= len(self._lines):
            return Strip.blank(width, base)
        marked = bool(self._starts) and self._starts[self._marked] <= at
        marked = marked and at < self._end_of(self._marked) - 1
        role = "msg--marked"
        bar = base + self.get_component_rich_style(role, partial=True) if marked else base
        segments = [Segment("▌" if marked else " ", bar)]
        note = False
        for text, name in self._lines[at]:
            style = base
            if name:
                style = base + self.get_component_rich_style(f"msg--{name}", partial=True)
                note = note or name == "note"
            segments.append(Segment(text, style))
        fill: Style = segments[-1].style or base if note else base
        strip = Strip(segments).adjust_cell_length(width, fill)
        selection = self.text_selection
        if selection is not None:
            span = selection.get_span(at)
            if span is not None:
                start, end = span
                end = width if end == -1 else end
                chosen = self.screen.get_component_rich_style("screen--selection")
                strip = Strip.join(
                    [
                        strip.crop(0, start),
                        strip.crop(start, end).apply_style(chosen),
                        strip.crop(end, width),
                    ]
                )
        return strip.apply_offsets(0, at)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that was selected with the mouse."""
        text = "\n".join(" " + "".join(part for part, _ in line).rstrip() for line in self._lines)
        return selection.extract(text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selection."""
        self.refresh()
