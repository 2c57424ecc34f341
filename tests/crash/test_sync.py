"""kill -9 at every step of the first sync, then start again: nothing lost, nothing twice."""

from __future__ import annotations

import pytest

from tests.clock import FakeClock
from tests.crash.conftest import Scene, fill
from tests.crash.death import STATEMENTS, STEPS, TORN
from tests.crash.kept import read_kept


@pytest.mark.parametrize(
    ("kind", "least", "stride"), [(STEPS, 30, 1), (STATEMENTS, 300, 37), (TORN, 2, 1)]
)
def test_a_sync_that_is_killed_anywhere_ends_as_if_it_had_not_been(
    scene: Scene, clock: FakeClock, kind: str, least: int, stride: int
) -> None:
    fill(scene, clock)
    there = scene.world.imap.messages("frontdesk"), scene.world.imap.messages("frontdesk", "Sent")
    whole = scene.new_folder()
    steps = scene.order("sync", whole, kind=kind)
    assert len(steps) >= least
    golden = read_kept(whole)
    assert len(golden.messages) == 8
    assert golden.counts == (("INBOX", 6, 5, 1), ("Sent", 2, 2, 0))

    def die_at(at: int) -> bool:
        folder = scene.new_folder()
        survived = scene.order("sync", folder, kind=kind, die=at)
        scene.order("sync", folder, holder="second")
        assert read_kept(folder) == golden, f"killed at step {at} of about {steps}"
        return not survived

    points = range(1, len(steps) + 1, stride)
    # Threads take turns differently each time, so that the last steps may not come.
    assert scene.each(points, die_at) >= len(points) - 3
    assert there == (
        scene.world.imap.messages("frontdesk"),
        scene.world.imap.messages("frontdesk", "Sent"),
    )


def test_two_deaths_in_a_row(scene: Scene, clock: FakeClock) -> None:
    fill(scene, clock)
    whole = scene.new_folder()
    steps = scene.order("sync", whole)
    golden = read_kept(whole)

    def die_at(at: int) -> bool:
        folder = scene.new_folder()
        scene.order("sync", folder, die=at)
        survived = scene.order("sync", folder, die=at, holder="second")
        scene.order("sync", folder, holder="third")
        assert read_kept(folder) == golden, f"killed twice at step {at} of about {steps}"
        return not survived

    assert scene.each(range(5, len(steps), 17), die_at) >= 2
