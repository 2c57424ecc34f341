"""Suggesting another channel: documents and results by the portal, reminders straight to them.

A suggestion holds nothing up: one line in the composer, with a key to take it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.errors import NotFound
from inbox.finding import Fix, Severity
from inbox.gate import Gate
from inbox.outgoing import Category, Draft
from inbox.patient import Consent, Patient, PortalState
from inbox.portal_thread import references_of
from inbox.practice import Practice
from inbox.rules.patterns import REMINDER
from inbox.rules.reminding import about_results
from inbox.rules.ways import other_channels
from inbox.rules.wording import wording
from inbox.situation import Situation

_OF_THE_WAY: Final = frozenset({"TW01", "TW10", "TW19", "TW21", "TW22", "TW23"})
"""Rules that speak of the way a draft goes, and not of its words, which may not be there yet."""
_NO_ACCOUNT: Final = frozenset({PortalState.NONE, PortalState.INVITED})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another channel for a draft."""

    channel: ChannelKind
    why: str
    """One line."""
    fix: Fix
    """What taking it sets; the words of the draft stay."""


class Asked(Protocol):
    """What suggesting needs of the desk (`inbox.desk.Desk`)."""

    practice: Practice

    async def situation(self, draft: Draft) -> Situation:
        """All facts about a draft."""
        ...


class Suggesting:
    """Suggests channels; reached as `Desk.suggesting`."""

    def __init__(self, desk: Asked, gate: Gate) -> None:
        """Work for `desk`; `gate` says what may leave."""
        self._desk = desk
        self._gate = gate

    async def suggest(self, situation: Situation) -> Suggestion | None:
        """A better channel for a draft, or None.

        Looks up what is known of the portal, so it is asked when files, category or channel
        change, and not at each key.

        Args:
            situation: The draft and what is known.
        """
        other = None
        if wants_portal(situation):
            other = await self._in_portal(situation)
        return suggest(situation, other)

    async def _in_portal(self, situation: Situation) -> Situation | None:
        """The situation of the same draft as a portal message; None where there is no way."""
        patient = situation.patient
        to = portal_account(patient, self._desk.practice) if patient is not None else None
        if to is None:
            return None
        draft = replace(
            situation.draft, channel=ChannelKind.PORTAL, to=(to,), cc=(), line_id="",
            line_chosen=False,
        )  # fmt: skip
        try:
            there = await self._desk.situation(draft)
        except NotFound:
            return None
        against = (
            one.rule for one in self._gate.examine(there).findings if one.severity is Severity.BLOCK
        )
        return None if _OF_THE_WAY & set(against) else there


def wants_portal(situation: Situation) -> bool:
    """Whether a draft that goes another way is about what belongs into the portal."""
    written = situation.draft.channel in {ChannelKind.EMAIL, ChannelKind.SMS}
    return written and about_results(situation)


def suggest(situation: Situation, portal: Situation | None) -> Suggestion | None:
    """A better channel for a draft; a pure function.

    Args:
        situation: The draft and what is known.
        portal: The same draft as a portal message, where nothing blocks that; else None.
    """
    draft = situation.draft
    if wants_portal(situation):
        proven = portal is not None and portal.plan is not None and portal.plan.proven
        if portal is None or not proven or portal.can_reply is not True:
            return None
        what = "Documents" if draft.attachments else "Results"
        fix = Fix(
            "Send it through the portal", channel=ChannelKind.PORTAL, to=portal.draft.to, cc=()
        )
        why = f"{what} are safer in the portal, and they can answer there."
        return Suggestion(ChannelKind.PORTAL, why, fix)
    if draft.channel is not ChannelKind.PORTAL or about_results(situation):
        return None
    if draft.category is not Category.REMINDER and not wording(draft.text).says(REMINDER):
        return None
    return _straight(situation, other_channels(situation, agreed=True))


def portal_account(patient: Patient, practice: Practice) -> Address | None:
    """The patient's own account in a portal of ours that they use; None when there is none."""
    form = patient.form
    if form.portal is Consent.DECLINED or form.portal_state in _NO_ACCOUNT:
        return None
    if form.confidential is not None:
        return None
    for line in practice.lines:
        known = references_of(line, patient) if line.channel is ChannelKind.PORTAL else ()
        if known:
            return Address(AddressSystem.PORTAL, known[0], patient.name)
    return None


def _straight(situation: Situation, ways: Sequence[Fix]) -> Suggestion | None:
    fix = next((one for one in ways if one.channel is not None), None)
    if fix is None or fix.channel is None:
        return None
    prefers = situation.patient is not None and situation.patient.preferred_channel is fix.channel
    better = f", and they prefer {fix.channel.plural}" if prefers else ""
    why = f"A reminder by {fix.channel.words} needs no log-in{better}."
    return Suggestion(fix.channel, why, fix)
