"""The sample practice, read from the `sample_data` package and moved to the present.

The mails are files with the dates of one week in November. Reading them moves every date so that
the newest mail is minutes old: dates of the last day move with the clock, older ones by whole
days, so that what was written at ten in the morning stays written at ten in the morning and
nothing changes places or lies ahead of now.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from demo.quoting import clock

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SampleMail:
    """One mail of the sample practice, ready to be put into a mailbox."""

    user: str
    """The account whose mailbox holds it: ``frontdesk``, ``nurse`` or ``noreply``."""
    folder: str
    """``INBOX`` or ``Sent``."""
    flags: tuple[str, ...]
    """System flags the server shows."""
    received: datetime
    """When it reached the folder (INTERNALDATE), aware, never after now."""
    conversation: str
    """The matter it belongs to, as its authors meant it; the app must find that out itself."""
    raw: bytes
    """RFC 5322 bytes with CRLF line ends."""


def practice_toml(ports: Mapping[str, int]) -> str:
    """The sample configuration with the demo's ports filled in.

    Args:
        ports: ``imap_port``, ``smtp_port``, ``twilio_port`` and ``portal_port``.
    """
    text = _data("practice.toml").read_text("utf-8")
    for name, port in ports.items():
        text = text.replace("{" + name + "}", str(port))
    return text


def patients() -> list[dict[str, Any]]:
    """The synthetic patients, as the import file holds them."""
    found: list[dict[str, Any]] = json.loads(_data("patients.json").read_text("utf-8"))
    return found


def appointments_csv(now: datetime) -> str:
    """The sample's list of appointments, all ahead of now, on the days of the week they are on.

    Args:
        now: aware.
    """
    manifest = json.loads(_data("mail/manifest.json").read_text("utf-8"))
    anchor = datetime.fromisoformat(manifest["anchor"])
    weeks = -((anchor - now) // (7 * DAY))

    def moved(found: re.Match[str]) -> str:
        day = datetime.strptime(found[0], "%m/%d/%Y") + weeks * 7 * DAY  # noqa: DTZ007  # a day has no zone
        # Days of birth stay what they are.
        return f"{day.month}/{day.day}/{day.year}" if found[1] == str(anchor.year) else found[0]

    text = _data("appointments.csv").read_text("utf-8")
    return re.sub(r"\b\d{1,2}/\d{1,2}/(\d{4})\b", moved, text)


def mails(now: datetime) -> Iterator[SampleMail]:
    """The sample mails in the order they were received, moved to the days before now.

    Args:
        now: aware.
    """
    manifest = json.loads(_data("mail/manifest.json").read_text("utf-8"))
    shift = Shift(datetime.fromisoformat(manifest["anchor"]), now)
    for entry in manifest["mails"]:
        text = _data(f"mail/{entry['file']}").read_bytes()
        yield SampleMail(
            user=entry["user"],
            folder=entry["folder"],
            flags=tuple(entry["flags"]),
            received=shift.move(datetime.fromisoformat(entry["received"])),
            conversation=entry["conversation"],
            raw=shift.rewrite(text).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        )


class Shift:
    """How far the dates of the files are moved.

    Args:
        anchor: the moment the files were "written", aware.
        now: the moment they are to look written, aware.
    """

    def __init__(self, anchor: datetime, now: datetime) -> None:
        self._anchor = anchor
        self._exact = now - anchor
        self._days = DAY * (self._exact // DAY)

    def move(self, at: datetime) -> datetime:
        """One date, moved; a naive one counts as the practice's own time."""
        aware = at if at.tzinfo is not None else at.replace(tzinfo=self._anchor.tzinfo)
        return at + (self._exact if self._anchor - aware < DAY else self._days)

    def rewrite(self, raw: bytes) -> bytes:
        """A mail with every date it shows moved: headers, quoted history, calendar entries."""
        for pattern, change in _DATES:
            raw = pattern.sub(partial(change, self), raw)
        return raw


_MONTHS = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = rb"\d{1,2}:\d\d [AP]M"


def _header(shift: Shift, found: re.Match[bytes]) -> bytes:
    return format_datetime(shift.move(parsedate_to_datetime(found[0].decode()))).encode()


def _gmail(shift: Shift, found: re.Match[bytes]) -> bytes:
    at = shift.move(datetime.strptime(found[0].decode(), "%a, %b %d, %Y at %I:%M %p"))  # noqa: DTZ007  # mail programs quote local times without a zone
    return f"{at:%a}, {at:%b} {at.day}, {at.year} at {clock(at)}".encode()


def _apple(shift: Shift, found: re.Match[bytes]) -> bytes:
    at = shift.move(datetime.strptime(found[0].decode(), "%b %d, %Y, at %I:%M %p"))  # noqa: DTZ007  # mail programs quote local times without a zone
    return f"{at:%b} {at.day}, {at.year}, at {clock(at)}".encode()


def _outlook(shift: Shift, found: re.Match[bytes]) -> bytes:
    at = shift.move(datetime.strptime(found[0].decode(), "%A, %B %d, %Y %I:%M %p"))  # noqa: DTZ007  # mail programs quote local times without a zone
    return f"{at:%A}, {at:%B} {at.day}, {at.year} {clock(at)}".encode()


def _calendar(shift: Shift, found: re.Match[bytes]) -> bytes:
    at = shift.move(datetime.strptime(found[0].decode(), "%Y%m%dT%H%M%S%z"))
    return f"{at:%Y%m%dT%H%M%S}Z".encode()


_DATES: list[tuple[re.Pattern[bytes], Callable[[Shift, re.Match[bytes]], bytes]]] = [
    (
        re.compile(rb"[A-Z][a-z]{2}, \d{1,2} " + _MONTHS + rb" \d{4} \d\d:\d\d:\d\d [+-]\d{4}"),
        _header,
    ),
    (
        re.compile(rb"[A-Z][a-z]{2}, " + _MONTHS + rb" \d{1,2}, \d{4} at " + _CLOCK),
        _gmail,
    ),
    (re.compile(_MONTHS + rb" \d{1,2}, \d{4}, at " + _CLOCK), _apple),
    (re.compile(rb"[A-Z][a-z]+day, [A-Z][a-z]+ \d{1,2}, \d{4} " + _CLOCK), _outlook),
    (re.compile(rb"\d{8}T\d{6}Z"), _calendar),
]


def _data(path: str) -> Traversable:
    found = files("sample_data")
    for part in path.split("/"):
        found = found / part
    return found
