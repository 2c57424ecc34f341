"""Choosing a template, with what it says to this patient before it is put in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from inbox.address import ChannelKind
from inbox.desk import Desk
from inbox.filling import Filled
from inbox.patient import Patient
from inbox.template import Shelf, Template
from inbox.template_lint import LintReport
from tui.screens.choose import Choice, Choose
from tui.screens.telling import tell

_FEW_LINES, _MANY_LINES = 4, 12
"""Of the preview on a low and on a high terminal; the rest is seen in the composer."""
_LOW = 30


class ChooseTemplate(Choose[str]):
    """Shows templates by title, and the marked one filled in."""

    def __init__(
        self, title: str, choices: Sequence[Choice[str]], filled: Mapping[str, Filled]
    ) -> None:
        """Offer `choices`, whose values are names in `filled`."""
        super().__init__(title, choices)
        self._filled = filled

    def compose(self) -> ComposeResult:
        """Title, field, list, and what the marked one says."""
        with Vertical(classes="box"):
            yield Static(self._title, classes="title", markup=False)
            yield Input(placeholder=self._placeholder, id="narrow")
            yield OptionList(id="choices", markup=False)
            yield Static("", id="preview", markup=False)
            yield Static("Enter chooses · Esc goes back", classes="quiet", markup=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Another one is marked: show what it says."""
        event.stop()
        if event.option_index < len(self._shown):
            self._preview(self._filled[self._shown[event.option_index].value])

    def _preview(self, filled: Filled) -> None:
        spans: list[Content | str | tuple[str, str]] = []
        if filled.gaps:
            names = ", ".join(f"{{{name}}}" for name in filled.gaps)
            spans.append((f"! To fill in by hand: {names}\n", "$warning"))
        if filled.subject:
            spans.append((f"{filled.subject}\n", "bold"))
        most = _FEW_LINES if self.app.size.height < _LOW else _MANY_LINES
        lines = [line for line in filled.text.splitlines() if line.strip() or most > _FEW_LINES]
        spans.append("\n".join(lines[:most]) + ("\n…" if len(lines) > most else ""))
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


async def tell_troubles(app: App[Any], desk: Desk) -> None:
    """Say once how many of the practice's own templates cannot be used as they are."""
    templating = await asyncio.to_thread(lambda: desk.templating)
    shelf = await templating.shelf()
    never = 0 if shelf.shipped else sum(one.never for one in await templating.reports(shelf))
    number = len(shelf.bad) + never
    if number:
        said = "One template" if number == 1 else f"{number} templates"
        tell(app, f"{said} cannot be used.", "`twoway templates list` says why.", trouble=True)


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
