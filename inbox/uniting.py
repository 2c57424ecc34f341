"""Uniting: two patients here turn out to be one person, and become one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

from inbox.clock import Clock
from inbox.difference import differences
from inbox.errors import TwowayError
from inbox.patient import Consent, Patient, PortalState, PrivacyForm, VoicemailConsent
from inbox.practice import StaffMember
from inbox.repository import Repository
from inbox.storage.patient import FormChange

_CHANNELS: Final = ("sms", "email", "portal")
_STRICTEST: Final = (
    VoicemailConsent.NONE,
    VoicemailConsent.CALLBACK_ONLY,
    VoicemailConsent.DETAILED,
)
_SAYS_NOTHING: Final[tuple[object, ...]] = (None, "", (), Consent.UNKNOWN, PortalState.UNKNOWN)
_PLAIN: Final = (
    "birth_date", "preferred_channel", "language", "timezone", "postal_code", "state", "best_time",
)  # fmt: skip


class Uniting:
    """Makes one patient of two, under a staff member's name."""

    def __init__(self, repository: Repository, clock: Clock, member: StaffMember) -> None:
        """Work on `repository` as `member`."""
        self._repository = repository
        self._clock = clock
        self._member = member

    async def unite(self, old_id: str, into_id: str, how: str = "patients merge") -> Patient:
        """Make one patient of two; the old id finds them from now on as well.

        Conversations, promises and what was chosen for addresses follow. The old record file stays
        as it is and says at its end where the record goes on.

        Args:
            old_id: The id that is given up.
            into_id: The id that stays.
            how: On which way, for the history.

        Raises:
            NotFound: one of them is not stored.
            TwowayError: they are one already.
        """
        patients = self._repository.patients
        async with self._repository.batch():
            old, into = await patients.get(old_id), await patients.get(into_id)
            if old.id == into.id:
                raise TwowayError("They are one patient already.", f"Their id is {into.id}.")
            now, both = self._clock(), united(old, into)
            await patients.unite(old, both, self._member.id, now)
            changes = [
                FormChange(now, self._member.id, f"{how} {old.id}", one.field, one.old, one.new)
                for one in differences(into, both)
            ]
            await patients.add_changes(into.id, changes)
            for patient_id in (old.id, into.id):
                await self._repository.audit.add(
                    self._member.id,
                    "merge patients",
                    now,
                    patient_id=patient_id,
                    detail=f"{old.id} into {into.id}",
                )
            await self._repository.records.go_on(old.id, into.id, now)
        return both


def united(old: Patient, into: Patient) -> Patient:
    """One patient of two: nothing known of either is lost, and the stricter answer holds.

    Name and id are those of `into`. Of the privacy forms the newer one holds, with what only the
    older one answers; a channel that either declined stays declined.
    """
    known = {point.address.key for point in into.points}
    rank = max((point.rank for point in into.points), default=0)
    more = (point for point in old.points if point.address.key not in known)
    points = [replace(point, rank=rank + place) for place, point in enumerate(more, start=1)]
    named = {proxy.name.casefold() for proxy in into.proxies}
    proxies = [proxy for proxy in old.proxies if proxy.name.casefold() not in named]
    plain: dict[str, Any] = {
        name: getattr(old, name)
        for name in _PLAIN
        if getattr(into, name) in _SAYS_NOTHING and getattr(old, name) not in _SAYS_NOTHING
    }
    return replace(
        into,
        points=(*into.points, *points),
        proxies=(*into.proxies, *proxies),
        form=_one_form(old.form, into.form),
        sources=tuple(dict.fromkeys((*into.sources, *old.sources))),
        identifiers=tuple(dict.fromkeys((*into.identifiers, *old.identifiers))),
        **plain,
    )


def _one_form(one: PrivacyForm, other: PrivacyForm) -> PrivacyForm:
    dated = [form for form in (other, one) if form.form_date is not None]
    newer = max(dated, key=lambda form: form.form_date or date.min, default=other)
    older = one if newer is other else other
    kept: dict[str, Any] = {
        name: getattr(older, name)
        for name in PrivacyForm.__slots__
        if getattr(newer, name) in _SAYS_NOTHING
        and getattr(older, name) not in _SAYS_NOTHING
        # Whom they may tell is the newer form's word, also when that is nobody.
        and name not in {"may_tell", "voicemail_on"}
    }
    for name in _CHANNELS:
        if Consent.DECLINED in {getattr(one, name), getattr(other, name)}:
            kept[name] = Consent.DECLINED
    said = [form.voicemail for form in (one, other) if form.voicemail in _STRICTEST]
    if said:
        kept["voicemail"] = min(said, key=_STRICTEST.index)
    return replace(newer, **kept)
