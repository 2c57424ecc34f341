"""What we write into a portal: FHIR R4 resources made of an `Outgoing`. Everything here is pure."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from datetime import datetime

from adapters.portal.convert import OWN_SYSTEM, PROBE
from adapters.portal.page import Record
from adapters.portal.resource import REFERENCE, THEIRS, instant
from adapters.portal.settings import PortalSettings
from inbox.errors import NotSent
from inbox.line import Line
from inbox.outgoing import Outgoing, OutgoingAttachment
from inbox.well_formed import media_type

MEDIUM = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode",
            "code": "ONLINEWRIT",
            "display": "online written",
        }
    ],
    "text": "patient portal",
}
_NOT_IN_FHIR = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""What a FHIR string cannot hold (http://hl7.org/fhir/R4/datatypes.html#string)."""


def check(outgoing: Outgoing, line: Line, settings: PortalSettings) -> None:
    """Refuse what cannot go into a portal.

    Raises:
        NotSent: it cannot.
    """
    if outgoing.line.id != line.id or outgoing.line.address != line.address:
        raise NotSent("The message belongs to another line.", "Send it from that line.")
    if len({one.key for one in outgoing.to}) != 1 or outgoing.cc:
        raise NotSent("A portal message goes to one person at a time.", "Write to each by itself.")
    for name in (outgoing.to[0].value, outgoing.about or outgoing.to[0].value):
        found = REFERENCE.match(name)
        if found is None or found.group(1) not in THEIRS:
            raise NotSent(
                "The portal has no account of the one it goes to.",
                "Link the conversation to a patient of the portal, or reach them another way.",
                recipients=(outgoing.to[0].value,),
            )
    if not outgoing.text.strip() and not outgoing.attachments:
        raise NotSent("The message is empty.", "Write something.")
    if sum(len(file.content) for file in outgoing.attachments) > settings.max_bytes:
        raise NotSent(
            f"The files are larger than {settings.max_bytes // 1_000_000} MB.",
            "Send smaller files, or fewer of them.",
        )


def own_name(outgoing: Outgoing) -> str:
    """The name by which the portal knows a message of ours again: `urn:uuid:...`."""
    return f"urn:uuid:{outgoing.uuid.lower()}"


def part_name(outgoing: Outgoing, thing: str) -> str:
    """The like for something that goes with a message: its thread, a file."""
    return f"urn:uuid:{uuid.uuid5(uuid.UUID(outgoing.uuid), thing)}"


def token_of(name: str) -> str:
    """The search token of such a name."""
    return f"{OWN_SYSTEM}|{name}"


def header(outgoing: Outgoing, line: Line, settings: PortalSettings) -> Record:
    """The header of a new thread: it names the thread and says nothing."""
    return {
        **_envelope(outgoing, line, settings, part_name(outgoing, "thread")),
        "topic": {"text": _string(outgoing.subject) or "Message from your practice"},
    }


def message(
    outgoing: Outgoing,
    line: Line,
    settings: PortalSettings,
    *,
    above: str,
    answers: str,
    files: list[Record],
    at: datetime,
) -> Record:
    """A message.

    Args:
        outgoing: What is to leave.
        line: The line it leaves from.
        settings: Who we are.
        above: The reference of the thread's header; empty where there is none.
        answers: The reference of the message it answers; empty when it answers none.
        files: The payloads of its files.
        at: The present moment.
    """
    text = _string(outgoing.text)
    if outgoing.probe_token:
        text = f"{PROBE} {outgoing.probe_token}\n\n{text}".strip()
    made = _envelope(outgoing, line, settings, own_name(outgoing))
    if above:
        made["partOf"] = [{"reference": above}]
    if answers:
        made["inResponseTo"] = [{"reference": answers}]
    if _string(outgoing.subject):
        made["topic"] = {"text": _string(outgoing.subject)}
    made["sent"] = instant(at)
    made["payload"] = [*([{"contentString": text}] if text.strip() else []), *files]
    return made


def inline(file: OutgoingAttachment, at: datetime) -> Record:
    """The payload of a file that goes inside the message."""
    made = _attachment(file, at)
    if file.content:
        made["data"] = base64.b64encode(file.content).decode("ascii")
    return {"contentAttachment": made}


def document(
    outgoing: Outgoing, file: OutgoingAttachment, number: int, binary: str, at: datetime
) -> Record:
    """The document about a file that was handed over by itself.

    Args:
        outgoing: The message it belongs to.
        file: The file.
        number: Which of its files it is.
        binary: The reference of its bytes.
        at: The present moment.
    """
    made: Record = {
        "resourceType": "DocumentReference",
        "identifier": [_identifier(part_name(outgoing, f"file {number}"))],
        "status": "current",
        "date": instant(at),
        "content": [{"attachment": {**_attachment(file, at), "url": binary}}],
    }
    subject = _subject(outgoing)
    if subject:
        made["subject"] = {"reference": subject}
    if _string(file.name):
        made["description"] = _string(file.name)
    return made


def pointer(reference: str, file: OutgoingAttachment) -> Record:
    """The payload of such a file."""
    held = {"reference": reference}
    if _string(file.name):
        held["display"] = _string(file.name)
    return {"contentReference": held}


def _envelope(outgoing: Outgoing, line: Line, settings: PortalSettings, name: str) -> Record:
    to = outgoing.to[0]
    sender = {"display": _string(line.name) or line.address}
    if settings.sender:
        sender = {"reference": settings.sender, **sender}
    recipient = {"reference": to.value}
    if _string(to.name):
        recipient["display"] = _string(to.name)
    made: Record = {
        "resourceType": "Communication",
        "identifier": [_identifier(name)],
        "status": "in-progress",
        "medium": [MEDIUM],
        "recipient": [recipient],
        "sender": sender,
    }
    subject = _subject(outgoing)
    if subject:
        made["subject"] = {"reference": subject}
    return made


def _subject(outgoing: Outgoing) -> str:
    """Whom it is about: always the patient, also when it goes to a proxy."""
    name = outgoing.about or outgoing.to[0].value
    return name if name.startswith("Patient/") else ""


def _identifier(name: str) -> Record:
    return {"system": OWN_SYSTEM, "value": name}


def _attachment(file: OutgoingAttachment, at: datetime) -> Record:
    digest = hashlib.sha1(file.content, usedforsecurity=False).digest()
    made: Record = {
        "contentType": media_type(file.media_type) or "application/octet-stream",
        "size": len(file.content),
        "hash": base64.b64encode(digest).decode("ascii"),
        "creation": instant(at),
    }
    if _string(file.name):
        made["title"] = _string(file.name)
    return made


def _string(text: str) -> str:
    return _NOT_IN_FHIR.sub("", text).strip()
