"""What others wrote is data."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.plain import file_name, plain_line, plain_text

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]")


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;evil title\x07hello", "hello"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "31mred"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("a\u200bb", "ab"),
        ("tab\tand\r\nline", "tab\tand\nline"),
        ("Müller Ñandú 王小明 عمر", "Müller Ñandú 王小明 عمر"),
    ],
)
def test_nothing_controls_the_terminal(given_: str, shown: str) -> None:
    assert plain_text(given_) == shown


def test_scripts_and_emoji_keep_the_joiners_they_need() -> None:
    assert plain_text("👩\u200d⚕\ufe0f") == "👩\u200d⚕\ufe0f"
    assert plain_text("क्\u200dष") == "क्\u200dष"
    assert plain_text("pay\u200dpal") == "paypal"


def test_a_heap_of_marks_is_cut() -> None:
    assert len(plain_text("e" + "\u0301" * 500)) < 10


@given(st.text())
def test_a_line_is_one_line_and_safe(text: str) -> None:
    line = plain_line(text)

    assert not _FORBIDDEN.search(line)
    assert "\n" not in line
    assert "\t" not in line
    assert plain_line(line) == line


@given(st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x2100)))
def test_text_is_safe_and_stays_so(text: str) -> None:
    assert not _FORBIDDEN.search(plain_text(text))
    assert plain_text(plain_text(text)) == plain_text(text)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\report.pdf", "report.pdf"),
        ("..", "attachment"),
        ("a\x00b\n.pdf", "ab .pdf"),
        ("", "attachment"),
        ("Ergebnis für Müller.pdf", "Ergebnis für Müller.pdf"),
    ],
)
def test_file_names_are_safe_to_save(name: str, safe: str) -> None:
    assert file_name(name) == safe


def test_naughty_strings_leave_no_control(corpora: Path) -> None:
    lines = (corpora / "terminal" / "blns.jsonl").read_text("utf-8").splitlines()
    checked = 0
    for line in lines:
        case = json.loads(line)
        text = case if isinstance(case, str) else str(next(iter(case.values())))
        shown = plain_text(text)
        assert not any(
            unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in shown
        )
        checked += 1
    assert checked > 500
