"""What the gate takes for one draft with all rules, since it runs at each key."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from benchmarks.figures import Chapter, Row, timed
from inbox.gate import Gate
from inbox.rules import RULES
from tests.inbox.making import draft, situation

SIZE: Final = 200_000
"""Characters of the hostile texts."""
AIM: Final = 16.0
"""Milliseconds for an ordinary draft: it is examined between a key and its paint."""

_HOSTILE_RUNS: Final = 2
"""What grows out of hand shows the first time."""

_ORDINARY: Final = (
    "Hello Ann,\n\nThursday at ten is fine. Please bring your insurance card, and call us at "
    "(555) 010-7700 if anything changes. I am here until 5:30.\n\nDana Reyes\n"
)
_HOSTILE: Final = {
    "one letter": "a",
    "digits": "5550107700 ",
    "opening brackets": "([{<",
    "addresses": "a@b.c@",
    "links": "http://x.example/?",
    "times": "5:30 until ",
    "spaces": " \t",
    "line ends": "\n",
    "accents on one letter": "\u0301",
    "invisible letters": "\u200b\u202e",
    "half a promise": "I will call you until I will ",
}


def measure(runs: int) -> Chapter:
    """Examine an ordinary draft, and texts of 200 kB that look for a weak pattern."""
    gate = Gate(RULES)

    def examined(text: str, count: int) -> Row:
        facts = situation(draft(text))
        return Row("", timed(lambda: gate.examine(facts), count))

    ordinary = examined(_ORDINARY, runs * 20).sample
    rows = [
        Row(
            f"an ordinary draft, {len(RULES)} rules",
            ordinary,
            aim=f"under {AIM:.0f} ms",
            met=ordinary.median < AIM,
        )
    ]
    long = examined(_filled(_ORDINARY), _HOSTILE_RUNS).sample
    rows.append(Row("200 kB of ordinary words", long))
    for name, piece in _HOSTILE.items():
        row = examined(_filled(piece), _HOSTILE_RUNS)
        ratio = row.sample.to(long)
        rows.append(replace(row, what=f"200 kB of {name}", ratio=ratio, against="ordinary words"))
    return Chapter("The gate", tuple(rows))


def _filled(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]
