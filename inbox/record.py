"""The record: what a communication looks like in the patient's record file.

Each line of the file is one FHIR R4 `Communication` (http://hl7.org/fhir/R4/communication.html).
The lines are chained: each carries the SHA-256 of the line before it, so that a changed, removed
or added line shows. A later state of the same message is a further line with the same identifier.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import NAMESPACE_URL, uuid5

from inbox.address import Address, ChannelKind
from inbox.message import Direction, Message, MessageKind, MessageStatus
from inbox.outgoing import Call, CallOutcome, WayBack
from inbox.well_formed import media_type, size, string, well_formed

Resource = dict[str, Any]
"""A FHIR resource as JSON."""

FIRST: Final = "0" * 64
"""What the first line of a file names as the line before it."""

ENTERED_IN_ERROR: Final = "entered-in-error"
"""http://hl7.org/fhir/R4/valueset-event-status.html"""

_EXTENSION: Final = "https://twoway.example/fhir/StructureDefinition/"
_UUID_SYSTEM: Final = "urn:ietf:rfc:3986"
_MESSAGE_ID_SYSTEM: Final = "https://twoway.example/fhir/message-id"
_MODES: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
_NOT_DONE: Final = "http://terminology.hl7.org/CodeSystem/communication-not-done-reason"

_STATUS: Final = {
    MessageStatus.RECEIVED: "completed",
    MessageStatus.QUEUED: "in-progress",
    MessageStatus.SENDING: "in-progress",
    MessageStatus.SENT: "in-progress",
    MessageStatus.DELIVERED: "completed",
    MessageStatus.FAILED: "not-done",
    MessageStatus.UNKNOWN: "unknown",
    MessageStatus.CANCELLED: "stopped",
    MessageStatus.NOTED: "completed",
}
_MADE: Final = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED})
_CALL_STATUS: Final = {
    CallOutcome.REACHED: "completed",
    CallOutcome.LEFT_MESSAGE: "completed",
    CallOutcome.NO_ANSWER: "not-done",
    CallOutcome.BUSY: "not-done",
    CallOutcome.WRONG_NUMBER: "not-done",
}
_CALL_NOT_DONE: Final = {
    CallOutcome.NO_ANSWER: "recipient-unavailable",
    CallOutcome.BUSY: "recipient-unavailable",
    CallOutcome.WRONG_NUMBER: "invalid-phone-number",
}
_MEDIUM: Final = {
    MessageKind.EMAIL: ("EMAILWRIT", "e-mail"),
    MessageKind.TEXT: ("WRITTEN", "text message"),
    MessageKind.CALL: ("PHONE", "phone call"),
    MessageKind.VOICEMAIL: ("PHONE", "voicemail"),
    MessageKind.PORTAL: ("ONLINEWRIT", "patient portal"),
}
# Of the same code system, since after R4.
_CLOSER: Final = {MessageKind.TEXT: ("SMSWRIT",)}


@dataclass(frozen=True, slots=True)
class RecordContext:
    """What a record entry says beside the message itself."""

    patient_id: str
    line_address: str
    """The practice's own address it went over; empty for a note."""
    staff_name: str = ""
    because: str = ""
    """The reason a person gave for sending in spite of a finding."""
    findings: tuple[str, ...] = ()
    """What the gate found and let through: `TW31: ...`."""


def communication(message: Message, context: RecordContext, recorded_at: datetime) -> Resource:
    """The FHIR R4 Communication for the present state of one message.

    Args:
        message: The stored message.
        context: What goes with it.
        recorded_at: When the entry is made (aware).
    """
    resource: Resource = {
        "resourceType": "Communication",
        "id": message.uuid,
        "meta": {"lastUpdated": _instant(recorded_at)},
        "identifier": [{"system": _UUID_SYSTEM, "value": f"urn:uuid:{message.uuid}"}],
        "status": _STATUS[message.status],
        "subject": {"reference": f"Patient/{_fhir_id(context.patient_id)}"},
    }
    if _fhir_id(context.patient_id) != context.patient_id:
        resource["subject"] = {"identifier": {"value": context.patient_id}}
    if message.message_id:
        resource["identifier"].append({"system": _MESSAGE_ID_SYSTEM, "value": message.message_id})
    if message.status is MessageStatus.FAILED:
        resource["statusReason"] = {
            "coding": [{"system": _NOT_DONE, "code": "system-error"}],
            "text": message.status_text or "not delivered",
        }
    if message.call is not None and message.status in _MADE:
        _add_call(resource, message.call, message.heads_up)
    if message.kind in _MEDIUM:
        code, text = _MEDIUM[message.kind]
        coding = [{"system": _MODES, "code": one} for one in (code, *_CLOSER.get(message.kind, ()))]
        resource["medium"] = [{"coding": coding, "text": text}]
    if message.subject:
        resource["topic"] = {"text": message.subject}
    _add_people(resource, message, context)
    when = _instant(message.at)
    if message.direction is Direction.INBOUND:
        resource["received"] = when
        if message.sent_at is not None:
            resource["sent"] = _instant(message.sent_at)
    elif message.status is not MessageStatus.FAILED:
        resource["sent"] = when
    _add_content(resource, message)
    _add_extensions(resource, message, context)
    if message.kind is MessageKind.PORTAL:
        from inbox.portal_record import add_portal

        add_portal(resource, message, context.line_address if "://" in context.line_address else "")
    if message.retracted:
        from inbox.portal_record import add_retracted

        resource["status"] = ENTERED_IN_ERROR
        add_retracted(resource, message, recorded_at)
    # Others wrote some of it, and not every text is one that FHIR can hold.
    return cast("Resource", well_formed(resource))


def retraction(message: Message, context: RecordContext, recorded_at: datetime) -> Resource:
    """The entry that takes a message back that was never about this patient.

    The lines before it stay as they are; it says with FHIR's `entered-in-error` that they do not
    count. Nothing of the message's text is in it, nor whom it is about.

    Args:
        message: The stored message.
        context: Whose file it is.
        recorded_at: When the entry is made (aware).
    """
    whole = communication(message, context, recorded_at)
    return {
        **{name: whole[name] for name in ("resourceType", "id", "meta", "identifier")},
        "status": ENTERED_IN_ERROR,
        "subject": whole["subject"],
        "note": [
            {
                "time": _instant(recorded_at),
                "text": "This is about somebody else. It was entered here by mistake.",
            }
        ],
        "extension": [
            _text_extension("direction", message.direction.value),
            _text_extension("delivery", ENTERED_IN_ERROR),
        ],
    }


def goes_on(patient_id: str, other_id: str, recorded_at: datetime, *, before: bool) -> Resource:
    """The entry that leads from one record file to another of the same person.

    Args:
        patient_id: Whose file it is in.
        other_id: The other id of the same person.
        recorded_at: When the entry is made (aware).
        before: The other file holds what was before; otherwise the record goes on there.
    """
    where = "begins" if before else "goes on"
    name = f"{patient_id} {where} {other_id} {_instant(recorded_at)}"
    subject: Resource = {"reference": f"Patient/{_fhir_id(patient_id)}"}
    if _fhir_id(patient_id) != patient_id:
        subject = {"identifier": {"value": patient_id}}
    number = str(uuid5(NAMESPACE_URL, _EXTENSION + name))
    return {
        "resourceType": "Communication",
        "id": number,
        "meta": {"lastUpdated": _instant(recorded_at)},
        "identifier": [{"system": _UUID_SYSTEM, "value": f"urn:uuid:{number}"}],
        "status": "completed",
        "subject": subject,
        "note": [
            {
                "time": _instant(recorded_at),
                "text": f"Two ids were one person: this record {where} in the file of {other_id}.",
            }
        ],
        "extension": [
            _text_extension("direction", Direction.INTERNAL.value),
            _text_extension("delivery", "noted"),
        ],
    }


def _add_call(resource: Resource, call: Call, heads_up: MessageStatus | None) -> None:
    """How a call ended, whatever the line it was made on says."""
    if call.outcome is None:
        return
    told = heads_up is None or heads_up in _MADE
    resource["status"] = _CALL_STATUS[call.outcome] if told else "in-progress"
    if call.outcome in _CALL_NOT_DONE:
        code = _CALL_NOT_DONE[call.outcome]
        resource["statusReason"] = {
            "coding": [{"system": _NOT_DONE, "code": code}],
            "text": call.outcome.value,
        }


def _add_people(resource: Resource, message: Message, context: RecordContext) -> None:
    if message.direction is Direction.INBOUND:
        if message.sender is not None:
            resource["sender"] = _person(message.sender)
        resource["recipient"] = [{"display": context.line_address}]
        return
    sender = context.staff_name or "staff"
    resource["sender"] = {
        "display": f"{sender} <{context.line_address}>" if context.line_address else sender
    }
    people = [_person(address) for address in (*message.to, *message.cc)]
    if people:
        resource["recipient"] = people


def _add_content(resource: Resource, message: Message) -> None:
    body = message.whole or message.text
    if message.direction is Direction.INTERNAL:
        resource["note"] = [{"time": _instant(message.at), "text": string(body) or "(empty)"}]
        return
    payload: list[Resource] = []
    if body.strip():
        payload.append({"contentString": body})
    for file in message.attachments:
        attachment: Resource = {
            "contentType": media_type(file.media_type),
            "title": file.name,
            "size": size(file.size),
        }
        if file.sha256:
            attachment["extension"] = [_text_extension("sha256", file.sha256)]
        payload.append({"contentAttachment": attachment})
    if payload:
        resource["payload"] = payload


def _add_extensions(resource: Resource, message: Message, context: RecordContext) -> None:
    extensions = [
        _text_extension(name, value)
        for name, value in (
            ("line", context.line_address),
            ("direction", message.direction.value),
            ("delivery", ENTERED_IN_ERROR if message.retracted else message.status.value),
            ("version", message.version.strip()),
            ("reply-path-proof", message.proof),
            ("staff", message.staff_id),
            ("match-reason", message.match_reason),
            ("override-reason", context.because),
        )
        if value
    ]
    call = message.call
    if call is not None and call.outcome is not None:
        extensions.append(_text_extension("call-outcome", call.outcome.value))
        extensions += [
            _text_extension("way-to-answer", way.value) for way in WayBack if way in call.ways
        ]
        if call.watched:
            extensions.append(_text_extension("watched-line", call.watched))
        if message.heads_up is not None:
            extensions.append(_text_extension("heads-up", message.heads_up.value))
    if message.ending is not None:
        extensions.append(_text_extension("call-ending", message.ending.value))
    if message.seconds:
        # http://hl7.org/fhir/R4/datatypes.html#Duration
        duration = {
            "value": message.seconds,
            "unit": "s",
            "system": "http://unitsofmeasure.org",
            "code": "s",
        }
        extensions.append({"url": _EXTENSION + "duration", "valueDuration": duration})
    extensions += [_text_extension("finding", finding) for finding in context.findings]
    if message.references or message.in_reply_to:
        parent = (message.in_reply_to or message.references[-1:])[0]
        resource["inResponseTo"] = [{"identifier": {"system": _MESSAGE_ID_SYSTEM, "value": parent}}]
    resource["extension"] = extensions


def chain(resource: Resource, sequence: int, previous: str) -> bytes:
    """One line of a record file: the resource with its place in the chain, without the line feed.

    Args:
        resource: A Communication without chain extension.
        sequence: 1 for the first line of the file.
        previous: Hex SHA-256 of the line before it, `FIRST` for the first.
    """
    link = {
        "url": _EXTENSION + "chain",
        "extension": [
            {"url": "sequence", "valuePositiveInt": sequence},
            {"url": "previous", "valueString": previous},
        ],
    }
    linked = {**resource, "extension": [*resource.get("extension", []), link]}
    return json.dumps(linked, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def line_hash(line: bytes) -> str:
    """Hex SHA-256 of one line, without its line feed; what the next line carries."""
    return hashlib.sha256(line).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What checking a record file found."""

    entries: int
    """How many lines it holds."""
    last: str
    """Hash of the last line; `FIRST` for an empty file."""
    problems: tuple[str, ...] = ()
    """One sentence per broken place; empty when the file is whole."""


def verify_chain(lines: Iterable[bytes]) -> ChainReport:
    """Check that every line follows the one before it.

    Args:
        lines: The lines of one record file, without line feeds.
    """
    previous, count, problems = FIRST, 0, []
    for count, line in enumerate(lines, start=1):
        try:
            sequence, named = _link(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(f"Line {count} cannot be read.")
        else:
            if sequence != count:
                problems.append(f"Line {count} says it is number {sequence}.")
            if named != previous:
                problems.append(f"Line {count} does not follow the line before it.")
        previous = line_hash(line)
    return ChainReport(count, previous, tuple(problems))


def _link(resource: Resource) -> tuple[int, str]:
    url = _EXTENSION + "chain"
    link = next(found for found in reversed(resource["extension"]) if found["url"] == url)
    parts = {part["url"]: part for part in link["extension"]}
    return int(parts["sequence"]["valuePositiveInt"]), str(parts["previous"]["valueString"])


def _person(address: Address) -> Resource:
    return {"display": str(address)}


def _text_extension(name: str, value: str) -> Resource:
    return {"url": _EXTENSION + name, "valueString": value}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fhir_id(value: str) -> str:
    """The value when it is a FHIR id ([A-Za-z0-9-.]{1,64}), else with the other characters out."""
    kept = "".join(char for char in value if (char.isascii() and char.isalnum()) or char in "-.")
    return kept[:64]


MEDIUM_OF: Final = {
    ChannelKind.EMAIL: MessageKind.EMAIL,
    ChannelKind.SMS: MessageKind.TEXT,
    ChannelKind.PHONE: MessageKind.CALL,
    ChannelKind.PORTAL: MessageKind.PORTAL,
}
"""What a message sent on a channel is."""
