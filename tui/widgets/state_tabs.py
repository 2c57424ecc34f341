"""The lists one can look at, as one line of words with counts."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from inbox.conversation import COUNT_LIMIT, Counts, ListState

TABS: tuple[tuple[ListState, str, str], ...] = (
    (ListState.NEEDS_REPLY, "Needs reply", "Reply"),
    (ListState.WAITING, "Waiting", "Waiting"),
    (ListState.PROMISED, "Promises", "Prom."),
    (ListState.UNDELIVERED, "Not delivered", "Undeliv."),
    (ListState.UNKNOWN, "Unknown", "Unknown"),
    (ListState.SNOOZED, "Snoozed", "Snoozed"),
    (ListState.NEEDS_LOOK, "Needs a look", "Look"),
    (ListState.ALL, "All", "All"),
    (ListState.DONE, "Done", "Done"),
)
"""State, words, words where there is little room."""


def count_words(count: int) -> str:
    """A count as it is shown; counting stops at a limit."""
    return f"{COUNT_LIMIT - 1}+" if count >= COUNT_LIMIT else str(count)


class StateTabs(Widget):
    """One line of tabs; the chosen one is in brackets, not only in colour."""

    counts: reactive[Counts | None] = reactive(None)
    state: reactive[ListState] = reactive(ListState.NEEDS_REPLY)
    mine: reactive[bool] = reactive(False)

    class Chosen(Message):
        """A person clicked on a tab."""

        def __init__(self, state: ListState) -> None:
            self.state = state
            super().__init__()

    def _labels(self) -> list[tuple[ListState, str]]:
        numbers: dict[ListState, int] = {}
        if self.counts is not None:
            numbers = {
                ListState.NEEDS_REPLY: self.counts.needs_reply,
                ListState.WAITING: self.counts.waiting,
                ListState.PROMISED: self.counts.promised,
                ListState.UNDELIVERED: self.counts.undelivered,
                ListState.UNKNOWN: self.counts.unknown,
                ListState.SNOOZED: self.counts.snoozed,
                ListState.NEEDS_LOOK: self.counts.needs_look,
            }

        def label(state: ListState, words: str) -> str:
            count = numbers.get(state, 0)
            words = f"{words} {count_words(count)}" if count else words
            return f"[{words}]" if state is self.state else f" {words} "

        # Hardly ever is there anything in it, and then it must be seen.
        tabs = [tab for tab in TABS if tab[0] is not ListState.NEEDS_LOOK or self._is_look_shown()]
        labels = [(state, label(state, words)) for state, words, _ in tabs]
        room = self.size.width - (len(" · mine only") if self.mine else 0)
        # The chosen one is the last to be shortened.
        for at in sorted(range(len(tabs)), key=lambda at: (tabs[at][0] is self.state, -at)):
            if sum(len(text) for _, text in labels) <= room:
                break
            state, _, short = tabs[at]
            labels[at] = (state, label(state, short))
        return labels

    def _is_look_shown(self) -> bool:
        some = self.counts is not None and self.counts.needs_look > 0
        return some or self.state is ListState.NEEDS_LOOK

    def render(self) -> Content:
        """All tabs."""
        spans: list[tuple[str, str]] = []
        for state, text in self._labels():
            trouble = state is ListState.UNDELIVERED and text.strip(" []") not in {
                "Not delivered", "Undeliv.",
            }  # fmt: skip
            style = "bold $error" if trouble else "$quiet"
            if state is self.state:
                style = "bold $error" if trouble else "bold $primary"
            spans.append((text, style))
        if self.mine:
            spans.append((" · mine only", "bold $accent"))
        overdue = self.counts.overdue if self.counts is not None else 0
        words = f" · {count_words(overdue)} overdue" if overdue else ""
        if sum(len(text) for text, _ in spans) + len(words) <= self.size.width:
            spans.append((words, "bold $error"))
        return Content.assemble(*spans)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the pointer."""
        at = event.get_content_offset_capture(self).x
        for state, text in self._labels():
            if at < len(text):
                self.post_message(self.Chosen(state))
                return
            at -= len(text)
