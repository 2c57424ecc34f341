"""The words the carrier acts on by itself, for long codes."""

from __future__ import annotations

from enum import Enum, auto


class Word(Enum):
    """What a text of one word asks for."""

    STOP = auto()
    START = auto()
    YES = auto()
    """Counts as START for those who are opted out, and as plain text for everybody else."""
    HELP = auto()


_STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
_START = {"START", "UNSTOP"}
_HELP = {"HELP", "INFO"}


def word_of(body: str) -> Word | None:
    """The word a text consists of, in whatever case."""
    said = body.strip().upper()
    if said in _STOP:
        return Word.STOP
    if said in _START:
        return Word.START
    if said in _HELP:
        return Word.HELP
    return Word.YES if said == "YES" else None


def reply_to(word: Word) -> str:
    """What the carrier answers."""
    if word is Word.STOP:
        return "You will get no more texts from this number. Text START to get them again."
    if word is Word.HELP:
        return "Text STOP to get no more texts from this number."
    return "You will get texts from this number again."
