"""Who a conversation is about: contact points, proxies, what the privacy form allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox.address import Address
from inbox.number import number_words
from inbox.patient import (
    Consent,
    ContactPoint,
    Patient,
    PointHealth,
    PointUse,
    PortalState,
    PrivacyForm,
    Proxy,
    VoicemailConsent,
)
from tui.widgets.cells import one_line
from tui.widgets.row_words import time_words

if TYPE_CHECKING:
    from inbox.clock import Clock
    from inbox.conversation import ConversationRow
    from inbox.practice import Practice
    from inbox.view import ConversationView

_CONSENT = {
    Consent.UNKNOWN: "not asked",
    Consent.IMPLIED: "they began it",
    Consent.ACCEPTED: "accepted",
    Consent.DECLINED: "DECLINED",
}
_PORTAL = {
    PortalState.UNKNOWN: "account not known",
    PortalState.NONE: "no account",
    PortalState.INVITED: "invited",
    PortalState.ACTIVE: "account active",
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
        self,
        practice: Practice,
        clock: Clock,
        link_key: str,
        *,
        form_key: str = "",
        id_: str | None = None,
    ) -> None:
        """Show times of `practice` by `clock`.

        Args:
            practice: Whose time it is.
            clock: The present moment.
            link_key: The key that links a patient.
            form_key: The key that opens the privacy form.
            id_: Of the widget.
        """
        super().__init__(id=id_)
        self._practice = practice
        self._clock = clock
        self._link_key = link_key
        self._form_key = form_key

    def render(self) -> Content:
        """The patient, or who it may be."""
        view = self.view
        if view is None:
            return Content.styled("Nobody is chosen.", _QUIET)
        lines = self._patient(view.patient) if view.patient else self._unknown(view)
        if self.promises:
            told: list[list[Span]] = [
                [(one_line(one, 120), "bold $accent")] for one in self.promises
            ]
            lines = [[("Promises", _HEAD)], *told, [], *lines]
        lines += self._others(view.others)
        spans: list[Span] = []
        for line in lines:
            spans += [*line, ("\n", "")]
        return Content.assemble(*spans)

    def _unknown(self, view: ConversationView) -> list[list[Span]]:
        lines: list[list[Span]] = [
            [("? Not linked to a patient", "bold $warning")],
            [(one_line(view.row.person, 80), "bold")],
            [(one_line(_where(view.row), 120), "")],
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

    def _patient(self, patient: Patient) -> list[list[Span]]:
        lines: list[list[Span]] = [[(one_line(patient.name, 80), "bold")]]
        for words, value in (
            ("born", patient.birth_date.isoformat() if patient.birth_date else ""),
            ("prefers", patient.preferred_channel.words if patient.preferred_channel else ""),
            ("best time", one_line(patient.best_time, 60)),
            ("speaks", one_line(patient.language, 20)),
            ("time zone", one_line(patient.timezone, 40)),
        ):
            if value:
                lines.append([(f"{words} ", _QUIET), (value, "bold" if words == "prefers" else "")])
        lines += [[], [("Contact", _HEAD)]]
        for point in sorted(patient.points, key=lambda one: one.rank):
            lines += self._point(point)
        if not patient.points:
            lines.append([("none known", _QUIET)])
        for proxy in patient.proxies:
            lines += self._proxy(proxy)
        return lines + self._form(patient.form)

    def _point(self, point: ContactPoint, style: str = "") -> list[list[Span]]:
        from tui.widgets.form_words import said_words, shared_words

        view = self.view
        line: list[Span] = [(one_line(point.address.place, 120), style)]
        if point.use in {PointUse.OLD, PointUse.WORK, PointUse.TEMP}:
            line.append((f" {point.use.value}", _QUIET))
        lines = [line]
        if point.health is PointHealth.BAD:
            why = one_line(point.health_reason, 120) or "does not work"
            lines.append([(f"  ✗ {why}", "bold $error")])
        if view is not None:
            said = said_words(point, view.consents, self._practice.timezone)
            lines += [
                [(f"  {'✗ ' if no else ''}{words}", "bold $error" if no else _QUIET)]
                for words, no in said
            ]
            shared = shared_words(point, view.shared)
            if shared:
                lines.append([(f"  {shared}", "$warning")])
        return lines

    def _proxy(self, proxy: Proxy) -> list[list[Span]]:
        from tui.widgets.form_words import access_words

        today = self._clock().astimezone(self._practice.timezone).date()
        ended = proxy.ended_by(today)
        access = access_words(proxy, today)
        words = ", ".join(part for part in (one_line(proxy.relation, 40), access) if part)
        style = _QUIET if ended else ""
        lines: list[list[Span]] = [
            [],
            [(one_line(proxy.name, 60), _QUIET if ended else "bold")],
            [(words, _QUIET)],
        ]
        for point in proxy.points:
            lines += self._point(point, style)
        return lines

    def _form(self, form: PrivacyForm) -> list[list[Span]]:
        # The first paint has no patient, and needs none of the form's words.
        from inbox.answer import confidant_words
        from tui.widgets.form_words import warned_words

        dated = f" {form.form_date.isoformat()}" if form.form_date else " missing"
        version = f", version {one_line(form.version, 20)}" if form.version else ""
        head: list[Span] = [("Privacy form", _HEAD), (dated + version, _QUIET)]
        if self._form_key:
            head.append((f"  {self._form_key}", "bold $accent"))
        on = ", ".join(one_line(number, 30) for number in form.voicemail_on)
        voicemail = _VOICEMAIL[form.voicemail] + (f" on {on}" if on else "")
        lines: list[list[Span]] = [
            [],
            head,
            [("e-mail ", _QUIET), (_CONSENT[form.email] + warned_words(form.email_warned), "")],
            [("text ", _QUIET), (_CONSENT[form.sms] + warned_words(form.sms_warned), "")],
            [("voicemail ", _QUIET), (voicemail, "")],
            [("portal ", _QUIET), (f"{_CONSENT[form.portal]}, {_PORTAL[form.portal_state]}", "")],
        ]
        if form.confidential is not None:
            only = one_line(form.confidential.value)
            lines.append([("write ONLY to ", "bold $warning"), (only, "")])
        told = (one_line(confidant_words(known), 120) for known in form.may_tell)
        return lines + [[("may tell ", _QUIET), (words, "")] for words in told]


def _where(row: ConversationRow) -> str:
    """Where somebody is reached who is linked to no patient."""
    if not row.channels:
        return number_words(row.person_address)
    return Address(row.channels[0].system, row.person_address).place
