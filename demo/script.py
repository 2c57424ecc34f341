"""The patients' script, read strictly: what a person answers is data, not code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from demo.quoting import Program

Kind = Literal["answers", "away", "silent", "deaf", "unknown"]
"""How a person takes mail: see the head of ``script.toml``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing a person may say."""

    on: re.Pattern[str]
    """Said when this is found in what the practice wrote, without the quoted history."""
    say: str
    """The words."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who reads mail from the practice."""

    address: str
    """Where they read it."""
    name: str
    """Display name; may be empty."""
    program: Program = "gmail"
    """Whose quoting style their replies have."""
    kind: Kind = "answers"
    """How they take mail."""
    via: str = ""
    """Who answers in their place, by address; empty for themselves."""
    turns: int = 2
    """How many times they answer in one conversation."""
    answers: tuple[Answer, ...] = ()
    """What they may say, tried in order, each once in a conversation."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that comes unasked."""

    after: float
    """Seconds after the start."""
    sender: str
    """The address of a person of the script."""
    recipient: str
    """The line it is sent to."""
    subject: str
    """Its subject."""
    say: str
    """Its words."""


@dataclass(frozen=True, slots=True)
class Script:
    """Everybody, what anybody says, and what comes unasked."""

    people: dict[str, Person]
    """By address, in lower case."""
    common: tuple[Answer, ...]
    """For whoever has no answer that fits."""
    arrivals: tuple[Arrival, ...]
    """In order of time."""


def read_script(text: str) -> Script:
    """Read a script.

    Raises:
        ValueError: an unknown key or kind, an address nobody has, or a bad expression.
    """
    data = tomllib.loads(text)
    _only(data, {"person", "common", "arrival"}, "the script")
    people = {person.address.lower(): person for person in map(_person, data.get("person", []))}
    arrivals = [_arrival(entry) for entry in data.get("arrival", [])]
    named = {person.via for person in people.values() if person.via}
    for address in named | {arrival.sender for arrival in arrivals}:
        if address.lower() not in people:
            raise ValueError(f"the script names {address}, who is nobody in it")
    return Script(
        people=people,
        common=tuple(_answer(entry) for entry in data.get("common", [])),
        arrivals=tuple(sorted(arrivals, key=lambda arrival: arrival.after)),
    )


def sample_script() -> Script:
    """The script of the sample practice."""
    return read_script((files("sample_data") / "script.toml").read_text("utf-8"))


def _person(entry: dict[str, Any]) -> Person:
    known = {"address", "name", "program", "kind", "via", "turns", "answer"}
    _only(entry, known, entry.get("address", "a person"))
    program, kind = entry.get("program", "gmail"), entry.get("kind", "answers")
    if program not in get_args(Program) or kind not in get_args(Kind):
        raise ValueError(f"{entry['address']}: no program {program!r} or kind {kind!r}")
    return Person(
        address=entry["address"],
        name=entry.get("name", ""),
        program=cast("Program", program),
        kind=cast("Kind", kind),
        via=entry.get("via", ""),
        turns=entry.get("turns", 2),
        answers=tuple(_answer(answer) for answer in entry.get("answer", [])),
    )


def _answer(entry: dict[str, Any]) -> Answer:
    _only(entry, {"on", "say"}, "an answer")
    try:
        return Answer(re.compile(entry["on"]), entry["say"])
    except re.error as error:
        raise ValueError(f"bad expression {entry['on']!r}: {error}") from error


def _arrival(entry: dict[str, Any]) -> Arrival:
    _only(entry, {"after", "from", "to", "subject", "say"}, "an arrival")
    return Arrival(
        after=float(entry["after"]),
        sender=entry["from"],
        recipient=entry["to"],
        subject=entry["subject"],
        say=entry["say"],
    )


def _only(entry: dict[str, Any], known: set[str], where: str) -> None:
    unknown = entry.keys() - known
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(sorted(unknown))}")
