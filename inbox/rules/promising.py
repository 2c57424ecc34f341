"""The rule about what we say we will do."""

from __future__ import annotations

from collections.abc import Iterator

from inbox.finding import Finding, Severity
from inbox.promise import find_promises
from inbox.rules.rule import rule
from inbox.situation import Situation
from inbox.words import clock_words


@rule("TW14", "It makes a promise")
def promise(situation: Situation) -> Iterator[Finding]:
    """“I'm here until 5:30” and “I'll call you back by noon” are promises, and are watched.

    When it leaves, the promise stands on the screen under your name until it is kept.
    """
    practice = situation.practice
    for found in find_promises(situation.draft.text, situation.leaves_at, practice.hours):
        yield Finding(
            "TW14",
            Severity.INFO,
            f"It promises something until {clock_words(found.due, situation.now, practice)}"
            f" (“{found.said}”): Twoway watches it for you.",
        )
