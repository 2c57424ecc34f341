"""Templates at work: read from their files, filled in, and looked at by the rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

from inbox.appointment import Appointment
from inbox.clock import Clock
from inbox.errors import NotFound
from inbox.filling import Filled, Occasion, fill, fill_gaps
from inbox.gate import Gate
from inbox.patient import Patient
from inbox.practice import Practice, StaffMember
from inbox.template import Shelf, Template
from inbox.template_lint import LintReport, hour_classes, lint

ReadShelf = Callable[[], Shelf]
"""Reads all template files; it touches the disk, so it is called in a thread."""


class Templating:
    """The templates of a practice, for one staff member."""

    def __init__(
        self,
        practice: Practice,
        gate: Gate,
        clock: Clock,
        member: StaffMember,
        read: ReadShelf | None = None,
    ) -> None:
        """Fill in for `member` what `read` gives; without it there are no templates."""
        self._practice = practice
        self._gate = gate
        self._clock = clock
        self._member = member
        self._read = read
        self._looked: tuple[Shelf, date, tuple[LintReport, ...]] | None = None

    async def shelf(self) -> Shelf:
        """All templates, read anew: somebody may have edited a file."""
        return Shelf() if self._read is None else await asyncio.to_thread(self._read)

    async def named(self, name: str) -> Template:
        """The template of this name.

        Raises:
            NotFound: there is none, or its file cannot be used.
        """
        shelf = await self.shelf()
        found = shelf.named(name)
        if found is not None:
            return found
        bad = next((one for one in shelf.bad if one.name.removesuffix(".txt") == name), None)
        if bad is not None:
            raise NotFound(bad.sentence, bad.hint)
        known = ", ".join(one.name for one in shelf.templates) or "none"
        raise NotFound(f"There is no template “{name}”.", f"Known: {known}.")

    async def reports(self, shelf: Shelf | None = None) -> tuple[LintReport, ...]:
        """What the rules say of each template; looked at once a day unless a file changed."""
        shelf = shelf or await self.shelf()
        today = self._clock().date()
        if self._looked is None or self._looked[:2] != (shelf, today):
            reports = await asyncio.to_thread(self._look, shelf)
            self._looked = (shelf, today, reports)
        return self._looked[2]

    def fill(
        self,
        template: Template,
        patient: Patient | None,
        appointment: Appointment | None = None,
    ) -> Filled:
        """A template for a patient, as it reads now."""
        return fill(
            template, Occasion(self._practice, self._clock(), self._member, patient, appointment)
        )

    def fill_gaps(self, text: str, patient: Patient) -> str:
        """The gaps that a template left, filled in for the patient who is known by now."""
        return fill_gaps(text, Occasion(self._practice, self._clock(), self._member, patient))

    def _look(self, shelf: Shelf) -> tuple[LintReport, ...]:
        now = self._clock()
        moments = hour_classes(self._practice.phone_hours, now)
        return tuple(
            lint(one, self._practice, self._gate, now, self._member.id, moments)
            for one in shelf.templates
        )
