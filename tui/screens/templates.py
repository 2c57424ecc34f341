"""Choosing a template, with what it says to this patient before it is put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static

from inbox.address import ChannelKind
from inbox.desk import Desk
from inbox.filling import Filled
from inbox.patient import Patient
from inbox.template import Shelf, Template
from inbox.template_lint import LintReport
from tui.screens.choose import Choice, Choose
from tui.screens.telling import tell

_MOST_LINES = 9
"""Of the preview; the rest is seen in the composer."""


class ChooseTemplate(Choose[str]):
    """Shows templates by title, and the marked one filled in."""

    def __init__(
        self, title: str, choices: Sequence[Choice[str]], filled: Mapping[str, Filled]
    ) -> None:
        """Offer `choices`, whose values are names in `filled`."""
        super().__init__(title, choices)
        self._filled = filled

    def compose(self) -> ComposeResult:
        """The list, and the preview below it."""
        yield from super().compose()

    def on_mount(self) -> None:
        """Put the preview below the list."""
        box = self.query_one(".box")
        box.mount(Static("", id="preview", markup=False), after="#choices")
        super().on_mount()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Another one is marked: show what it says."""
        event.stop()
        if event.option_index < len(self._shown):
            self._preview(self._filled[self._shown[event.option_index].value])

    def _preview(self, filled: Filled) -> None:
        lines = filled.text.splitlines()
        shown = "\n".join(lines[:_MOST_LINES]) + ("\n…" if len(lines) > _MOST_LINES else "")
        spans: list[Content | str | tuple[str, str]] = []
        if filled.subject:
            spans.append((f"{filled.subject}\n", "bold"))
        spans.append(shown)
        if filled.gaps:
            names = ", ".join(f"{{{name}}}" for name in filled.gaps)
            spans.append((f"\n! To fill in by hand: {names}", "$warning"))
        self.query_one("#preview", Static).update(Content.assemble(*spans))


async def choose_template(
    screen: Screen[Any], desk: Desk, channel: ChannelKind, patient: Patient | None
) -> tuple[Template, Filled] | None:
    """Let a person choose a template of a channel; None when they do not.

    Args:
        screen: Over which to ask.
        desk: Whose templates.
        channel: The channel of the draft.
        patient: Whom the draft is about.
    """
    shelf = await desk.templating.shelf()
    fitting = shelf.on_channel(channel)
    if not fitting:
        tell(screen.app, f"There is no template for {channel.words}.", *_why(shelf))
        return None
    reports = {one.template.name: one for one in await desk.templating.reports(shelf)}
    filled = {one.name: desk.templating.fill(one, patient) for one in fitting}
    choices = [Choice(one.name, one.title, _remark(reports[one.name], channel)) for one in fitting]
    chosen = await screen.app.push_screen_wait(
        ChooseTemplate(f"Which template, by {channel.words}?", choices, filled)
    )
    template = shelf.named(chosen.value) if chosen is not None else None
    return None if template is None else (template, filled[template.name])


def _why(shelf: Shelf) -> tuple[str, ...]:
    if shelf.bad:
        return (f"{len(shelf.bad)} cannot be used: `twoway templates list` says why.",)
    return ("`twoway templates copy` puts some there to edit.",)


def _remark(report: LintReport, channel: ChannelKind) -> str:
    """When the rules would not let it leave on this channel, in a few words."""
    refused = [one for one in report.refusals if one.channel is channel]
    if not refused:
        return report.template.category.value
    tried = sum(1 for kind, _ in report.tried if kind is channel)
    if len(refused) == tried:
        return f"✗ against the rules: {refused[0].finding.rule}"
    return f"! not {' or '.join(one.hours.value for one in refused)}"
