"""Reads a text of any length: only the lines on the screen are prepared."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from tui.widgets.cells import fit, many_lines

_LONGEST = 500
"""Longer lines are continued on the next one."""


class LongText(ScrollView, can_focus=True):
    """Lines of a text, made safe as they are painted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down"),
        Binding("k", "scroll_up", "Up"),
        Binding("space", "page_down", "Page down"),
        Binding("g", "scroll_home", "Top"),
        Binding("G", "scroll_end", "Bottom"),
    ]

    def __init__(self, text: str) -> None:
        """Show `text`."""
        super().__init__()
        self._lines: list[str] = []
        for line in text.split("\n"):
            if len(line) <= _LONGEST:
                self._lines.append(line)
            else:
                self._lines.extend(
                    line[start : start + _LONGEST] for start in range(0, len(line), _LONGEST)
                )
        longest = max((len(line) for line in self._lines), default=1)
        self.virtual_size = Size(min(longest, _LONGEST) + 1, len(self._lines))

    def render_line(self, y: int) -> Strip:
        """One line of the visible part."""
        left, top = self.scroll_offset
        width = self.size.width
        at = top + y
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = many_lines(self._lines[at])
        return Strip([Segment(fit(line[left:], width), self.rich_style)], width)


class Reader(ModalScreen[None]):
    """One text under a title."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,v", "dismiss", "Back"),
        Binding("y", "copy", "Copy"),
    ]

    def __init__(self, title: str, text: str) -> None:
        """Show `text` under `title`."""
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        yield Static(self._title, classes="head", markup=False)
        yield LongText(self._text)
        yield Static(" j k Space g G move · y copies · Esc back", classes="foot", markup=False)

    def action_copy(self) -> None:
        """Copy all of it."""
        self.app.copy_to_clipboard(self._text)
        self.app.notify("Copied.", markup=False)
