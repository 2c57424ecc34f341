"""Numbers are shown as people read them, and only numbers."""

from __future__ import annotations

import pytest

from inbox.number import number_words
from inbox.reply_path import Plan
from inbox.rules import RULES
from inbox.words import from_words
from tests.inbox import making


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("+15550107701", "(555) 010-7701"),
        ("15550107701", "(555) 010-7701"),
        ("5550107701", "(555) 010-7701"),
        (" +15550107701 ", "(555) 010-7701"),
        ("+442079460123", "+44 207 946 0123"),
        ("+493012345678", "+49 301 234 5678"),
        ("+35312345678", "+353 123 456 78"),
        ("+79261234567", "+7 926 123 4567"),
        ("+11234567", "+1 123 4567"),
        ("442079460123", "442079460123"),
        ("(555) 010-7701", "(555) 010-7701"),
        ("frontdesk@lakeside.example", "frontdesk@lakeside.example"),
        ("https://ehr.example/fhir", "https://ehr.example/fhir"),
        ("", ""),
        ("911", "911"),
    ],
)
def test_a_number_is_written_for_reading(value: str, words: str) -> None:
    assert number_words(value) == words
    assert number_words(words) == words


def test_the_composer_shows_the_line_as_a_number() -> None:
    plan = Plan(making.TEXTS, making.proof(making.TEXTS), "they wrote to it")
    assert from_words(plan, "", making.NOW).startswith("From (555) 010-7788 · ")


def test_no_fix_puts_a_raw_number_into_the_text() -> None:
    late = making.NOW.replace(hour=23, minute=30)
    said = "Please call the office."
    texts = [
        fix.text
        for situation in (making.situation(making.draft(said), now=late), making.text(said))
        for found in (found for one in RULES for found in one.check(situation))
        for fix in (found.fix, *found.others)
        if fix is not None and fix.text is not None
    ]
    assert any("(555) 010-7701" in text for text in texts)
    assert not [text for text in texts if "+1555" in text]
