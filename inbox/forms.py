"""Privacy forms: reading and changing what patients allowed, with who, when and what it was before.

Nothing contradictory is kept, and nobody overwrites what somebody else changed meanwhile. What was
said about one address (an opt-out, an acceptance on the phone) is kept with the address, so that it
holds for everybody who shares it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.clock import Clock
from inbox.contradiction import Contradiction, contradictions
from inbox.difference import Difference, differences
from inbox.errors import FormRefused, NotFound, Stale, TwowayError
from inbox.patient import Consent, ContactPoint, Patient, PointHealth
from inbox.practice import Practice, StaffMember
from inbox.repository import ConsentEntry, ConsentKey, Repository
from inbox.storage.patient import FormChange, SharedPoint
from inbox.words import clock_words

_MOST_SHARED: Final = 20
_MOST_CHANGES: Final = 500


@dataclass(frozen=True, slots=True)
class FormView:
    """A patient's form, opened."""

    patient: Patient
    consents: Mapping[ConsentKey, ConsentEntry]
    """What was said last about each of their addresses."""
    shared: tuple[SharedPoint, ...]
    """Other patients who are reached at the same addresses."""


class Forms:
    """What a staff member does with privacy forms, under their own name."""

    def __init__(
        self, repository: Repository, practice: Practice, clock: Clock, member: StaffMember
    ) -> None:
        """Work on `repository` as `member`."""
        self._repository = repository
        self._practice = practice
        self._clock = clock
        self._member = member

    @property
    def today(self) -> date:
        """The day it is at the practice."""
        return self._clock().astimezone(self._practice.timezone).date()

    async def open(self, patient_id: str) -> FormView:
        """A patient's form. Looking is kept in the audit.

        Raises:
            NotFound: no such patient.
        """
        view = await self.view(patient_id)
        await self._audit("open form", patient_id)
        return view

    async def view(self, patient_id: str) -> FormView:
        """The same once more, for a screen on which it is open already.

        Raises:
            NotFound: no such patient.
        """
        patient = await self._repository.patients.get(patient_id)
        return FormView(
            patient=patient,
            consents=await self.consents(patient),
            shared=tuple(await self._repository.patients.shared(patient_id, _MOST_SHARED)),
        )

    async def consents(self, patient: Patient) -> Mapping[ConsentKey, ConsentEntry]:
        """What was said last about every address of a patient, their proxies' included."""
        return await self._repository.consents.current(patient.addresses)

    async def problems(self, patient: Patient) -> list[Contradiction]:
        """What speaks against keeping a form."""
        return contradictions(patient, await self.consents(patient), self.today)

    async def save(self, patient: Patient, base: Patient, how: str = "screen") -> list[Difference]:
        """Keep a changed patient with their form; return what changed.

        Whether an address is known to work may have changed meanwhile by a bounce: that stays,
        unless the change says so itself.

        Args:
            patient: As it is to be.
            base: As it was when the change began.
            how: On which way it was changed, for the history.

        Raises:
            NotFound: no such patient.
            Stale: somebody else changed it meanwhile; nothing was kept.
            FormRefused: it contradicts itself; nothing was kept.
        """
        async with self._repository.batch():
            stored = await self._repository.patients.get(patient.id)
            if _without_health(stored) != _without_health(base):
                raise Stale(await self._meanwhile(patient.id), "Look at it again, then change it.")
            patient = _with_health(patient, base, stored)
            changed = differences(stored, patient)
            if patient == stored:
                return []
            before = contradictions(stored, await self.consents(stored), self.today)
            wrong = await self.problems(patient)
            if wrong:
                # What was wrong already is named last: it is not what was just changed.
                wrong.sort(key=lambda one: one in before)
                raise FormRefused(tuple((one.sentence, one.hint) for one in wrong))
            await self._keep(patient, changed, how)
        return changed

    async def take(self, patients: Collection[tuple[Patient, Patient | None]], how: str) -> None:
        """Add or change patients of a file, all or none, with the history of each.

        Whoever calls has looked for contradictions.

        Args:
            patients: Each as it is to be, and as it was when that was decided; None: not there.
            how: `import`, and the name of the file.

        Raises:
            Stale: one of them changed meanwhile; nothing was taken.
        """
        async with self._repository.batch():
            for patient, base in patients:
                stored = await self._stored(patient.id)
                if stored is None and base is None:
                    await self._keep(patient, [Difference("patient", "", "added")], how)
                elif stored is None or base is None:
                    raise Stale("A patient came or went meanwhile.", "Import the file again.")
                elif _without_health(stored) != _without_health(base):
                    raise Stale(await self._meanwhile(patient.id), "Import the file again.")
                else:
                    patient = _with_health(patient, base, stored)
                    await self._keep(patient, differences(stored, patient), how)

    async def consent(
        self,
        address: Address,
        channel: ChannelKind,
        consent: Consent,
        how: str,
        *,
        warned_on: date | None = None,
        warning: str = "",
    ) -> ConsentEntry:
        """Keep what somebody said about being written to at an address.

        Args:
            address: Where; whoever else it belongs to is meant as well.
            channel: On which channel.
            consent: What they said.
            how: How they said it, in words: `on the phone`.
            warned_on: When they were warned that the channel is not private.
            warning: Which wording of the warning.

        Raises:
            TwowayError: the channel does not reach such an address, nobody said how it was said, or
                the warning lies ahead.
        """
        if channel.system is not address.system:
            raise TwowayError(
                f"That address cannot be reached by {channel.words}.",
                "Choose the channel that goes with it.",
            )
        if not how.strip():
            raise TwowayError("Nobody said how this was said.", "For example: on the phone.")
        if warned_on is not None and warned_on > self.today:
            raise TwowayError("The date of the warning lies ahead.", "Look at the year.")
        entry = ConsentEntry(
            address=replace(address, name=""),
            channel=channel,
            consent=consent,
            at=self._clock(),
            by=self._member.id,
            method=" ".join(how.split()),
            warned_on=warned_on,
            warning=warning,
        )
        await self._repository.consents.add([entry])
        await self._audit("note consent", "", f"{channel.value} {consent.value}")
        return entry

    async def history(self, patient_id: str, limit: int = _MOST_CHANGES) -> list[FormChange]:
        """What changed of a patient, and what was said about their addresses, newest first.

        Raises:
            NotFound: no such patient.
        """
        patient = await self._repository.patients.get(patient_id)
        found = []
        for address in patient.addresses:
            found += _spoken(await self._repository.consents.history(address))
        found += await self._repository.patients.changes(patient_id, limit)
        return sorted(found, key=lambda one: one.at, reverse=True)[:limit]

    # ------------------------------------------------------------ inside

    async def _stored(self, patient_id: str) -> Patient | None:
        try:
            return await self._repository.patients.get(patient_id)
        except NotFound:
            return None

    async def _keep(self, patient: Patient, changed: list[Difference], how: str) -> None:
        await self._repository.patients.save([patient])
        await self._history(patient.id, changed, how)

    async def _history(self, patient_id: str, changed: list[Difference], how: str) -> None:
        at, by = self._clock(), self._member.id
        await self._repository.patients.add_changes(
            patient_id, [FormChange(at, by, how, one.field, one.old, one.new) for one in changed]
        )
        fields = ", ".join(one.field.partition(" ")[0] for one in changed)
        await self._audit("change form", patient_id, fields)

    async def _meanwhile(self, patient_id: str) -> str:
        changes = await self._repository.patients.changes(patient_id, 1)
        if not changes:
            return "It was changed meanwhile."
        when, who = self._said(changes[0].at), self._practice.member(changes[0].by)
        return f"It was changed meanwhile by {who.first_name if who else 'somebody'} at {when}."

    def _said(self, at: datetime) -> str:
        return clock_words(at, self._clock(), self._practice)

    async def _audit(self, action: str, patient_id: str, detail: str = "") -> None:
        await self._repository.audit.add(
            self._member.id, action, self._clock(), patient_id=patient_id, detail=detail
        )


def _spoken(entries: list[ConsentEntry]) -> list[FormChange]:
    """What was said about an address (newest first), each after what was said there before."""
    found = []
    for at, one in enumerate(entries):
        before = (old for old in entries[at + 1 :] if old.channel is one.channel)
        old = next(before, None)
        warned = f", warned {one.warned_on.isoformat()}" if one.warned_on else ""
        found.append(
            FormChange(
                one.at,
                one.by,
                one.method,
                f"consent {one.channel.value} {one.address.value}",
                old.consent.value if old is not None else "",
                one.consent.value + warned,
            )
        )
    return found


def _healthless(points: tuple[ContactPoint, ...]) -> tuple[ContactPoint, ...]:
    return tuple(replace(point, health=PointHealth.GOOD, health_reason="") for point in points)


def _without_health(patient: Patient) -> Patient:
    return replace(
        patient,
        points=_healthless(patient.points),
        proxies=tuple(
            replace(proxy, points=_healthless(proxy.points)) for proxy in patient.proxies
        ),
    )


def _with_health(patient: Patient, base: Patient, stored: Patient) -> Patient:
    """The patient with what is known of the addresses by now, where the change left it alone."""
    then, now = _by_address(base), _by_address(stored)

    def known(points: tuple[ContactPoint, ...]) -> tuple[ContactPoint, ...]:
        found = []
        for point in points:
            key = (point.system, point.address.key)
            old, new = then.get(key), now.get(key)
            if old is not None and new is not None and _health(point) == _health(old):
                point = replace(point, health=new.health, health_reason=new.health_reason)
            found.append(point)
        return tuple(found)

    proxies = tuple(replace(proxy, points=known(proxy.points)) for proxy in patient.proxies)
    return replace(patient, points=known(patient.points), proxies=proxies)


def _by_address(patient: Patient) -> dict[tuple[object, str], ContactPoint]:
    points = [*patient.points, *(point for proxy in patient.proxies for point in proxy.points)]
    return {(point.system, point.address.key): point for point in points}


def _health(point: ContactPoint) -> tuple[object, str]:
    return point.health, point.health_reason
