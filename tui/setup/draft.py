"""The configuration as it is being set up, and the file it becomes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from inbox.errors import ConfigurationError

_DAYS = ("mon", "tue", "wed", "thu", "fri")
_HEAD = (
    "The configuration of Twoway. It is yours to edit: Twoway reads it, and never rewrites it",
    "without asking. `twoway doctor` checks what it says.",
)


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    """One person."""

    id: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class MailAnswer:
    """One e-mail line."""

    id: str
    address: str
    name: str
    imap: dict[str, Any]
    smtp: dict[str, Any]
    password: dict[str, Any]
    """As in the configuration: one of command, env, file, keyring."""
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class PortalAnswer:
    """One portal line."""

    id: str
    base_url: str
    name: str
    auth: dict[str, Any]
    """As in the configuration."""
    replies: str = "unknown"
    recipient: str = ""
    test_patient: str = ""


@dataclass(slots=True)
class SetupDraft:
    """Everything answered so far."""

    name: str = ""
    timezone: str = ""
    country: str = "US"
    scheduling_url: str = ""
    hours: str = ""
    staff: list[StaffAnswer] = field(default_factory=list)
    lines: list[MailAnswer | PortalAnswer] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    """Ids of lines that are not proven."""

    def toml(self) -> str:
        """The whole file."""
        document = tomlkit.document()
        for line in _HEAD:
            document.add(tomlkit.comment(line))
        document.add(tomlkit.nl())
        practice = tomlkit.table()
        practice["name"] = self.name
        practice["timezone"] = self.timezone
        practice["country"] = self.country
        if self.scheduling_url:
            practice["scheduling_url"] = self.scheduling_url
        document["practice"] = practice
        document.add(tomlkit.nl())
        document.add(tomlkit.comment("When the phones are staffed; a missing day is closed."))
        hours = tomlkit.table()
        if self.hours:
            for day in _DAYS:
                hours[day] = self.hours
        document["hours"] = hours
        staff = tomlkit.aot()
        for member in self.staff:
            table = tomlkit.table()
            table["id"] = member.id
            table["name"] = member.name
            if member.email:
                table["email"] = member.email
            staff.append(table)
        document["staff"] = staff
        document["line"] = tomlkit.aot()
        return self._with_lines(document)

    def added_to(self, text: str) -> str:
        """A file that is there already, with the lines of this draft behind its own.

        Comments, order and spacing of what was there stay.
        """
        return self._with_lines(tomlkit.parse(text))

    def _with_lines(self, document: tomlkit.TOMLDocument) -> str:
        lines = document.get("line")
        if lines is None:
            lines = document["line"] = tomlkit.aot()
        for line in self.lines:
            lines.append(_mail_table(line) if isinstance(line, MailAnswer) else _portal_table(line))
        return tomlkit.dumps(document)


def _mail_table(line: MailAnswer) -> Table:
    table = tomlkit.table()
    table["id"] = line.id
    table["channel"] = "email"
    table["address"] = line.address
    if line.name:
        table["name"] = line.name
    for key, values in (("imap", line.imap), ("smtp", line.smtp), ("password", line.password)):
        inline = tomlkit.inline_table()
        inline.update(values)
        table[key] = inline
    if line.ca_file:
        table["ca_file"] = line.ca_file
    return table


def _portal_table(line: PortalAnswer) -> Table:
    table = tomlkit.table()
    table["id"] = line.id
    table["channel"] = "portal"
    table["base_url"] = line.base_url
    if line.name:
        table["name"] = line.name
    auth = tomlkit.inline_table()
    for key, value in line.auth.items():
        if isinstance(value, dict):
            inner = tomlkit.inline_table()
            inner.update(value)
            auth[key] = inner
        else:
            auth[key] = value
    table["auth"] = auth
    table["replies"] = line.replies
    if line.recipient:
        table["recipient"] = line.recipient
    if line.test_patient:
        table["test_patient"] = line.test_patient
    return table


def write_private(path: Path, text: str) -> None:
    """Write a file for the owner's eyes only, whole or not at all.

    Raises:
        ConfigurationError: it cannot be written; what was there stays.
    """
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        if name:
            with contextlib.suppress(OSError):
                Path(name).unlink()
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place with --config."
        ) from None


def keep_old(path: Path, now: datetime) -> Path:
    """Put the present file beside itself under another name, and give that name."""
    kept = path.with_name(f"{path.name}.{now:%Y-%m-%d-%H%M%S}.old")
    write_private(kept, path.read_text(encoding="utf-8"))
    return kept
