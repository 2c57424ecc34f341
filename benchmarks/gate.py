"""What the gate takes for one draft with all rules, since it runs at each key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from benchmarks.figures import Chapter, Row, Sample, timed
from inbox.address import email
from inbox.gate import Gate
from inbox.rules import RULES
from inbox.situation import Recipient, Situation
from tests.inbox.making import ANN, draft, situation, text

SIZE: Final = 200_000
"""Characters of the hostile texts."""
AIM: Final = 2.0
"""Milliseconds for an ordinary draft: it is examined between a key and its paint."""
HOSTILE_AIM: Final = 50.0
"""Milliseconds for a text that is made to be slow, all of it."""

_ORDINARY: Final = (
    "Hello Ann,\n\nThursday at ten is fine. Please bring your insurance card, and call us at "
    "(555) 010-7700 if anything changes. I am here until 5:30.\n\nDana Reyes\n"
)
_HOSTILE: Final = {
    "one letter": "a",
    "long words": "supercalifragilistic",
    "digits": "5550107700 ",
    "digits and dashes": "555-010-",
    "phone-like runs": "(555) 010-770 ",
    "phone numbers": "(555) 010-7700 ",
    "security-number-like runs": "123-45-",
    "opening brackets": "([{<",
    "opening braces": "{{",
    "blanks to fill in": "{{name ",
    "underscores": "___ ",
    "addresses": "a@b.c@",
    "links": "http://x.example/?",
    "shortened links": "bit.ly/",
    "times": "5:30 until ",
    "spaces": " \t",
    "line ends": "\n",
    "accents on one letter": "\u0301",
    "invisible letters": "\u200b\u202e",
    "letters of many scripts": "\U0001f600é\u05d0",
    "greetings": "Hi ",
    "call call call": "call ",
    "half a request to call": "please call the our dr. ",
    "we call you": "we call us ",
    "half a word on not replying": "do not reply to this if you ",
    "half a way into the portal": "log in to the portal ",
    "half a result": "your test is born mrn results ",
    "half an attachment": "is attached to see ",
    "half a promise": "I will call you until I will ",
    "everything at once": "call our do not reply {{ log in to test 555-01 hiv mrn i'm here until ",
}


def measure(runs: int) -> Chapter:
    """Examine an ordinary draft, and texts of 200 kB that look for a weak pattern."""
    gate = Gate(RULES)
    by_mail, by_text = _examined(gate, _ORDINARY, runs * 20), _examined(gate, _ORDINARY, runs, True)
    rows = [
        Row(
            f"an ordinary draft, {len(RULES)} rules",
            by_mail,
            aim=f"under {AIM:.0f} ms",
            met=by_mail.median < AIM,
        ),
        Row("an ordinary text message", by_text, aim=f"under {AIM:.0f} ms", met=by_text.best < AIM),
    ]
    long = _examined(gate, _filled(_ORDINARY), runs)
    rows.append(Row("200 kB of ordinary words", long))
    hostile = []
    for name, piece in _HOSTILE.items():
        sample = _examined(gate, _filled(piece), runs)
        hostile.append(
            Row(f"200 kB of {name}", sample, ratio=sample.to(long), against="ordinary words")
        )
    rows += sorted(hostile, key=lambda row: row.sample.best, reverse=True)
    slowest = rows[3]
    half = _examined(gate, _filled(_HOSTILE[slowest.what.partition(" of ")[2]])[: SIZE // 2], runs)
    rows[3] = replace(
        slowest,
        aim=f"at most {HOSTILE_AIM:.0f} ms",
        # What else the machine does is no fault of the rules.
        met=slowest.sample.best <= HOSTILE_AIM,
        remark=f"{slowest.sample.best / half.best:.1f} times as long as half of it",
    )
    return Chapter("The gate", tuple(rows))


def _examined(gate: Gate, said: str, runs: int, by_text: bool = False) -> Sample:
    """Examine one text again and again, a little changed each time as by a key."""
    made = _typed(said, runs + 1, by_text)
    return timed(lambda: gate.examine(next(made)), runs)


def _typed(said: str, count: int, by_text: bool) -> Iterator[Situation]:
    # Where nobody agreed to anything, more of the rules have to look.
    strangers = replace(situation(), recipients=(Recipient(email("ann@example.com"), (ANN,)),))
    make = text if by_text else (lambda words: replace(strangers, draft=draft(words)))
    # Made before, so that only the rules are timed.
    return iter([make(f"{said}{'.' * number}") for number in range(count)])


def _filled(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]
