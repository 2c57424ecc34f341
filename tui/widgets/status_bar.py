"""The top of every screen: the practice, each line's health, whether the phones are staffed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox.address import ChannelKind
from inbox.line import LineState
from inbox.reply_path import ProofState
from inbox.words import health_words, missing_words, phones_words
from tui.widgets.cells import cut, one_line

if TYPE_CHECKING:
    from inbox.clock import Clock
    from inbox.practice import Practice
    from inbox.view import LineView

_PROOF_TROUBLE = {
    ProofState.FAILED: "✗ replies do not arrive",
    ProofState.UNVERIFIED: "? not proven",
    ProofState.PROVING: "… being proven",
    ProofState.STALE: "? proof too old",
}


_FINE = "$quiet"
_NAME = 14
"""Cells that the practice's name gets at least."""
_LEAST = 10
"""Those it gets where even the shortest words about the phones have hardly any room."""


def _day_off(phones: str) -> bool:
    """Whether the words about the phones speak of a day off."""
    return phones.startswith("closed ")


def _brief(phones: str) -> str:
    """The shortest words about the phones: `phones to 17:00`, `phones off`."""
    if phones.startswith("phones off"):
        return "phones off"
    return phones.replace("phones staffed until ", "phones to ")


def line_label(view: LineView, lines: Sequence[LineView]) -> str:
    """What a line is called in the status bar: its channel, or its id when there are several."""
    alone = sum(1 for other in lines if other.line.channel is view.line.channel) == 1
    channel = view.line.channel
    # What staff call it: nobody at a desk says sms.
    kind = "text" if channel is ChannelKind.SMS else channel.value
    return kind if alone else view.line.id


def line_words(view: LineView, now: datetime) -> tuple[str, bool]:
    """A line in a few words, with a sign that needs no colour, and whether all is well."""
    if view.by_hand:
        return "· by hand", True
    health = view.health
    stopped = health is not None and health.state is LineState.STOPPED
    retrying = health is not None and health.state is LineState.RETRYING
    if stopped:
        return "✗ stopped", False
    if view.proof.state is ProofState.FAILED:
        return _PROOF_TROUBLE[ProofState.FAILED], False
    if retrying:
        return "! reconnecting", False
    if view.proof.state in _PROOF_TROUBLE:
        return _PROOF_TROUBLE[view.proof.state], False
    if health is None:
        return "· not connected", True
    if health.missing and health.state is not LineState.SYNCING:
        return f"! {health.missing:,} missing", False
    if health.last_poll_at is not None and health.state is LineState.READY:
        seconds = max(0, int((now - health.last_poll_at).total_seconds()))
        return f"✓ {seconds}s" if seconds < 60 else f"✓ {health_words(health, now)}", True
    return f"… {health_words(health, now)}", True


def trouble_words(lines: Sequence[LineView]) -> str:
    """One sentence that names the lines whose mail is not known to be here; empty when fine."""
    sentences = []
    for view in lines:
        if view.by_hand:
            continue
        health = view.health
        if health is not None and health.state in {LineState.STOPPED, LineState.RETRYING}:
            why = one_line(health.sentence) or "It is not connected."
            sentences.append(f"{view.line.id}: {why}")
        elif view.proof.state in _PROOF_TROUBLE:
            sentences.append(f"{view.line.id}: {one_line(view.proof_words)}.")
        elif health is not None and health.missing:
            sentences.append(f"{view.line.id}: {missing_words(health)}")
    return "  ".join(sentences)


class StatusBar(Widget):
    """One line; what matters most stays when there is little room."""

    lines: reactive[tuple[LineView, ...]] = reactive((), repaint=False)
    promises: reactive[tuple[str, bool]] = reactive(("", False))
    """What is promised, in words, and whether a promise is broken."""

    def __init__(self, practice: Practice, clock: Clock, *, id_: str | None = None) -> None:
        """Speak of `practice` by `clock`."""
        super().__init__(id=id_)
        self._practice = practice
        self._clock = clock
        self._shown: list[tuple[str, str]] = []

    def on_mount(self) -> None:
        """Words age: look each second whether they have."""
        self.set_interval(1, self.tick)

    def watch_lines(self) -> None:
        """The lines changed, though perhaps not what is said of them."""
        self.tick()

    def tick(self) -> None:
        """Paint again when there is something else to say."""
        if self._words() != self._shown:
            self.refresh()

    def render(self) -> Content:
        """Practice, lines, phones."""
        self._shown = self._words()
        return Content.assemble(*self._shown)

    def _words(self) -> list[tuple[str, str]]:
        now, width = self._clock(), self.size.width - 2
        phones = phones_words(self._practice, now)
        parts: list[tuple[str, str]] = []
        if self.promises[0]:
            parts.append((self.promises[0], "bold $error" if self.promises[1] else "bold $accent"))
        for view in sorted(self.lines, key=lambda one: line_words(one, now)[1]):
            words, fine = line_words(view, now)
            style = _FINE if fine else "bold $error"
            parts.append((f"{line_label(view, self.lines)} {words}", style))
        used = sum(len(text) + 2 for text, _ in parts)
        while parts and used + 12 > width:
            used -= len(parts.pop()[0]) + 2
        shortest = phones.partition(" · ")[0].partition(" (")[0]
        brief = _brief(shortest)
        # Whether somebody answers the phone matters more than lines that are well: it is shown in
        # place of them, on a day off with what day it is.
        needed = len(shortest) + _NAME if _day_off(phones) else len(brief) + _LEAST
        while phones and width - used < needed and parts:
            if parts[-1][1] != _FINE:
                break
            used -= len(parts.pop()[0]) + 2
        rest = width - used
        for words in (phones, phones.partition(" (")[0], shortest, brief, ""):
            phones = words
            if rest >= len(words) + (_LEAST if words == brief else _NAME):
                break
        name = self._practice_words(max(8, rest - len(phones) - 2))
        gap = max(1, width - used - len(phones) - cell_len(name))
        spans: list[tuple[str, str]] = [(name, "bold $primary"), ("  ", "")]
        for text, style in parts:
            spans += [(text, style), ("  ", "")]
        spans += [(" " * max(0, gap - 2), ""), (phones, "$foreground")]
        return spans

    def _practice_words(self, room: int) -> str:
        """The practice's name as far as it fits, ended at a word."""
        practice = one_line(self._practice.name)
        for name in (f"Twoway · {practice}", practice):
            if cell_len(name) <= room:
                return name
        words, _, _ = cut(practice, room).rpartition(" ")
        return f"{words}…" if words else cut(practice, room)


class TroubleBar(Widget):
    """Names every line whose mail is not known to be all here; absent when all is well."""

    words: reactive[str] = reactive("", layout=True)

    def watch_words(self, words: str) -> None:
        """Take no room without trouble."""
        self.display = bool(words)

    def render(self) -> Content:
        """The sentence and the key that shows more."""
        more = "  L shows the lines"
        room = max(10, self.size.width - 4 - len(more))
        return Content.assemble("! ", cut(self.words, room), (more, "dim"))
