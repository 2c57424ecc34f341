"""How a text is cut into parts, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inbox.segment import measure, with_plain_characters


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1 text (up to 160)"),
        ("a" * 160, "1 text (up to 160)"),
        ("a" * 161, "2 texts (153 characters each)"),
        ("\u2019" + "a" * 69, "1 text (up to 70, because of “\u2019”)"),
        ("\u2019" + "a" * 70, "2 texts (67 characters each, because of “\u2019”)"),
        ("a" * 153 * 3 + "a", "4 texts (153 characters each)"),
    ],
)
def test_the_words_say_how_many_parts_and_why(text: str, words: str) -> None:
    assert measure(text).words == words


def test_plain_characters_fit_the_short_alphabet() -> None:
    curly = "\u201cWe\u2019re here \u2013 until five\u2026\u201d"
    assert not measure(curly).gsm
    assert with_plain_characters(curly) == '"We\'re here - until five..."'
    assert measure(with_plain_characters(curly)).gsm
    # What has no plain form stays: a name is not spoiled.
    assert with_plain_characters("陈美 é") == "陈美 é"


def test_parts_are_counted_as_the_provider_counts_them(corpora: Path) -> None:
    lines = (corpora / "sms-segments" / "cases.jsonl").read_text("utf-8").splitlines()
    for case in map(json.loads, lines):
        size = measure(case["body"])
        counted = (size.segments, "GSM-7" if size.gsm else "UCS-2")
        wanted = case["expect"]
        assert counted == (wanted["segments"], wanted["encoding"]), case["id"]
    assert len(lines) > 40
