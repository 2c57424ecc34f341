"""Who has a telephone, and what came and comes over it, read strictly from data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from demo.twilio.people import Event, Holder, Reply

Happened = Literal["text", "answered", "missed", "voicemail"]
"""What came of it: a text, or a call that somebody took, that nobody took, or that left words."""


@dataclass(frozen=True, slots=True)
class Past:
    """Something that came in before anybody looked."""

    ago: timedelta
    """How long before the start."""
    sender: str
    """Their number."""
    to: str
    """Ours."""
    happened: Happened
    """What it was."""
    say: str = ""
    """The words of a text, or of a voicemail."""
    picture: bool = False
    """The text has a picture with it."""
    seconds: int = 20
    """How long a call was talked over, a voicemail was, or the telephone rang in vain."""


@dataclass(frozen=True, slots=True)
class Telephones:
    """Everybody, what they say, what has come in, and what comes unasked."""

    people: tuple[Holder, ...]
    common: tuple[Reply, ...]
    """For whoever has no answer that fits."""
    past: tuple[Past, ...]
    """The oldest first."""
    events: tuple[Event, ...]
    """In order of time."""


def read_telephones(text: str) -> Telephones:
    """Read a script.

    Raises:
        ValueError: an unknown key or value, or a bad expression.
    """
    data = tomllib.loads(text)
    _only(data, {"telephone", "common", "past", "event"}, "the script")
    past = [_past(entry) for entry in data.get("past", [])]
    events = [_event(entry) for entry in data.get("event", [])]
    return Telephones(
        people=tuple(_holder(entry) for entry in data.get("telephone", [])),
        common=tuple(_reply(entry) for entry in data.get("common", [])),
        past=tuple(sorted(past, key=lambda one: one.ago, reverse=True)),
        events=tuple(sorted(events, key=lambda one: one.after)),
    )


def sample_telephones() -> Telephones:
    """The script of the sample practice."""
    return read_telephones((files("sample_data") / "telephones.toml").read_text("utf-8"))


def _holder(entry: dict[str, Any]) -> Holder:
    known = {"number", "name", "answer", "turns", "calls", "landline", "fails_with"}
    _only(entry, known, entry.get("number", "a telephone"))
    return Holder(
        number=entry["number"],
        name=entry.get("name", ""),
        replies=tuple(_reply(one) for one in entry.get("answer", [])),
        turns=entry.get("turns", 2),
        calls=entry.get("calls", False),
        landline=entry.get("landline", False),
        fails_with=entry.get("fails_with"),
    )


def _reply(entry: dict[str, Any]) -> Reply:
    _only(entry, {"on", "say"}, "an answer")
    try:
        return Reply(re.compile(entry["on"]), entry["say"])
    except re.error as error:
        raise ValueError(f"bad expression {entry['on']!r}: {error}") from error


def _past(entry: dict[str, Any]) -> Past:
    _only(entry, {"minutes", "from", "to", "what", "say", "picture", "seconds"}, "the past")
    happened = entry.get("what", "text")
    if happened not in get_args(Happened):
        raise ValueError(f"{entry['from']}: nothing is called {happened!r}")
    return Past(
        ago=timedelta(minutes=entry["minutes"]),
        sender=entry["from"],
        to=entry["to"],
        happened=cast("Happened", happened),
        say=entry.get("say", ""),
        picture=entry.get("picture", False),
        seconds=entry.get("seconds", 20),
    )


def _event(entry: dict[str, Any]) -> Event:
    _only(entry, {"after", "from", "to", "say", "call", "seconds"}, "an event")
    return Event(
        after=float(entry["after"]),
        sender=entry["from"],
        to=entry["to"],
        say=entry.get("say", ""),
        call=entry.get("call", False),
        seconds=entry.get("seconds", 20),
    )


def _only(entry: dict[str, Any], known: set[str], where: str) -> None:
    unknown = entry.keys() - known
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(sorted(unknown))}")
