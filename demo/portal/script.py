"""Who is on the portal, what was written there and comes, read strictly from data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from demo.portal.people import Event, Reader, Reply

Kept = Literal["inline", "url", "binary", "document"]
"""How a file hangs on a message: inside it, at an address, as a Binary, or as a DocumentReference
that leads to one."""


@dataclass(frozen=True, slots=True)
class Account:
    """A patient the portal knows."""

    id: str
    """On the portal."""
    mrn: str
    """The medical record number."""
    patient: str
    """The id in `patients.json`; empty for somebody who is not there."""
    given: str = ""
    family: str = ""
    born: str = ""
    """All three for somebody who is not there."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Somebody who writes for a patient."""

    id: str
    """On the portal."""
    name: str
    about: str
    """The patient, by reference."""
    relation: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Who writes for the practice."""

    reference: str
    """`Organization/lakeside`, `Practitioner/osei`, `Group/front-desk`."""
    name: str


@dataclass(frozen=True, slots=True)
class File:
    """A PDF on a message."""

    name: str
    lines: tuple[str, ...]
    kept: Kept = "document"


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a thread."""

    ago: timedelta
    """How long before the start."""
    sender: str
    """By reference."""
    say: str
    file: File | None = None
    again: bool = False
    """The portal repeats below it what was said before."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread that was there before anybody looked."""

    id: str
    """Of its header."""
    about: str
    """The patient, by reference."""
    topic: str
    can_reply: bool | None
    """Whether the portal lets the patient answer; None: nothing is said."""
    messages: tuple[Said, ...]
    """The oldest first."""


@dataclass(frozen=True, slots=True)
class Script:
    """Everybody, what was written, and what comes unasked."""

    accounts: tuple[Account, ...]
    proxies: tuple[Proxy, ...]
    staff: tuple[Staff, ...]
    """The first is the practice's own inbox."""
    readers: tuple[Reader, ...]
    common: tuple[Reply, ...]
    """For whoever has no answer that fits."""
    threads: tuple[Thread, ...]
    events: tuple[Event, ...]
    """In order of time."""


def read_portal(text: str) -> Script:
    """Read a script.

    Raises:
        ValueError: an unknown key or value, somebody nobody has named, or a bad expression.
    """
    data = tomllib.loads(text)
    parts = {"patient", "proxy", "staff", "common", "thread", "event"}
    _only(data, parts, "the script")
    entries = [*data.get("patient", []), *data.get("proxy", [])]
    events = [_event(entry) for entry in data.get("event", [])]
    script = Script(
        accounts=tuple(_account(entry) for entry in data.get("patient", [])),
        proxies=tuple(_proxy(entry) for entry in data.get("proxy", [])),
        staff=tuple(_staff(entry) for entry in data.get("staff", [])),
        readers=tuple(_reader(entry) for entry in entries),
        common=tuple(_reply(entry) for entry in data.get("common", [])),
        threads=tuple(_thread(entry) for entry in data.get("thread", [])),
        events=tuple(sorted(events, key=lambda one: one.after)),
    )
    _all_known(script)
    return script


def sample_portal() -> Script:
    """The script of the sample practice."""
    return read_portal((files("sample_data") / "portal.toml").read_text("utf-8"))


_READER = {"answer", "turns", "reads", "repeats"}


def _account(entry: dict[str, Any]) -> Account:
    known = {"id", "mrn", "patient", "given", "family", "born"} | _READER
    _only(entry, known, entry.get("id", "a patient"))
    return Account(
        id=entry["id"],
        mrn=entry["mrn"],
        patient=entry.get("patient", ""),
        given=entry.get("given", ""),
        family=entry.get("family", ""),
        born=entry.get("born", ""),
    )


def _proxy(entry: dict[str, Any]) -> Proxy:
    _only(entry, {"id", "name", "about", "relation"} | _READER, entry.get("id", "a proxy"))
    return Proxy(entry["id"], entry["name"], entry["about"], entry["relation"])


def _staff(entry: dict[str, Any]) -> Staff:
    _only(entry, {"reference", "name"}, "the staff")
    return Staff(entry["reference"], entry["name"])


def _reader(entry: dict[str, Any]) -> Reader:
    me = f"{'RelatedPerson' if 'about' in entry else 'Patient'}/{entry['id']}"
    return Reader(
        reference=me,
        about=entry.get("about", me),
        replies=tuple(_reply(one) for one in entry.get("answer", [])),
        turns=entry.get("turns", 2),
        reads=entry.get("reads", True),
        repeats=entry.get("repeats", False),
    )


def _reply(entry: dict[str, Any]) -> Reply:
    _only(entry, {"on", "say"}, "an answer")
    try:
        return Reply(re.compile(entry["on"]), entry["say"])
    except re.error as error:
        raise ValueError(f"bad expression {entry['on']!r}: {error}") from error


def _thread(entry: dict[str, Any]) -> Thread:
    known = {"id", "about", "topic", "can_reply", "message"}
    _only(entry, known, entry.get("id", "a thread"))
    messages = [_said(one) for one in entry["message"]]
    return Thread(
        id=entry["id"],
        about=entry["about"],
        topic=entry["topic"],
        can_reply=entry.get("can_reply"),
        messages=tuple(sorted(messages, key=lambda one: one.ago, reverse=True)),
    )


def _said(entry: dict[str, Any]) -> Said:
    _only(entry, {"minutes", "from", "say", "file", "again"}, "a message")
    return Said(
        ago=timedelta(minutes=entry["minutes"]),
        sender=entry["from"],
        say=entry["say"],
        file=_file(entry["file"]) if "file" in entry else None,
        again=entry.get("again", False),
    )


def _file(entry: dict[str, Any]) -> File:
    _only(entry, {"name", "lines", "kept"}, "a file")
    kept = entry.get("kept", "document")
    if kept not in get_args(Kept):
        raise ValueError(f"{entry['name']}: nothing is kept as {kept!r}")
    return File(entry["name"], tuple(entry["lines"]), cast("Kept", kept))


def _event(entry: dict[str, Any]) -> Event:
    _only(entry, {"after", "from", "say", "topic", "thread"}, "an event")
    return Event(
        after=float(entry["after"]),
        sender=entry["from"],
        say=entry["say"],
        topic=entry.get("topic", ""),
        thread=entry.get("thread", ""),
    )


def _all_known(script: Script) -> None:
    known = {one.reference for one in script.readers} | {one.reference for one in script.staff}
    known |= {f"Communication/{one.id}" for one in script.threads}
    named = {one.about for one in script.readers} | {one.about for one in script.threads}
    named |= {said.sender for thread in script.threads for said in thread.messages}
    for event in script.events:
        named |= {event.sender, event.thread} - {""}
    if named - known:
        missing = ", ".join(sorted(named - known))
        raise ValueError(f"the script names {missing}, who is nobody in it")


def _only(entry: dict[str, Any], known: set[str], where: str) -> None:
    unknown = entry.keys() - known
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(sorted(unknown))}")
