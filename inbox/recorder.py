"""The recorder: writes what is due to the patients' record files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from inbox.clock import Clock
from inbox.errors import StoreError
from inbox.practice import Practice
from inbox.record import RecordContext, Resource, communication, retraction
from inbox.repository import RecordDue, Repository

_AT_ONCE = 600
"""How many entries are looked at together; those of one patient are written with one fsync."""
_TOGETHER = 2_000_000
"""Characters of text that they may hold, so that they fit into memory together."""
_FILES_AT_ONCE = 12
"""Files that are written before others who write have their turn."""


class Recorder:
    """Brings every communication into its patient's record file."""

    def __init__(self, repository: Repository, practice: Practice, clock: Clock) -> None:
        """Write the records of `repository`."""
        self._repository = repository
        self._practice = practice
        self._clock = clock

    async def drain(self) -> int:
        """Write everything that is due; return how many entries were written.

        An entry that cannot be written stays due, keeps its conversation from being closed, and
        does not keep other patients' entries from being written.

        Raises:
            StoreError: at least one entry could not be written; the others were.
        """
        written = 0
        failed: dict[str, StoreError] = {}
        while True:
            due: dict[str, list[RecordDue]] = {}
            for entry in await self._repository.records.due(_AT_ONCE, failed, _TOGETHER):
                due.setdefault(entry.patient_id, []).append(entry)
            if not due:
                break
            while due:
                some = {patient_id: due.pop(patient_id) for patient_id in [*due][:_FILES_AT_ONCE]}
                troubles = await self._repository.at_once(partial(self._write, some))
                written += sum(len(some[one]) for one in some.keys() - troubles.keys())
                failed |= troubles
        if failed:
            raise next(reversed(failed.values()))
        return written

    async def _write(self, due: Mapping[str, Sequence[RecordDue]]) -> dict[str, StoreError]:
        """Write to some files with one commit; return what went wrong, by patient."""
        troubles: dict[str, StoreError] = {}
        for patient_id, entries in due.items():
            pairs = [(entry, self._resource(entry)) for entry in entries]
            try:
                await self._repository.records.write(patient_id, pairs)
            except StoreError as error:
                troubles[patient_id] = error
        return troubles

    def _resource(self, entry: RecordDue) -> Resource:
        line = self._practice.line(entry.message.line_id)
        member = self._practice.member(entry.message.staff_id)
        context = RecordContext(
            patient_id=entry.patient_id,
            line_address=line.address if line else entry.message.line_id,
            staff_name=member.name if member else "",
            because=entry.because,
            findings=entry.findings,
        )
        make = retraction if entry.mistaken else communication
        return make(entry.message, context, self._clock())
