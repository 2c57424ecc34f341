"""Promises are found in what we say, and stand until they are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inbox.promise import Promise, PromiseKind, PromiseState, find_promises
from tests.inbox.making import NOW, ZONE, week

HERE, ANSWER = PromiseKind.HERE, PromiseKind.ANSWER
AFTERNOON = datetime(2026, 3, 4, 16, 31, tzinfo=ZONE)


def due(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "kind", "when"),
    [
        ("I'm here until 5:30.", HERE, "2026-03-04 17:30"),
        ("I am here till 5:30 pm, then please e-mail me.", HERE, "2026-03-04 17:30"),
        ("I’ll be in the office until 6 today.", HERE, "2026-03-04 18:00"),
        ("We are available until 17:45", HERE, "2026-03-04 17:45"),
        ("I'm on my direct line. I'm at my desk for another 25 minutes.", HERE, "2026-03-04 16:56"),
        ("I'm here for 20 more minutes", HERE, "2026-03-04 16:51"),
        ("I'll call you back by 5.", ANSWER, "2026-03-04 17:00"),
        ("We will get back to you by noon tomorrow.", ANSWER, "2026-03-05 12:00"),
        ("We'll let you know tomorrow by 9:15 am", ANSWER, "2026-03-05 09:15"),
        ("The nurse will call you by tomorrow at 10", ANSWER, "2026-03-05 10:00"),
        ("Dr. Lee will call you before the end of the day.", ANSWER, "2026-03-04 17:00"),
        ("I will write to you by Friday at noon", ANSWER, "2026-03-06 12:00"),
    ],
)
def test_promises_are_found(text: str, kind: PromiseKind, when: str) -> None:
    [said] = find_promises(text, AFTERNOON, week())

    assert (said.kind, said.due) == (kind, due(when))
    assert said.said in text


@pytest.mark.parametrize(
    "text",
    [
        "You were here until noon.",
        "Can you call me by 5?",
        "The phones are on until 5:00.",
        "Your visit is on Friday at 5.",
        "I'm here to help.",
        "I'll call you back by 25:99",
        "Please reply by Friday.",
        "I was here until 4.",
        "",
    ],
)
def test_other_words_are_none(text: str) -> None:
    assert find_promises(text, AFTERNOON, week()) == ()


def test_a_time_that_is_over_is_no_promise() -> None:
    assert find_promises("I'm here until 4.", AFTERNOON, week()) == ()


PROMISE = Promise(
    id=1,
    conversation_id=1,
    patient_id="p1",
    owner="dana",
    kind=HERE,
    said="I'm here until 5:30",
    due=NOW + timedelta(hours=1),
    made_at=NOW,
)
SOON, LATER = NOW + timedelta(minutes=30), NOW + timedelta(minutes=61)


@pytest.mark.parametrize(
    ("promise", "soon", "later"),
    [
        (PROMISE, PromiseState.OPEN, PromiseState.OVER),
        (replace(PROMISE, asked_at=NOW), PromiseState.CALLED_ON, PromiseState.BROKEN),
        (
            replace(PROMISE, asked_at=NOW, answered_at=NOW),
            PromiseState.KEPT,
            PromiseState.KEPT,
        ),
        (replace(PROMISE, kind=ANSWER), PromiseState.OPEN, PromiseState.BROKEN),
        (replace(PROMISE, kind=ANSWER, asked_at=NOW), PromiseState.OPEN, PromiseState.BROKEN),
        (replace(PROMISE, kind=ANSWER, answered_at=NOW), PromiseState.KEPT, PromiseState.KEPT),
        (replace(PROMISE, withdrawn_at=NOW), PromiseState.WITHDRAWN, PromiseState.WITHDRAWN),
    ],
)
def test_a_promise_stands_until_it_is_kept(
    promise: Promise, soon: PromiseState, later: PromiseState
) -> None:
    assert (promise.state(SOON), promise.state(LATER)) == (soon, later)
