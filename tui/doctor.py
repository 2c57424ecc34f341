"""The doctor: every line's way out and way home, and the state of the data folder."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from inbox.address import ChannelKind
from inbox.errors import ChannelError, NotFound, StoreError, TwowayError
from inbox.line import FolderCount, Line, LineHealth, LineState
from inbox.pairing import PAIRED
from inbox.portal_reply import ReplyWord, judge_reply
from inbox.reply_path import Evidence, EvidenceKind, Proof, ProofState
from inbox.repository import Repository, Volume
from inbox.storage.handed_over import Uncopied
from inbox.view import LineView
from inbox.words import missing_words, proof_words
from tui.wiring import PracticeOffice

FRESH = timedelta(minutes=2)
"""A line that was read this recently is being read."""
_TELL_EVERY = 2.0
_DEAF = "Answers do not arrive"
_ASK_SOMEBODY = (
    "It is proven when a patient writes there, or name a test_patient of your own who answers."
)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ANSWERS_REFUSAL = (EvidenceKind.ROUND_TRIP, EvidenceKind.SET_UP)
_LITTLE_ROOM = 500_000_000


@dataclass(frozen=True, slots=True)
class LineReport:
    """What the doctor says of one line."""

    line: Line
    sends: bool
    """Nothing speaks against sending: there is an adapter, and the provider takes the address."""
    is_read: bool
    """The server could be read just now."""
    receives: bool
    """It is read, and its provider does not say that answers to it are lost."""
    proof: Proof
    proof_words: str
    health: LineHealth | None
    problem: str
    """What is wrong, in one sentence; empty when nothing is."""
    hint: str
    """What to do about it."""
    by_hand: bool = False
    """Calls on it are made, taken and logged by a person: nothing is read, nothing is to prove."""
    uncopied: Uncopied | None = None
    """What left and is not in its folder of sent messages yet; no patient is worse off for it."""
    answers: ReplyWord | None = None
    """Of a portal: whether patients can answer there what begins a new thread."""

    @property
    def ok(self) -> bool:
        """Whether patients can be written to from it, and their answers are seen."""
        return self.sends and self.receives and not self.problem

    @property
    def completeness(self) -> FolderCount:
        """All folders together."""
        folders = self.health.folders if self.health else ()
        return FolderCount(
            "",
            sum(folder.server for folder in folders),
            sum(folder.stored for folder in folders),
            sum(folder.quarantined for folder in folders),
            sum(folder.older for folder in folders),
            self.health.checked_at if self.health else None,
        )


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What the doctor says of the data folder."""

    path: str
    free_bytes: int
    record_files: int
    broken: tuple[str, ...]
    """Patients whose record file is not whole."""
    waiting: int
    """Communications not yet in a record file."""
    volume: Volume
    """How much room everything takes."""

    @property
    def problem(self) -> str:
        """What is wrong, in one sentence; empty when nothing is."""
        if self.broken:
            return f"{len(self.broken)} record files were changed outside Twoway."
        if self.waiting:
            return f"{self.waiting} messages could not be written to the record files."
        if self.free_bytes < _LITTLE_ROOM:
            return f"The disk is nearly full: {self.free_bytes // 1_000_000} MB are left."
        return ""


async def examine_lines(
    office: PracticeOffice,
    *,
    prove: bool = False,
    offline: bool = False,
    patience: float = 60.0,
    unread: Mapping[str, TwowayError] | None = None,
    tell: Callable[[str], None],
) -> list[LineReport]:
    """Look at every line, after reading it and, when asked, proving it.

    Args:
        office: The opened office.
        prove: Send each line's test message and wait for it.
        offline: Make no connection.
        patience: Seconds to wait for a test message.
        unread: With `offline`, why this process could not read a line just before, by line id.
        tell: Gets one sentence for each step.
    """
    troubles: dict[str, TwowayError] = {}
    unread = unread or {}
    if not offline:
        async with progress(office, tell):
            # Even when another process reads them: this configuration is what is examined.
            tell("Reading every line.")
            unread = await (await office.back_office()).sync_once()
            if prove:
                troubles = await _prove(office, patience, tell)
    evidence = await office.repository.lines.evidence()
    return [
        _report(
            view,
            evidence,
            unread.get(view.line.id) or troubles.get(view.line.id),
            office.desk.clock(),
            _advice(office, view.line),
            _answers(office, view.line, evidence),
            offline=offline,
            unread=view.line.id in unread,
        )
        for view in await office.desk.lines()
    ]


async def examine_folder(office: PracticeOffice, path: str) -> FolderReport:
    """Look at the data folder: room, record files, what waits to be written."""
    with contextlib.suppress(StoreError):
        await office.record()
    records: list[str] = await office.repository.records.patients()
    broken = []
    for patient_id in records:
        report = await office.repository.records.verify(patient_id)
        if report.problems:
            broken.append(patient_id)
    room = await asyncio.to_thread(shutil.disk_usage, path)
    waiting = len(await office.repository.records.due(1000))
    volume = await office.repository.raw.volume()
    return FolderReport(path, room.free, len(records), tuple(broken), waiting, volume)


@contextlib.asynccontextmanager
async def progress(office: PracticeOffice, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """While something runs, say now and then how far the lines are."""
    telling = asyncio.create_task(_tell_progress(office.repository, tell))
    try:
        yield
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _tell_progress(repository: Repository, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(_TELL_EVERY)
        with contextlib.suppress(StoreError):
            for health in (await repository.lines.health()).values():
                if health.state is LineState.SYNCING and health.total:
                    tell(f"{health.line_id}: fetched {health.done} of {health.total}.")


async def _prove(
    office: PracticeOffice, patience: float, tell: Callable[[str], None]
) -> dict[str, TwowayError]:
    back = await office.back_office()
    troubles: dict[str, TwowayError] = {}

    async def one(line: Line) -> None:
        try:
            await back.prove(
                line.id, lambda sentence: tell(f"{line.id}: {sentence}"), patience=patience
            )
        except NotFound as error:
            # Some lines are proven by what patients write alone.
            tell(f"{line.id}: {error.sentence}")
        except ChannelError as error:
            troubles[line.id] = error
            tell(f"{line.id}: {error.sentence}")

    await asyncio.gather(*(one(line) for line in office.desk.practice.lines))
    return troubles


def _advice(office: PracticeOffice, line: Line) -> str:
    """What to set right about a number, as far as its provider tells."""
    inspection = office.inspection(line.id)
    return inspection.problems[0].hint if inspection and inspection.problems else ""


def _answers(office: PracticeOffice, line: Line, evidence: list[Evidence]) -> ReplyWord | None:
    """Whether patients can answer in a portal, by its own word or the practice's."""
    if line.channel is not ChannelKind.PORTAL:
        return None
    known, now = office.desk.capabilities(line.id), office.desk.clock()
    return judge_reply(None, known, evidence, line.id, now)


def _report(
    view: LineView,
    evidence: list[Evidence],
    trouble: TwowayError | None,
    now: datetime,
    advice: str,
    answers: ReplyWord | None,
    *,
    offline: bool,
    unread: bool = False,
) -> LineReport:
    line, health = view.line, view.health
    if view.by_hand:
        words = view.proof_words
        return LineReport(line, True, True, True, view.proof, words, health, "", "", by_hand=True)
    refused = _newest(evidence, line, EvidenceKind.SENDER_REFUSED)
    proven_at = max(
        (_newest(evidence, line, kind) or _LONG_AGO for kind in _ANSWERS_REFUSAL),
        default=_LONG_AGO,
    )
    sender_refused = refused is not None and proven_at < refused
    deaf = (_newest(evidence, line, EvidenceKind.DEAF) or _LONG_AGO) > proven_at
    is_read = (
        not unread
        and health is not None
        and health.last_poll_at is not None
        and health.state not in {LineState.STOPPED, LineState.RETRYING}
    )
    # One account reads and sends: where it cannot be asked, nothing can leave either.
    account_down = line.channel in PAIRED and health is not None and bool(health.sentence)
    problem, hint = _problem(view, trouble, now, offline=offline and not unread)
    if advice and view.proof.state is ProofState.FAILED and problem.startswith(_DEAF):
        hint = advice
    return LineReport(
        line=line,
        sends=trouble is None and not sender_refused and not account_down,
        is_read=is_read,
        receives=is_read and not deaf,
        proof=view.proof,
        proof_words=proof_words(view.proof, now),
        health=health,
        problem=problem,
        hint=hint,
        uncopied=view.uncopied,
        answers=answers,
    )


def _problem(
    view: LineView, trouble: TwowayError | None, now: datetime, *, offline: bool
) -> tuple[str, str]:
    """What is wrong with a line and what to do; the first thing that must be put right."""
    line, health = view.line, view.health
    if health is not None and health.sentence:
        return health.sentence, health.hint
    if health is None or health.last_poll_at is None:
        return "It was never read.", "Run `twoway doctor` without --offline."
    if offline and not _is_fresh(health, now):
        return "Nobody is reading it right now.", "Open Twoway, or run `twoway sync`."
    if trouble is not None:
        return trouble.sentence, trouble.hint
    # A portal cannot write to itself: somebody has to answer there.
    alone = line.channel is ChannelKind.PORTAL and not line.test_patient
    prove = _ASK_SOMEBODY if alone else "Run `twoway doctor --prove`."
    by_state = {
        ProofState.UNVERIFIED: ("It is not proven that answers arrive.", prove),
        ProofState.STALE: (
            "The proof that answers arrive is too old.",
            prove if alone else "Run it with --prove.",
        ),
        ProofState.PROVING: (
            "Its test message has not come home yet.",
            "Wait a few minutes; then look whether the provider filters or forwards it.",
        ),
        ProofState.FAILED: (
            f"{_DEAF}: {view.proof.how}.",
            "Send from another line, or correct it at the provider; then use --prove.",
        ),
    }
    if view.proof.state in by_state:
        return by_state[view.proof.state]
    return (
        missing_words(health),
        "Run `twoway sync --fetch-missing`." if health.missing else "",
    )


def _is_fresh(health: LineHealth | None, now: datetime) -> bool:
    return (
        health is not None
        and health.last_poll_at is not None
        and now - health.last_poll_at <= FRESH
        and not health.sentence
    )


def _newest(evidence: list[Evidence], line: Line, kind: EvidenceKind) -> datetime | None:
    return max(
        (seen.at for seen in evidence if seen.line_id == line.id and seen.kind is kind),
        default=None,
    )
