"""kill -9 at every step of an answer, then start again: it leaves once, or a person is told."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from demo.world import Delivered
from tests.clock import FakeClock
from tests.crash.conftest import Scene
from tests.crash.death import WIRES
from tests.crash.kept import Kept, Sending, read_kept, read_sending
from tests.crash.victim import ADDRESS, WORDS
from tests.interop.product import mail


def ready_to_answer(scene: Scene, clock: FakeClock) -> Path:
    """A data folder with one mail in it, which waits for an answer."""
    raw = mail("Rosa Jimenez <rosa@example.com>", ADDRESS, "Thursday", id_="1@mail.example.com")
    scene.world.imap.deliver("frontdesk", raw, "INBOX", clock())
    clock.advance(minutes=5)
    folder = scene.new_folder()
    scene.order("sync", folder)
    return folder


def drafts(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        return [row[0] for row in db.execute("SELECT draft FROM draft")]


def check(scene: Scene, before: Sending | None, after: Sending | None, kept: Kept) -> None:
    """What must be true after any death and the next start."""
    if after is None:
        assert before is None
        return
    left = scene.accepted(after.rfc_id)
    assert left <= 1, "it left twice"
    assert after.status in {"sent", "unknown"}
    if after.status == "sent":
        assert left == 1, "it never left, and says that it did"
    if before is None or not before.handing_over:
        assert after.status == "sent", "it could have been sent and was not"
    # The other answers of this test lie in the Sent folder too.
    [ours] = [one for one in kept.messages if one[0] == after.rfc_id]
    assert ours[3] == after.status
    states = [state for _, id_, state in kept.records if id_ == after.rfc_id]
    assert after.status in states
    assert len(states) == len(set(states)), "a state is in the record twice"


@pytest.mark.parametrize("copies", ["ours", "provider", "none"])
def test_an_answer_that_is_killed_anywhere_leaves_at_most_once(
    scene: Scene, clock: FakeClock, copies: str
) -> None:
    prepared = ready_to_answer(scene, clock)
    if copies == "provider":
        # What was submitted lies in Sent the moment it was taken, as with large providers.
        keeping: list[asyncio.Task[int]] = []

        def keep(delivered: Delivered) -> None:
            copy = scene.world.imap.deliver_soon("frontdesk", delivered.raw, folder="Sent")
            keeping.append(asyncio.get_running_loop().create_task(copy))

        scene.world.listen("rosa@example.com", keep)
    save = copies == "ours"
    steps = scene.order("reply", scene.new_folder(prepared), copies=save, kind=WIRES)
    assert len(steps) >= 25
    outcomes: set[tuple[str, int]] = set()

    def die_at(at: int) -> bool:
        folder = scene.new_folder(prepared)
        survived = scene.order("reply", folder, copies=save, kind=WIRES, die=at)
        before = read_sending(folder)
        if before is None and at > 6:
            assert WORDS in "".join(drafts(folder)), "neither queued nor kept as a draft"
        scene.order("resume", folder, copies=save, holder="second")
        after = read_sending(folder)
        check(scene, before, after, read_kept(folder))
        if at % 5 == 0:
            scene.order("resume", folder, copies=save, holder="third")
            assert read_sending(folder) == after
        if after is not None:
            left = scene.accepted(after.rfc_id)
            assert left <= 1, "a later start sent it again"
            outcomes.add((after.status, left))
            if copies == "provider":
                assert (after.status, left) != ("unknown", 1), "it lies in Sent and is not found"
        return not survived

    points = range(1, len(steps) + 1)
    if copies != "provider":
        # What differs lies around the handing over.
        points = range(steps.index("smtp"), len(steps), 2)
    assert scene.each(points, die_at) >= len(points) - 3
    assert ("sent", 1) in outcomes
    if copies == "provider":
        assert ("unknown", 0) in outcomes
