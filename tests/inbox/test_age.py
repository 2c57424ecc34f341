"""How long somebody has waited counts while somebody was there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.age import is_overdue, overdue_since, waited
from inbox.hours import Hours
from tests.inbox.making import NOW, practice, week

HOUR = timedelta(hours=1)


def test_nights_and_lunch_do_not_count() -> None:
    assert waited(None, NOW, week()) == timedelta()
    assert waited(NOW - 24 * HOUR, NOW, week()) == 8 * HOUR
    assert waited(NOW - 24 * HOUR, NOW, Hours()) == 24 * HOUR


@pytest.mark.parametrize("within", [timedelta(minutes=30), 2 * HOUR, 4 * HOUR, 30 * HOUR])
def test_the_moment_since_which_one_is_overdue(within: timedelta) -> None:
    since = overdue_since(NOW, week(), within)

    assert is_overdue(waited(since, NOW, week()), within)
    assert not is_overdue(waited(since + timedelta(minutes=1), NOW, week()), within)


def test_a_practice_that_is_never_there_looks_back_so_far_only() -> None:
    closed = week("closed")

    assert overdue_since(NOW, closed, 4000 * HOUR) == NOW - timedelta(days=64)


def test_without_a_limit_nobody_is_overdue() -> None:
    long_ago = NOW - timedelta(days=300)

    assert not practice().is_overdue(long_ago, NOW, "front-desk")
    assert practice(answer_within=4 * HOUR).is_overdue(long_ago, NOW, "front-desk")
    assert not practice(answer_within=4 * HOUR).is_overdue(None, NOW, "front-desk")
