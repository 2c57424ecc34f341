"""The words of a search, put so that the full-text index finds them at a cost that stays.

FTS5 reads the whole list of every word that begins with some letters before it gives the first
one (unless the letters are as many as its prefix index keeps). So the words are looked up by name,
and their lists are read side by side, the newest entry first. Where too many words begin so, the
index is asked for the first three letters, and each message is looked at.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from inbox.search.query import Term, Where

# A statement of its own for each word takes longer than this one for all of them.
BEGINNING: Final = """
WITH RECURSIVE found (word) AS (
    SELECT (SELECT term FROM message_word WHERE term >= :first LIMIT 1)
    UNION ALL
    SELECT (SELECT term FROM message_word WHERE term >= found.word || char(1) LIMIT 1)
    FROM found WHERE found.word < :end
    LIMIT :limit
)
SELECT word FROM found WHERE word >= :first AND word < :end
"""
SECOND: Final = """
WITH RECURSIVE found (word) AS (
    SELECT (SELECT term FROM message_word WHERE term >= :first LIMIT 1)
    UNION ALL
    SELECT (SELECT term FROM message_word WHERE term >= substr(found.word, 1, 2) || :last LIMIT 1)
    FROM found WHERE found.word < :end
    LIMIT :limit
)
SELECT word FROM found WHERE word >= :first AND word < :end
"""
_LAST: Final = "\U0010ffff"
_MOST_WORDS: Final = 16
_MOST_SECONDS: Final = 80
_MOST_TERMS: Final = 24
"""So many are asked of the index; the rest is looked for in what it finds."""
_IN_INDEX: Final = (2, 3)
"""How many first letters the index keeps lists for."""
_RUN: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """What to ask of the index, and what of each message."""

    match: str
    """The FTS5 expression; empty when there is nothing to ask for."""
    checks: tuple[Term, ...]
    """What the index was not asked for, or not exactly."""
    costly: bool
    """The index may walk through more than it finds."""
    hopeless: bool = False
    """A word has to be there that is nowhere."""


def wording(db: sqlite3.Connection, terms: Sequence[Term]) -> Wording:
    """Put the terms of a search: https://sqlite.org/fts5.html#full_text_query_syntax."""
    wanted = [term for term in terms if not term.excluded][:_MOST_TERMS]
    excluded = [term for term in terms if term.excluded][:_MOST_TERMS] if wanted else []
    checks = [term for term in terms if term not in wanted and term not in excluded]
    ask, avoid = [], []
    for term in wanted:
        phrases, exact = _phrases(db, term)
        if not phrases:
            return Wording("", (), costly=False, hopeless=True)
        ask.append(_placed(term, phrases))
        checks += [] if exact else [term]
    for term in excluded:
        phrases, exact = _phrases(db, term)
        avoid += [_placed(term, phrases)] if exact and phrases else []
        checks += [] if exact else [term]
    match = " AND ".join(ask)
    if avoid:
        match = f"({match}) NOT ({' OR '.join(avoid)})"
    alone = len(terms) == 1 and terms[0].where is Where.ANYWHERE
    return Wording(match, tuple(checks), costly=not alone or len(words_of(terms[0].text)) > 1)


def _phrases(db: sqlite3.Connection, term: Term) -> tuple[list[str], bool]:
    """The phrases of which one has to stand there, and whether they find nothing else."""
    words = words_of(term.text)
    if not term.prefix or not words:
        return [_quoted(term.text)], True
    last = words[-1]
    plain = folded(last)
    native = [f"{_quoted(term.text)} *"]
    if not plain.isascii() or len(plain) in _IN_INDEX:
        return native, True
    # The words before it stand as they were typed.
    head = term.text[: term.text.rindex(last)]
    if len(plain) < min(_IN_INDEX):
        seconds = _seconds(db, plain)
        if seconds is None:
            return native, True
        return [_quoted(head + plain), *(f"{_quoted(head + two)} *" for two in seconds)], True
    values = {"first": plain, "end": plain + _LAST, "limit": _MOST_WORDS + 2}
    found = [row[0] for row in db.execute(BEGINNING, values)]
    if len(found) > _MOST_WORDS:
        return [f"{_quoted(head + plain[: max(_IN_INDEX)])} *"], False
    return [_quoted(head + word) for word in found], True


def _seconds(db: sqlite3.Connection, letter: str) -> list[str] | None:
    """The first two letters of the words that go on after one letter; None when too many."""
    values = {"first": letter + "\1", "end": letter + _LAST, "last": _LAST, "limit": _MOST_SECONDS}
    rows = db.execute(SECOND, values).fetchall()
    return None if len(rows) == _MOST_SECONDS else [row[0][:2] for row in rows]


def _placed(term: Term, phrases: Sequence[str]) -> str:
    either = f"({' OR '.join(phrases)})"
    return either if term.where is Where.ANYWHERE else f"{{{term.where.value}}} : {either}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def words_of(text: str) -> list[str]:
    """The words of a text, as they stand there."""
    return _RUN.findall(unicodedata.normalize("NFC", text) if not text.isascii() else text)


def folded(text: str) -> str:
    """A text without case and accents, as the index sees it."""
    return text.lower() if text.isascii() else "".join(map(_fold, text))


@lru_cache(maxsize=4096)
def _fold(char: str) -> str:
    plain = unicodedata.normalize("NFD", char)
    if unicodedata.combining(char):
        return ""
    # Marks of other alphabets are letters of their own to the index.
    return plain[0].lower() if plain[0].isascii() and plain[0].isalpha() else char.lower()


def aligned(text: str) -> str:
    """A text as `folded`, of the same length, so that places in it stay."""
    if text.isascii():
        return text.lower()
    plain = ((char, _fold(char)) for char in text)
    return "".join(seen if len(seen) == 1 else char for char, seen in plain)


def pattern(term: Term) -> re.Pattern[str]:
    """What finds the words of a term in a folded text."""
    words = [re.escape(folded(word)) for word in words_of(term.text)]
    end = r"[^\W_]*" if term.prefix else r"(?![^\W_])"
    return re.compile(r"(?<![^\W_])" + r"[\W_]+".join(words) + end)


def check(term: Term) -> Callable[[str], bool]:
    """A function that says whether a text holds the words of a term, excluded or not."""
    found = pattern(term)

    def holds(text: str) -> bool:
        return found.search(folded(text)) is not None

    return holds
