"""What FHIR cannot hold is taken out, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.well_formed import media_type, size, string, well_formed


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Grüße\n\tRosa\r\n", "Grüße\n\tRosa\r\n"),
        ("a\x00b\x1b[31mc\x0bd\ud800", "ab[31mcd"),
        ("", ""),
        (" \n\t", ""),
        ("\xa0\u3000", ""),
        ("\x00", ""),
        ("\x7f 🙂", "\x7f 🙂"),
    ],
)
def test_strings(text: str, kept: str) -> None:
    assert string(text) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("application/pdf", True),
        ("text/plain; charset=utf-8", True),
        ('text/plain;charset="iso 8859-1";x=y', True),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", True),
        ("", False),
        ("pdf", False),
        ("image/", False),
        ("a/b/c", False),
        ("application/x-ü", False),
        ("text/plain\r\nX-Other: 1", False),
    ],
)
def test_media_types(name: str, kept: bool) -> None:
    assert media_type(name) == (name if kept else "")


def test_sizes() -> None:
    assert [size(one) for one in (-1, 0, 5, 2**31 - 1, 2**31)] == [None, 0, 5, 2**31 - 1, None]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"a": "", "b": [], "c": {}, "d": None, "e": 0, "f": False}, {"e": 0, "f": False}),
        ({"a": [{"b": " "}, {"b": "x"}]}, {"a": [{"b": "x"}]}),
        ({"extension": [{"url": "u:x", "valueString": ""}]}, {}),
        (
            {"extension": [{"url": "u:x", "extension": [{"url": "y", "valueCode": "z"}]}]},
            {"extension": [{"url": "u:x", "extension": [{"url": "y", "valueCode": "z"}]}]},
        ),
        ({"given": ["\x00Ann", "\x1b"]}, {"given": ["Ann"]}),
    ],
)
def test_what_is_empty_is_not_there(given: dict[str, Any], kept: dict[str, Any]) -> None:
    assert well_formed(given) == kept
