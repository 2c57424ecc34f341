"""Message templates: plain text files with a short head and typed fields in braces.

    title: Appointment reminder
    category: reminder
    channels: email, sms
    subject: Your visit on {appointment.date}

    Hello {patient.first_name}, ...

Lines of the head that begin with `#` are remarks. `{{` and `}}` stand for single braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from inbox.address import ChannelKind
from inbox.errors import ConfigurationError
from inbox.outgoing import Category
from inbox.plain import plain_text

FIELDS: Final[dict[str, str]] = {
    "patient.first_name": "The patient's first name",
    "patient.name": "The patient's first and last name",
    "appointment.date": "The day of the visit: Thu, Mar 5",
    "appointment.time": "When it begins, in the practice's time: 2:30 PM",
    "appointment.place": "Where it is; the practice's name when the list does not say",
    "appointment.with": "Whom it is with",
    "scheduling_url": "The link to choose a time, from the configuration",
    "reply_by": "The last day on which an answer is in time: the working day before the visit",
    "my.name": "Your name",
    "my.first_name": "Your first name",
    "my.direct_line": "Your direct line: (555) 010-7701",
    "my.email": "Your e-mail address",
    "phones.close": "When the phones go off next: 5:00 PM; nothing while they are off",
    "phones.open": "When somebody answers the phones again: tomorrow at 8:00 AM",
    "phones.number": "The number of the practice's phone line",
    "practice.name": "The practice's name",
}
"""Every field a template may have, and what it stands for."""

_LONGEST: Final = 20_000
_HEAD: Final = ("title", "category", "channels", "subject")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")


class BadTemplate(ConfigurationError):
    """A template that cannot be used, with the place that is wrong."""

    def __init__(self, name: str, line: int, column: int, what: str, hint: str = "") -> None:
        """Say `what` is wrong in file `name` at `line` and `column`, both from 1."""
        super().__init__(f"{name}, line {line}, column {column}: {what}", hint)
        self.name = name
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Field:
    """A place to be filled in."""

    name: str
    """One of `FIELDS`."""

    @property
    def gap(self) -> str:
        """What stands there when there is no value: rule TW34 does not let it leave."""
        return f"{{{self.name}}}"


Pieces = tuple[str | Field, ...]
"""Words and fields in turn."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read and understood."""

    name: str
    """The file's name without its ending: `appointment-reminder`."""
    title: str
    category: Category
    channels: tuple[ChannelKind, ...]
    """The channels it is written for, in the order of the file."""
    subject: Pieces
    text: Pieces
    origin: str = ""
    """The file it was read from."""

    @property
    def family(self) -> str:
        """The name without a channel at its end: `flu-shot` of `flu-shot-sms`.

        Templates of one family say the same on different channels.
        """
        stem, dash, end = self.name.rpartition("-")
        return stem if dash and end in {kind.value for kind in ChannelKind} else self.name

    @property
    def fields(self) -> frozenset[str]:
        """The names of its fields."""
        pieces = (*self.subject, *self.text)
        return frozenset(piece.name for piece in pieces if isinstance(piece, Field))


@dataclass(frozen=True, slots=True)
class BadFile:
    """A template file that cannot be used."""

    name: str
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """All templates there are; a bad one is told of and spoils no other."""

    templates: tuple[Template, ...] = ()
    """By title."""
    bad: tuple[BadFile, ...] = ()
    place: str = ""
    """The folder they were read from."""
    shipped: bool = False
    """They came with Twoway: the practice has none of its own."""

    def named(self, name: str) -> Template | None:
        """The template of this name, or None."""
        return next((one for one in self.templates if one.name == name), None)

    def on_channel(self, channel: ChannelKind) -> tuple[Template, ...]:
        """The templates written for a channel."""
        return tuple(one for one in self.templates if channel in one.channels)


def parse_template(name: str, content: str, origin: str = "") -> Template:
    """Read a template.

    Args:
        name: The file's name, e.g. `appointment-reminder.txt`.
        content: The whole file.
        origin: Where it lies, to be shown.

    Raises:
        BadTemplate: with the line and column of what is wrong.
    """
    stem = name.removesuffix(".txt")
    if not _NAME.fullmatch(stem):
        raise BadTemplate(
            name, 1, 1, "the file's name has other letters than a-z, 0-9, - and _.", "Rename it."
        )
    if len(content) > _LONGEST:
        raise BadTemplate(name, 1, 1, f"it is longer than {_LONGEST:,} characters.", "Shorten it.")
    if "\0" in content:
        raise BadTemplate(name, 1, 1, "this is not a text file.", "Save it as plain text.")
    lines = plain_text(content.removeprefix("\ufeff")).expandtabs(4).split("\n")
    head, begins = _head(name, lines)
    missing = next((key for key in _HEAD[:3] if key not in head), "")
    if missing:
        raise BadTemplate(name, 1, 1, f"the head has no “{missing}:”.", _example(missing))
    channels = _channels(name, *head["channels"])
    if "subject" not in head and ChannelKind.EMAIL in channels:
        raise BadTemplate(name, 1, 1, "an e-mail needs a “subject:”.", _example("subject"))
    title, subject = head["title"], head.get("subject", ("", 1, 1))
    text, first = _trimmed(lines, begins)
    if not text:
        hint = "Leave a line empty below the head, then write."
        raise BadTemplate(name, len(lines), 1, "there is no text below the head.", hint)
    return Template(
        name=stem,
        title=title[0],
        category=_category(name, *head["category"]),
        channels=channels,
        subject=_pieces(name, subject[0], subject[1], subject[2]),
        text=_pieces(name, text, first, 1),
        origin=origin,
    )


def escaped(text: str) -> str:
    """Words as they stand in a template: each brace twice."""
    return text.replace("{", "{{").replace("}", "}}")


_Value = tuple[str, int, int]
"""A value of the head with the line and column it stands at."""


def _head(name: str, lines: list[str]) -> tuple[dict[str, _Value], int]:
    """The head and the number (from 0) of the line after the empty one."""
    head: dict[str, _Value] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            return head, number
        if line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        known = key.strip().casefold()
        if not colon or known not in _HEAD:
            near = get_close_matches(known, _HEAD, 1, 0.5)
            meant = f"Did you mean “{near[0]}:”?" if near else f"Known: {', '.join(_HEAD)}."
            raise BadTemplate(
                name, number, 1, f"“{key.strip()[:40]}” does not belong into the head.", meant
            )
        if known in head:
            raise BadTemplate(name, number, 1, f"“{known}:” stands here twice.", "Keep one.")
        column = len(key) + 2 + len(value) - len(value.lstrip())
        if not value.strip():
            raise BadTemplate(name, number, column, f"“{known}:” is empty.", _example(known))
        head[known] = (value.strip(), number, column)
    return head, len(lines)


def _trimmed(lines: list[str], begins: int) -> tuple[str, int]:
    """The text without empty lines around it, and the number (from 1) of its first line."""
    while begins < len(lines) and not lines[begins].strip():
        begins += 1
    return "\n".join(line.rstrip() for line in lines[begins:]).rstrip(), begins + 1


def _pieces(name: str, text: str, line: int, column: int) -> Pieces:
    """Words and fields of a text whose first letter stands at `line` and `column` of the file."""
    found: list[str | Field] = []
    words: list[str] = []
    end = 0
    for match in _PIECE.finditer(text):
        words.append(text[end : match.start()])
        end = match.end()
        if match.group() in {"{{", "}}"}:
            words.append(match.group()[0])
            continue
        said = match.group(1)
        if said is None or said.strip() not in FIELDS:
            raise BadTemplate(name, *_place(text, match.start(), line, column), *_wrong(said))
        found += ["".join(words), Field(said.strip())]
        words = []
    found.append("".join(words) + text[end:])
    return tuple(piece for piece in found if piece != "")


def _place(text: str, at: int, line: int, column: int) -> tuple[int, int]:
    before = text[:at]
    if "\n" not in before:
        return line, column + at
    return line + before.count("\n"), at - before.rindex("\n")


def _wrong(said: str | None) -> tuple[str, str]:
    """What is wrong with a brace or a field, and the hint."""
    if said is None:
        return "a brace stands alone.", "Fields look like {patient.name}; a brace is {{ or }}."
    near = get_close_matches(said.strip().casefold(), FIELDS, 1, 0.5)
    known = near[0] if near else "patient.first_name"
    meant = f"Did you mean {{{known}}}?" if near else "`twoway templates fields` lists them all."
    return f"there is no field {{{said[:40]}}}.", meant


def _category(name: str, value: str, line: int, column: int) -> Category:
    try:
        return Category(value.casefold())
    except ValueError:
        raise BadTemplate(
            name, line, column, f"“{value[:40]}” is no category.", _nearest(value, Category)
        ) from None


def _channels(name: str, value: str, line: int, column: int) -> tuple[ChannelKind, ...]:
    found: dict[ChannelKind, None] = {}
    at = column
    for part in value.split(","):
        word = {"e-mail": "email", "text": "sms"}.get(part.strip().casefold(), part.strip())
        try:
            found[ChannelKind(word.casefold())] = None
        except ValueError:
            begins = at + len(part) - len(part.lstrip())
            raise BadTemplate(
                name, line, begins, f"“{word[:40]}” is no channel.", _nearest(word, ChannelKind)
            ) from None
        at += len(part) + 1
    return tuple(found)


def _nearest(word: str, known: Iterable[str]) -> str:
    names = [str(one) for one in known]
    near = get_close_matches(word.casefold(), names, 1, 0.5)
    return f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names)}."


def _example(key: str) -> str:
    return {
        "title": "Add a line like: title: Appointment reminder",
        "category": f"Add a line like: category: reminder (known: {', '.join(Category)})",
        "channels": "Add a line like: channels: email, sms",
        "subject": "Add a line like: subject: Your visit",
    }[key]
