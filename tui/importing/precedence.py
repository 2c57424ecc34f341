"""Which of two answers counts: what is stored, or what a file says.

A later word outdoes an earlier one. Where nobody knows which came first, the stricter one counts:
what a patient declined stays declined until a form that is known to be newer says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from inbox.consent import STRICTEST_FIRST
from inbox.patient import Consent, Patient, PrivacyForm, VoicemailConsent
from tui.importing.entry import Entry

_ANSWERS: Final = (
    "sms", "email", "portal", "voicemail", "voicemail_on", "may_tell", "confidential",
    "sms_warned", "email_warned", "version",
)  # fmt: skip
_NOT_SAID: Final = PrivacyForm()
_VOICEMAIL: Final = tuple(VoicemailConsent[name] for name in (
    "NONE", "UNKNOWN", "CALLBACK_ONLY", "DETAILED",
))  # fmt: skip
OLDER: Final = "is left alone: what is stored is of a later day"
UNDATED: Final = "is left alone: the file does not say of which day it is"
STRICTER: Final = "is left alone: nothing says that the file is newer than the no that is stored"


def later(
    here: Consent, here_on: date | None, there: Consent, there_on: date | None
) -> tuple[Consent, date | None, str]:
    """Of two Consents of one file: what holds, its day, and why the second is left out or empty."""
    if here is there:
        unknown = here is Consent.DECLINED and None in (here_on, there_on)
        days = [day for day in (here_on, there_on) if day is not None]
        return here, None if unknown else max(days, default=None), ""
    if here_on is None or there_on is None or here_on == there_on:
        if here is Consent.DECLINED:
            return here, here_on, "is not known to be later than a Consent that denies it"
        return there, there_on, ""
    if there_on < here_on:
        return here, here_on, "is older than another Consent of the same patient"
    return there, there_on, ""


def settled(
    entry: Entry, stored: Patient, patient: Patient, changed_on: Mapping[str, date]
) -> tuple[Patient, list[tuple[str, str]]]:
    """The patient without what the file may not change of the form, and why, field by field.

    Args:
        entry: What the file says.
        stored: As they are.
        patient: As the file would have them.
        changed_on: The day on which staff last changed a field.
    """
    form, left = patient.form, list[tuple[str, str]]()
    signed = stored.form.form_date
    of_file = entry.patient.form.form_date
    for name in _ANSWERS:
        old, new = getattr(stored.form, name), getattr(patient.form, name)
        if old == new:
            continue
        days = [signed, changed_on.get(name) if is_no(name, old) else None]
        here = max((day for day in days if day is not None), default=None)
        why = _outdone(name, old, new, here, entry.said_on.get(name, of_file))
        if why:
            form = replace(form, **{name: old})
            left.append((name, why))
    if signed is not None and form.form_date != signed:
        back = form.form_date is None or form.form_date < signed
        if back or left:
            form = replace(form, form_date=signed)
        if back and not left:
            left.append(("form_date", OLDER))
    elif left:
        form = replace(form, form_date=signed)
    return replace(patient, form=form), left


def newer_no(entry: Entry, patient: Patient, field: str, changed_on: Mapping[str, date]) -> bool:
    """Whether a file declines something on a later day than staff last changed it."""
    day = entry.said_on.get(field, entry.patient.form.form_date)
    return (
        field in _ANSWERS
        and is_no(field, getattr(patient.form, field))
        and day is not None
        and day > changed_on[field]
    )


def is_no(name: str, answer: Any) -> bool:
    """Whether an answer forbids something."""
    return answer in (Consent.DECLINED, VoicemailConsent.NONE) or (
        name == "confidential" and answer is not None
    )


def _outdone(name: str, old: Any, new: Any, here: date | None, there: date | None) -> str:
    """Why an answer of a file does not count; empty when it does."""
    older = here is not None and there is not None and there < here
    if here is not None and there is not None and there > here:
        return ""
    looser = _looser(name, old, new)
    if old == getattr(_NOT_SAID, name):
        return OLDER if older and looser else ""
    if older:
        return OLDER
    if not looser:
        return ""
    if is_no(name, old):
        return STRICTER
    return UNDATED if here is not None and there is None else ""


def _looser(name: str, old: Any, new: Any) -> bool:
    """Whether more would be allowed than before."""
    if isinstance(old, Consent):
        return STRICTEST_FIRST.index(new) > STRICTEST_FIRST.index(old)
    if isinstance(old, VoicemailConsent):
        return _VOICEMAIL.index(new) > _VOICEMAIL.index(old)
    if name == "may_tell":
        return not set(new) <= set(old)
    if name == "voicemail_on":
        return bool(old) and (not new or not set(new) <= set(old))
    return bool(old != getattr(_NOT_SAID, name))
