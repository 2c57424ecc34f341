"""The rows of the privacy form: what each says, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.content import Content

from inbox.answer import ANSWERS
from inbox.difference import differences, point_words
from inbox.patient import ContactPoint, Patient, PointHealth, Proxy
from tui.widgets.cells import fit, one_line
from tui.widgets.form_words import access_words, said_words, shared_words

if TYPE_CHECKING:
    from datetime import date, tzinfo

    from inbox.forms import FormView

_TITLE: Final = 22
_BESIDE: Final = " · "
_GROUPS: Final = {
    "form_date": "The form",
    "voicemail": "Voicemail, and who may be told",
    "email": "Being written to",
    "confidential": "How they want to be reached",
}
"""Headings, before these answers."""
ADD_POINT, ADD_PROXY = "add a contact point", "add a proxy"


@dataclass(frozen=True, slots=True)
class Row:
    """One row."""

    words: Content
    subject: str = ""
    """Id of an answer, `contact VALUE`, `proxy NAME`, or what is to be added; empty: a heading."""

    @property
    def heading(self) -> bool:
        """It can only be read."""
        return not self.subject


def form_rows(view: FormView, patient: Patient, today: date, zone: tzinfo) -> list[Row]:
    """Every row of a form.

    Args:
        view: As it is kept.
        patient: As it was changed on the screen; what differs is marked with `*`.
        today: Where the practice is.
        zone: The practice's time zone.
    """
    changed = {one.field for one in differences(view.patient, patient)}
    rows: list[Row] = []
    for one in ANSWERS:
        if one.id in _GROUPS:
            rows.append(_heading(_GROUPS[one.id]))
        rows.append(_row(one.id, one.title, [(one.words(patient) or "—", "")], changed))
    rows.append(_heading("Contact points"))
    rows += [
        _row(f"contact {point.value}", "", _point(point, view, zone), changed)
        for point in sorted(patient.points, key=lambda point: point.rank)
    ]
    rows += [_row(ADD_POINT, "", [("+ add a contact point", "$accent")], changed)]
    rows.append(_heading("Proxies"))
    rows += [
        _row(f"proxy {proxy.name}", "", _proxy(proxy, view, today, zone), changed)
        for proxy in patient.proxies
    ]
    rows += [_row(ADD_PROXY, "", [("+ add a proxy", "$accent")], changed)]
    return rows


def _heading(words: str) -> Row:
    return Row(Content.assemble((words, "bold $primary")))


def _row(subject: str, title: str, words: Sequence[tuple[str, str]], changed: set[str]) -> Row:
    mark = ("* ", "bold $warning") if subject in changed else ("  ", "")
    spans = [mark, *([(fit(title, _TITLE), "$quiet")] if title else []), *words]
    return Row(
        Content.assemble(
            *((text if text == _BESIDE else one_line(text, 400), style) for text, style in spans)
        ),
        subject,
    )


def _point(point: ContactPoint, view: FormView, zone: tzinfo) -> list[tuple[str, str]]:
    bad = point.health is PointHealth.BAD
    spans = [(f"{point.value}  ", ""), (point_words(point), "bold $error" if bad else "$quiet")]
    spans += _said(point, view, zone)
    shared = shared_words(point, view.shared)
    return [*spans, (_BESIDE, "$quiet"), (shared, "$warning")] if shared else spans


def _proxy(proxy: Proxy, view: FormView, today: date, zone: tzinfo) -> list[tuple[str, str]]:
    ended = proxy.ended_by(today)
    words = ", ".join(part for part in (proxy.relation, access_words(proxy, today)) if part)
    spans = [(f"{proxy.name}  ", "$quiet" if ended else ""), (words, "$quiet")]
    for point in proxy.points:
        spans += [(_BESIDE, "$quiet"), (point.value, "$quiet"), *_said(point, view, zone)]
    return spans


def _said(point: ContactPoint, view: FormView, zone: tzinfo) -> list[tuple[str, str]]:
    return [
        span
        for words, no in said_words(point, view.consents, zone)
        for span in ((_BESIDE, "$quiet"), (words, "bold $error" if no else "$quiet"))
    ]
