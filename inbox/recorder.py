"""The recorder: writes what is due to the patients' record files."""

from __future__ import annotations

from inbox.clock import Clock
from inbox.errors import StoreError
from inbox.practice import Practice
from inbox.record import RecordContext, Resource, communication, retraction
from inbox.repository import RecordDue, Repository

_AT_ONCE = 200
"""How many entries are looked at together; those of one patient are written with one fsync."""


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
        written, trouble = 0, None
        failed: set[str] = set()
        while True:
            limit = _AT_ONCE * (1 + len(failed))
            due: dict[str, list[RecordDue]] = {}
            for entry in await self._repository.records.due(limit):
                if entry.patient_id not in failed:
                    due.setdefault(entry.patient_id, []).append(entry)
            if not due:
                break
            for patient_id, entries in due.items():
                pairs = [(entry, self._resource(entry)) for entry in entries]
                try:
                    await self._repository.records.write(patient_id, pairs)
                    written += len(pairs)
                except StoreError as error:
                    failed.add(patient_id)
                    trouble = error
        if trouble is not None:
            raise trouble
        return written

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
