"""Every key, from the table of commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.commands import COMMANDS, Place, key_words, keys_of
from tui.widgets.cells import wrap

_SIGNS = (
    ("✓", "delivered, or proven to receive replies"),
    ("✗", "not delivered, or replies do not arrive"),
    ("!", "look at it: not delivered, held, or a line in trouble"),
    ("?", "unknown: a person, or whether a message left"),
    ("●", "unread"),
    ("◂ ▸", "from them, from us"),
    ("↩", "how they can answer, who sees it, until when"),
)

_SOUL = (
    "The two lines under what you write say from which line it leaves, why answers to it are "
    "known to arrive, who sees them, and until when."
)
_INDENT = 33


class HelpScreen(ModalScreen[None]):
    """What to press, and what the signs mean."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", "Back"),
        Binding("j,down", "scroll(1)", "Down"),
        Binding("k,up", "scroll(-1)", "Up"),
        Binding("space,pagedown", "scroll(15)", "Page down"),
        Binding("pageup", "scroll(-15)", "Page up"),
    ]

    def __init__(self, keymap: Mapping[str, str]) -> None:
        """Show keys after remapping by `keymap`."""
        super().__init__()
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """One section a place."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield Static("", id="text", markup=False)
        yield Static(" j k Space move · Esc back", classes="foot", markup=False)

    def on_resize(self) -> None:
        """The text is broken for a width."""
        self.query_one("#text", Static).update(self._text(max(40, self.size.width - 4)))

    def _text(self, width: int) -> Content:
        spans: list[tuple[str, str]] = [
            ("Every message you send can be answered, and every answer is seen.\n", "bold"),
            ("\n".join(wrap(_SOUL, width)) + "\n", ""),
        ]
        told: set[str] = set()
        for place in Place:
            here = [one for one in COMMANDS if place in one.places and one.id not in told]
            if not here:
                continue
            spans.append((f"\n{place.value}\n", "bold $primary"))
            for one in here:
                told.add(one.id)
                keys = " ".join(key_words(key) for key in keys_of(one, self._keymap)) or "—"
                told_in = wrap(one.help, width - _INDENT)
                spans += [
                    (f"  {keys:<11}", "bold $accent"),
                    (f"{one.title:<20}", ""),
                    (("\n" + " " * _INDENT).join(told_in) + "\n", "$quiet"),
                ]
        spans.append(("\nSigns\n", "bold $primary"))
        for sign, words in _SIGNS:
            spans += [(f"  {sign:<12}", "bold"), (f"{words}\n", "")]
        spans.append(("\nShift (or Option) and the mouse select text as usual.\n", ""))
        return Content.assemble(*spans)

    def action_scroll(self, lines: int) -> None:
        """Move by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
