"""Moments as people type them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from inbox.errors import TwowayError
from tests.clock import START
from tui.commandline.times import moment_of

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", datetime(2026, 3, 2, 17, tzinfo=UTC)),
        ("90 min", datetime(2026, 3, 2, 16, 30, tzinfo=UTC)),
        ("3d", datetime(2026, 3, 5, 15, tzinfo=UTC)),
        ("17:30", datetime(2026, 3, 2, 23, 30, tzinfo=UTC)),
        ("5:30 pm", datetime(2026, 3, 2, 23, 30, tzinfo=UTC)),
        ("5.30PM", datetime(2026, 3, 2, 23, 30, tzinfo=UTC)),
        ("5pm", datetime(2026, 3, 2, 23, tzinfo=UTC)),
        ("noon", datetime(2026, 3, 2, 18, tzinfo=UTC)),
        ("12:15 am", datetime(2026, 3, 3, 6, 15, tzinfo=UTC)),
        # Nobody is at the desk at half past five in the morning, unless it is written so.
        ("5:30", datetime(2026, 3, 2, 23, 30, tzinfo=UTC)),
        ("05:30", datetime(2026, 3, 3, 11, 30, tzinfo=UTC)),
        ("08:30", datetime(2026, 3, 3, 14, 30, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 3, 3, 14, tzinfo=UTC)),
        # The clocks go forward on 8 March: eight in the morning is 13:00 UTC from then on.
        ("2026-03-09", datetime(2026, 3, 9, 13, tzinfo=UTC)),
        ("2026-03-09T17:30", datetime(2026, 3, 9, 22, 30, tzinfo=UTC)),
        ("2026-03-09T17:30:00+01:00", datetime(2026, 3, 9, 16, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_the_practices_time(text: str, expected: datetime) -> None:
    assert moment_of(text, START, CHICAGO) == expected


@pytest.mark.parametrize("text", ["", "soon", "25:00", "13 pm", "5", "2026-13-01", "5 parsecs"])
def test_anything_else_says_what_to_write(text: str) -> None:
    with pytest.raises(TwowayError, match="is not a time") as caught:
        moment_of(text, START, CHICAGO)
    assert "2h" in caught.value.hint
