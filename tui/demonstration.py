"""The sample practice: servers in a process of their own, everything in a folder that goes away.

Nothing of the user's own configuration or data is looked at or touched.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from inbox.conversation import ConversationRow, ConversationState, ListState, PageKey
from inbox.errors import TwowayError
from inbox.message import Direction, MessageStatus
from inbox.reply_path import ProofState
from tui.config.reading import Configuration, read_configuration
from tui.importing.taking import plan_import, take
from tui.wiring import PracticeOffice, open_office

STAFF = "dana"
"""Who you are in the sample practice."""
BANNER = "Sample practice: nothing leaves this machine"
"""What stands at the top of the screen."""
WHAT_TO_TRY = (
    "You are Dana at the front desk of a practice",
    "that does not exist. Try:",
    "r  answer somebody; read the two lines below",
    "   your text, send (F9), and wait: they answer",
    "L  the lines: nobody can answer reminders",
    "/  search; in a text: a template",
    "R  reminders from a list of appointments",
    "?  every key;  ctrl+q  quit: all of it is gone",
)
"""What a newcomer is told."""
_PASSWORD = "TWOWAY_DEMO_PASSWORD"  # noqa: S105 - the name of a variable
_PORTS = ("imap_port", "smtp_port", "twilio_port")
_READY_SECONDS = 30.0
_ANSWER_SECONDS = 10.0
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A running sample practice."""

    configuration: Configuration
    data: Path

    async def open(self) -> PracticeOffice:
        """Open its office, with the sample patients in it."""
        from demo.sample import patients

        office = await open_office(self.configuration, self.data, STAFF)
        try:
            content = json.dumps(patients()).encode("utf-8")
            await take(office.desk, await plan_import(office.desk, content, "patients.json"))
        except BaseException:
            await office.close()
            raise
        return office


@contextmanager
def sample_practice(
    keep: str = "",
    *,
    quiet: bool = False,
    screen: bool = False,
    tell: Callable[[str], None],
) -> Iterator[Sample]:
    """Start the sample practice; it and its folder are gone afterwards.

    Args:
        keep: A folder to use and to leave behind instead.
        quiet: Nobody writes, texts or calls unasked.
        screen: The screen follows; what it needs is loaded while the servers start.
        tell: Gets a sentence on what is going on.

    Raises:
        TwowayError: the servers did not start, or the folder cannot be used.
    """
    tell("Starting the sample practice…")
    folder = _folder(keep)
    process: subprocess.Popen[bytes] | None = None
    before = os.environ.get(_PASSWORD)
    try:
        process = _start(["--quiet"] if quiet else [])
        if screen:
            # The servers load there while the screen loads here.
            import_module("tui.app")
        ready = _ready_line(process)
        os.environ[_PASSWORD] = str(ready["password"])
        from demo.sample import appointments_csv, practice_toml

        path = folder / "practice.toml"
        ports = {name: int(ready[name]) for name in _PORTS}
        path.write_text(practice_toml(ports), encoding="utf-8")
        listed = appointments_csv(datetime.now(UTC))
        (folder / "appointments.csv").write_text(listed, encoding="utf-8")
        yield Sample(read_configuration(path), folder / "data")
    finally:
        if before is None:
            os.environ.pop(_PASSWORD, None)
        else:
            os.environ[_PASSWORD] = before
        if process is not None:
            _stop(process)
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


async def smoke(sample: Sample, tell: Callable[[str], None]) -> str:
    """Use the sample practice once, both ways; returns one line on what was seen.

    Raises:
        TwowayError: something that must work does not.
    """
    office = await sample.open()
    try:
        back = await office.back_office()
        tell("Reading the mailboxes.")
        await back.sync_once()
        for line in office.desk.practice.lines:
            health = (await office.repository.lines.health())[line.id]
            missing = sum(folder.missing for folder in health.folders)
            if health.sentence or missing:
                raise TwowayError(health.sentence or f"{line.id}: {missing} messages are missing.")
        proven = await _prove(office, tell)
        tell("Answering a patient.")
        await _answer_one(office)
        rows = await _everything(office)
        messages = 0
        for row in rows:
            messages += len(await office.repository.conversations.messages(row.id, limit=1000))
        files = await office.repository.records.patients()
        for patient_id in files:
            report = await office.repository.records.verify(patient_id)
            if report.problems:
                raise TwowayError(f"A record file is not whole: {report.problems[0]}")
        return (
            f"demo ok: {len(rows)} conversations, {messages} messages, {proven} lines proven, "
            f"1 reply answered in its conversation, {len(files)} record files whole"
        )
    finally:
        await office.close()


# ---------------------------------------------------------------- the process


def _folder(keep: str) -> Path:
    if not keep:
        return Path(tempfile.mkdtemp(prefix="twoway-demo-"))
    folder = Path(keep).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise TwowayError(f"{folder} is not empty.", "Name a new folder for --keep.")
    except OSError as error:
        raise TwowayError(f"{folder} cannot be used: {error.strerror}.", "") from None
    return folder


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    """The servers' process; it ends when its standard input closes, so with us in any case."""
    return subprocess.Popen(  # noqa: S603 - our own package in our own Python
        [sys.executable, "-m", "demo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        # Ctrl-C in the terminal is for us; the servers go when we are done with them.
        start_new_session=True,
    )


def _ready_line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    lines: list[bytes] = []
    stdout = process.stdout
    if stdout is None:
        raise TwowayError("The sample practice has no way to say that it is ready.")
    reading = threading.Thread(target=lambda: lines.append(stdout.readline()), daemon=True)
    reading.start()
    reading.join(_READY_SECONDS)
    try:
        ready: dict[str, Any] = json.loads(lines[0])
    except (IndexError, ValueError):
        raise TwowayError(
            "The sample practice's servers did not start.",
            f"Run `{Path(sys.executable).name} -m demo` to see why.",
        ) from None
    return ready


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    if process.stdout is not None:
        process.stdout.close()


# ---------------------------------------------------------------- the smoke test


async def _prove(office: PracticeOffice, tell: Callable[[str], None]) -> int:
    """Prove the lines that can be; the one that throws its mail away must not be."""
    from inbox.address import is_no_reply

    back, proven = await office.back_office(), 0
    for line in office.desk.practice.lines:
        deaf = is_no_reply(line.address)
        proof = await back.prove(
            line.id,
            _naming(line.id, tell),
            patience=1.0 if deaf else _PATIENCE,
        )
        if (proof.state is ProofState.PROVEN) is deaf:
            raise TwowayError(f"{line.id} is {proof.state.value} after its test message.")
        proven += not deaf
    return proven


def _naming(name: str, tell: Callable[[str], None]) -> Callable[[str], None]:
    return lambda sentence: tell(f"{name}: {sentence}")


async def _answer_one(office: PracticeOffice) -> None:
    """Reply to the first patient who answers, and see the answer in the same conversation."""
    from demo.script import sample_script

    people = sample_script().people
    desk, back = office.desk, await office.back_office()
    for row in (await desk.page(ListState.NEEDS_REPLY, limit=200)).rows:
        person = people.get(row.person_address.casefold())
        if person is None or person.kind != "answers" or person.via:
            continue
        draft = await desk.reply_draft(row.id)
        draft = replace(draft, text="Thank you for writing. Does Thursday at 10:00 suit you?")
        preview = desk.judge(await desk.situation(draft), draft)
        if preview.verdict.blocked or preview.verdict.held:
            continue
        queued = await desk.send(preview.draft, undo=False)
        await back.deliver_due()
        sent = await office.repository.outbox.get(queued.id)
        if sent.status not in {MessageStatus.SENT, MessageStatus.DELIVERED}:
            raise TwowayError(f"The reply is {sent.status.value}.", sent.status_text)
        until = time.monotonic() + _ANSWER_SECONDS
        while time.monotonic() < until:
            await back.sync_once()
            view = await desk.open(row.id)
            newest = view.messages[-1]
            if newest.direction is Direction.INBOUND and newest.id > sent.message_id:
                if view.row.state is not ConversationState.NEEDS_REPLY:
                    raise TwowayError(f"The answer came, and the state is {view.row.state.value}.")
                return
            await asyncio.sleep(0.1)
        raise TwowayError("The patient's answer did not arrive in the conversation.")
    raise TwowayError("No patient of the sample could be answered.")


async def _everything(office: PracticeOffice) -> list[ConversationRow]:
    rows = list[ConversationRow]()
    after: PageKey | None = None
    while True:
        page = await office.desk.page(ListState.ALL, after=after, limit=200)
        rows += page.rows
        after = page.next
        if after is None:
            return rows
