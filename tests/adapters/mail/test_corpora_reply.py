"""Replies that others collected: no line of an author is hidden; how much is folded is printed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adapters.mail.mime import read_mail
from adapters.mail.quote import GAP, fold
from adapters.markup.html import readable
from tests.adapters.mail.corpus import cases, squeezed, written_lines


class Score:
    """How many quoted lines there were, and how many of them were folded."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.quoted = 0
        self.folded = 0
        self.hidden: list[str] = []

    def own(self, case: str, lines: list[str], visible: str) -> None:
        """Every line the author wrote has to be there."""
        shown = squeezed(visible)
        self.hidden += [f"{case}: {line}" for line in lines if line and line not in shown]

    def history(self, lines: list[str], shown: list[str]) -> None:
        """Each quoted line that is still shown costs."""
        left = Counter(shown)
        for line in lines:
            self.quoted += 1
            if left[line]:
                left[line] -= 1
            else:
                self.folded += 1

    def finish(self, capsys: pytest.CaptureFixture[str], at_least: float) -> None:
        share = self.folded / self.quoted
        with capsys.disabled():
            print(f"\n  {self.name}: {self.folded} of {self.quoted} quoted lines ({share:.1%})")
        assert self.hidden == []
        assert share >= at_least


def test_crisp(corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    score = Score("reply-crisp")
    for case in cases(corpora / "reply-crisp" / "cases.jsonl"):
        text = case["input"].replace("\r\n", "\n")
        visible, whole = fold(text)
        assert whole == text
        score.own(case["id"], [squeezed(line) for line in case["must_contain"]], visible)
        shown = squeezed(visible)
        quoted = [squeezed(line) for line in case["must_not_contain"]]
        score.history(quoted, [line for line in quoted if line in shown])
    score.finish(capsys, 0.98)


def test_talon(corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    score = Score("reply-talon")
    for case in cases(corpora / "reply-talon" / "cases.jsonl"):
        text = case["input"].replace("\r\n", "\n")
        visible, whole = fold(text)
        assert whole == text
        _count(score, case["id"], written_lines(text), written_lines(case["reply"]), visible)
    score.finish(capsys, 0.95)


def _count(score: Score, case: str, every: list[str], own: list[str], visible: str) -> None:
    score.own(case, own, visible)
    quoted = Counter(every) - Counter(own)
    shown = Counter(line for line in written_lines(visible) if line != GAP) - Counter(own)
    score.history(list(quoted.elements()), list(shown.elements()))


def test_talon_mails(corpora: Path) -> None:
    files = sorted((corpora / "reply-talon" / "standard_replies").glob("*.eml"))
    texts = {file.stem: read_mail(file.read_bytes()).text for file in files}

    assert len(texts) == 12
    for name, text in texts.items():
        given = files[0].with_name(f"{name}_reply_text")
        own = given.read_text("utf-8") if given.exists() else "Hello"
        if name == "outlook" and "Hello" not in text:
            own = "Allo! Follow up MIME!"
        assert written_lines(own)[0] in squeezed(text), name
        assert "> Hi" not in text, name


def test_quotequail(corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = corpora / "reply-quotequail"
    score = Score("reply-quotequail")
    for file in ("quote", "quote_html"):
        for case in cases(folder / f"{file}.jsonl"):
            _quotequail_split(score, case)
    for file in ("unwrap", "unwrap_html"):
        for case in cases(folder / f"{file}.jsonl"):
            if "text" in case or "html" in case:
                _quotequail_unwrap(score, case)
    score.finish(capsys, 0.9)


def _bare(text: str) -> list[str]:
    return [line for line in (one.strip("> ") for one in written_lines(text)) if line]


def _quotequail_split(score: Score, case: dict[str, Any]) -> None:
    text = case["text"] if "text" in case else readable(case["html"])
    visible, _ = fold(text)
    for own, piece in case["expected_quote_intro_line"]:
        lines = _bare(piece if "text" in case else readable(piece))
        if own:
            score.own(case["id"], lines, visible)
        # What is passed on is what the author sends, so it is not history here; and where the
        # author wrote nothing, everything is shown.
        elif not any("orward" in line for line in lines) and visible != text:
            score.history(lines, _bare(visible))


def _quotequail_unwrap(score: Score, case: dict[str, Any]) -> None:
    text = case["text"] if "text" in case else readable(case["html"])
    visible, _ = fold(text)
    expected = case["expected"]
    if expected is None:
        assert visible == text
        return
    for key in ("text_top", "text_bottom"):
        score.own(case["id"], _bare(expected.get(key) or ""), visible)
    if expected["type"] in {"reply", "quote"}:
        score.history(_bare(expected.get("text") or ""), _bare(visible))
