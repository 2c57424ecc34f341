"""Who a conversation is about: contact points, proxies, what the privacy form allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox.patient import Consent, ContactPoint, Patient, PointHealth, PointUse, VoicemailConsent
from tui.widgets.cells import one_line
from tui.widgets.row_words import time_words

if TYPE_CHECKING:
    from inbox.clock import Clock
    from inbox.conversation import ConversationRow
    from inbox.desk import ConversationView
    from inbox.practice import Practice

_CONSENT = {
    Consent.UNKNOWN: "not asked",
    Consent.IMPLIED: "they began it",
    Consent.ACCEPTED: "accepted",
    Consent.DECLINED: "DECLINED",
}
_VOICEMAIL = {
    VoicemailConsent.UNKNOWN: "not asked",
    VoicemailConsent.NONE: "NO voicemail",
    VoicemailConsent.CALLBACK_ONLY: "callback only",
    VoicemailConsent.DETAILED: "details allowed",
}
Span = tuple[str, str]
_QUIET, _HEAD = "$quiet", "bold $primary"


class PatientPanel(Widget):
    """Plain words; long ones wrap."""

    view: reactive[ConversationView | None] = reactive(None, layout=True)
    promises: reactive[tuple[str, ...]] = reactive((), layout=True)
    """What stands promised to them, in words."""

    def __init__(
        self, practice: Practice, clock: Clock, link_key: str, *, id_: str | None = None
    ) -> None:
        """Show times of `practice` by `clock`; `link_key` is the key that links a patient."""
        super().__init__(id=id_)
        self._practice = practice
        self._clock = clock
        self._link_key = link_key

    def render(self) -> Content:
        """The patient, or who it may be."""
        view = self.view
        if view is None:
            return Content.styled("Nobody is chosen.", _QUIET)
        lines = _patient(view.patient) if view.patient else self._unknown(view)
        if self.promises:
            lines += [[], [("Promises", _HEAD)]]
            lines += [[(one_line(one, 120), "bold")] for one in self.promises]
        lines += self._others(view.others)
        spans: list[Span] = []
        for line in lines:
            spans += [*line, ("\n", "")]
        return Content.assemble(*spans)

    def _unknown(self, view: ConversationView) -> list[list[Span]]:
        lines: list[list[Span]] = [
            [("? Not linked to a patient", "bold $warning")],
            [(one_line(view.row.person, 80), "bold")],
            [(one_line(view.row.person_address, 120), "")],
            [],
        ]
        if view.candidates:
            lines.append([("This address belongs to", _QUIET)])
            lines += [[(f"  {one_line(patient.name, 60)}", "")] for patient in view.candidates]
        lines.append([(self._link_key, "bold $accent"), (" links a patient", _QUIET)])
        return lines

    def _others(self, others: Sequence[ConversationRow]) -> list[list[Span]]:
        if not others:
            return []
        lines: list[list[Span]] = [[], [("Other conversations", _HEAD)]]
        for row in others[:8]:
            when = time_words(row.last_message_at, self._clock(), self._practice)
            channel = row.channels[0].words if row.channels else "note"
            subject = one_line(row.subject, 60) or one_line(row.snippet, 40)
            lines.append([(f"{when} {channel} ", _QUIET), (subject, "")])
        return lines


def _patient(patient: Patient) -> list[list[Span]]:
    lines: list[list[Span]] = [[(one_line(patient.name, 80), "bold")]]
    if patient.birth_date is not None:
        lines.append([("born ", _QUIET), (patient.birth_date.isoformat(), "")])
    if patient.preferred_channel is not None:
        lines.append([("prefers ", _QUIET), (patient.preferred_channel.words, "bold")])
    if patient.language:
        lines.append([("speaks ", _QUIET), (one_line(patient.language, 20), "")])
    lines += [[], [("Contact", _HEAD)]]
    for point in sorted(patient.points, key=lambda one: one.rank):
        lines += _point(point)
    if not patient.points:
        lines.append([("none known", _QUIET)])
    for proxy in patient.proxies:
        until = f", until {proxy.until.isoformat()}" if proxy.until else ""
        lines += [[], [(one_line(proxy.name, 60), "bold")]]
        lines.append([(one_line(proxy.relation, 40) + until, _QUIET)])
        for point in proxy.points:
            lines += _point(point)
    form = patient.form
    dated = f" {form.form_date.isoformat()}" if form.form_date else " missing"
    lines += [
        [],
        [("Privacy form", _HEAD), (dated, _QUIET)],
        [("e-mail ", _QUIET), (_CONSENT[form.email], "")],
        [("text ", _QUIET), (_CONSENT[form.sms], "")],
        [("voicemail ", _QUIET), (_VOICEMAIL[form.voicemail], "")],
    ]
    if form.confidential is not None:
        lines.append([("write ONLY to ", "bold $warning"), (one_line(form.confidential.value), "")])
    if form.may_tell:
        names = ", ".join(one_line(one.name, 40) for one in form.may_tell)
        lines.append([("may tell ", _QUIET), (names, "")])
    return lines


def _point(point: ContactPoint) -> list[list[Span]]:
    line: list[Span] = [(one_line(point.value, 120), "")]
    if point.use in {PointUse.OLD, PointUse.WORK, PointUse.TEMP}:
        line.append((f" {point.use.value}", _QUIET))
    if point.health is not PointHealth.BAD:
        return [line]
    why = one_line(point.health_reason, 120) or "does not work"
    return [line, [(f"  ✗ {why}", "bold $error")]]
