"""Reading a raw item of the portal: a pure function that never raises."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from adapters.portal.item import UNREADABLE, Envelope, open_item
from adapters.portal.page import Record
from adapters.portal.payload import decoded, files, is_text, media_type, say
from adapters.portal.resource import (
    OURS,
    THEIRS,
    concept,
    identifier,
    identifiers_of,
    kind,
    last_updated,
    moment,
    name_of,
    part,
    parts,
    pointed,
    reference,
    word,
)
from adapters.portal.status import is_retracted, report_of
from adapters.portal.thread import answered_by, can_reply, is_completed, is_header, thread_of
from adapters.web.media_type import sniff
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.message import Arrival, Attachment, MessageKind, Nature, Received
from inbox.plain import file_name, plain_text
from inbox.version import version_key

PROBE = "Twoway line test"
"""What the text of a round trip begins with; its token follows."""
OWN_SYSTEM = "urn:ietf:rfc:3986"
"""The system of the identifier by which a message of ours is known again."""

_PROBE = re.compile(rf"{PROBE} ([0-9a-zA-Z]{{4,64}})\b")
_UUID = re.compile(r"urn:uuid:([0-9a-fA-F-]{36})\Z")
_PROXIES = 5


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a message names."""

    kind: str
    """`Patient`, `Practitioner`, ...; empty when nothing tells."""
    address: Address
    resource: Record | None
    """What the server has of them, where that is at hand."""
    known_as: tuple[str, ...]
    """Identifiers, best first."""


def is_ours(communication: Record, context: dict[str, Any], base: str) -> bool:
    """Whether our side wrote a Communication.

    Where the sender does not tell, what goes to a patient is ours, and anything else is read as
    theirs: a needless "needs reply" harms nobody, a missed one does.
    """
    contained = parts(communication, "contained")
    sender = communication.get("sender")
    told = kind(sender, base, pointed(sender, base, context, contained))
    if told in OURS or told in THEIRS:
        return told in OURS
    named = parts(communication, "recipient")
    found = {kind(one, base, pointed(one, base, context, contained)) for one in named}
    return bool(found & THEIRS) and not found & OURS


def read_item(raw: bytes, line: Address, zone: tzinfo) -> Arrival:
    """Read one raw item; what is none becomes an unreadable arrival.

    Args:
        raw: The item.
        line: The line it came in on.
        zone: What times without an offset are read in.
    """
    try:
        return _Reading(open_item(raw), line, zone).arrival()
    except UNREADABLE:
        text = plain_text(raw.decode("utf-8", "replace"))
        return Arrival(
            channel=ChannelKind.PORTAL,
            kind=MessageKind.PORTAL,
            sender=None,
            text=text,
            whole=text,
            nature=Nature.UNREADABLE,
            defects=("The portal message is not in a form that Twoway knows.",),
        )


class _Reading:
    """One item on its way to an arrival."""

    def __init__(self, item: Envelope, line: Address, zone: tzinfo) -> None:
        self.item = item
        self.line = line
        self.zone = zone
        self.resource = item.communication
        self.contained = parts(item.communication, "contained")
        self.defects: list[str] = []

    def arrival(self) -> Arrival:
        """What it says."""
        resource, base, context = self.resource, self.item.base, dict(self.item.context)
        own = f"Communication/{word(resource, 'id', 64)}" if word(resource, "id", 64) else ""
        ours = is_ours(resource, context, base)
        sender = self._person(resource.get("sender"))
        to = [one for ref in parts(resource, "recipient") if (one := self._person(ref))]
        subject = self._person(resource.get("subject"))
        thread, first = thread_of(resource, own, base, context)
        earlier = [one for one in context.values() if word(one, "resourceType") == "Communication"]
        said = say(resource, earlier)
        other = self._other(ours, sender, to, subject)
        about = self._about(other, subject)
        token = _PROBE.search(said.whole) if ours else None
        nature = Nature.THREAD if is_header(resource) else Nature.PERSONAL
        nature = Nature.PROBE if token is not None else nature
        return Arrival(
            channel=ChannelKind.PORTAL,
            kind=MessageKind.PORTAL,
            sender=self._writer(ours, sender, subject),
            to=self._recipients(ours, to, other),
            sent_at=self._sent(),
            subject=concept(resource, "topic") or concept(first, "topic"),
            text=said.text,
            whole=said.whole,
            attachments=tuple(self._attachments()),
            message_id=own,
            in_reply_to=answered_by(resource, base),
            thread_key=thread,
            nature=nature,
            report=report_of(resource, own, other.address.value if other else "") if ours else None,
            received=Received(
                from_=self.line.value if ours else sender.address.value if sender else "",
                delivered_to=() if ours else (self.line.value,),
                probe_token=token.group(1) if token is not None else "",
            ),
            defects=tuple(dict.fromkeys(self.defects)),
            about=about.address if about is not None and about is not other else None,
            identifiers=self._known_as(about or other),
            can_reply=can_reply(resource, first),
            thread_completed=is_completed(resource, first),
            retracted=is_retracted(resource),
            own_uuid=self._uuid() if ours else "",
            version=version_key(last_updated(resource), word(part(resource, "meta"), "versionId")),
        )

    # ---- people ------------------------------------------------------------------------------

    def _person(self, holder: Any) -> Person | None:
        """Somebody by a Reference; None when there is nobody."""
        base = self.item.base
        if not isinstance(holder, dict):
            return None
        resource = pointed(holder, base, self.item.context, self.contained)
        value = reference(holder, base)
        name = word(holder, "display") or name_of(resource)
        said = identifier(part(holder, "identifier"))
        if not value or value.startswith("#"):
            # Nobody can be written to by such a name, and two of the same name may differ.
            known = identifiers_of(resource) or ((said,) if said else ())
            value = f"?identifier={known[0]}" if known else f"?name={name}" if name else ""
        if not value:
            return None
        known_as = dict.fromkeys((*identifiers_of(resource), *((said,) if said else ())))
        told = kind(holder, base, resource)
        return Person(told, Address(AddressSystem.PORTAL, value, name), resource, tuple(known_as))

    def _writer(self, ours: bool, sender: Person | None, subject: Person | None) -> Address | None:
        if ours:
            name = sender.address.name if sender is not None else ""
            return Address(AddressSystem.PORTAL, self.line.value, name or self.line.name)
        if sender is not None:
            return sender.address
        if not is_header(self.resource):
            self.defects.append("The message does not say who wrote it.")
        return subject.address if subject is not None and subject.kind == "Patient" else None

    def _recipients(
        self, ours: bool, to: list[Person], other: Person | None
    ) -> tuple[Address, ...]:
        """Who it goes to: of ours those on the other side, or whom it is about."""
        if not ours:
            return tuple(one.address for one in to)
        theirs = [one.address for one in to if one.kind not in OURS]
        return tuple(theirs) or ((other.address,) if other is not None else ())

    def _other(
        self, ours: bool, sender: Person | None, to: list[Person], subject: Person | None
    ) -> Person | None:
        """Who is at the other end."""
        patient = subject if subject is not None and subject.kind in {"Patient", ""} else None
        if not ours:
            return sender if sender is not None else patient
        theirs = [one for one in to if one.kind not in OURS]
        # The header of a thread names everybody; the patient goes before the proxy.
        same = [one for one in theirs if patient and one.address.key == patient.address.key]
        return next(iter((*same, *theirs)), patient)

    def _about(self, other: Person | None, subject: Person | None) -> Person | None:
        """The patient, when that is not the one at the other end."""
        if subject is not None and subject.kind not in {"Group", "RelatedPerson"}:
            same = other is not None and other.address.key == subject.address.key
            return other if same else subject
        if other is not None and other.kind == "RelatedPerson":
            return self._person(part(other.resource, "patient"))
        return None

    def _known_as(self, person: Person | None) -> tuple[str, ...]:
        return person.known_as if person is not None else ()

    # ---- the rest ----------------------------------------------------------------------------

    def _sent(self) -> datetime | None:
        written = self.resource.get("sent")
        found = moment(written, self.zone)
        if written is not None and found is None:
            self.defects.append("The time it was sent cannot be read.")
        elif found is not None and not found.offset:
            self.defects.append("The time it was sent has no time zone; ours was taken.")
        return found.at if found is not None else None

    def _uuid(self) -> str:
        for one in parts(self.resource, "identifier"):
            found = _UUID.match(word(one, "value", 100))
            if found is not None and word(one, "system", 100) == OWN_SYSTEM:
                return found.group(1).lower()
        return ""

    def _attachments(self) -> Iterator[Attachment]:
        fetched = {word(one, "part", 20): one for one in self.item.files}
        inside = {one.part: one for one in files(self.resource)}
        for place, payload in enumerate(parts(self.resource, "payload")):
            number = str(place)
            of_it = [key for key in fetched if key == number or key.startswith(f"{number}.")]
            for key in of_it:
                found = self._fetched(key, fetched[key])
                if found is not None:
                    yield found
            if number in inside and not of_it:
                file = inside[number]
                yield self._file(number, file.name, file.media_type, file.content)
            elif not of_it:
                self._explain(payload)
        for key, one in fetched.items():
            if not key and word(one, "problem"):
                self.defects.append(word(one, "problem"))

    def _fetched(self, key: str, one: Record) -> Attachment | None:
        problem = word(one, "problem")
        if problem:
            self.defects.append(problem)
            return None
        content = decoded(one.get("content"))
        if content is None:
            raise ValueError("no file")
        return self._file(key, word(one, "name", 200), word(one, "type", 200).lower(), content)

    def _file(self, number: str, name: str, claimed: str, content: bytes) -> Attachment:
        claimed = claimed.partition(";")[0].strip()
        told = sniff(content, claimed)
        if not content:
            self.defects.append("A file that came with the message is empty.")
        elif claimed and told != claimed:
            self.defects.append("A file that came with the message is not what it claims to be.")
        ending = _ENDINGS.get(told, "bin")
        place = int(number.partition(".")[0]) + 1
        return Attachment(
            part=number,
            name=file_name(name or f"{told.partition('/')[0]}-{place}.{ending}"),
            media_type=told,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def _explain(self, payload: Record) -> None:
        """Say what of a payload is not shown."""
        attachment = part(payload, "contentAttachment")
        if attachment and not is_text(attachment):
            claimed = media_type(attachment)
            name = word(attachment, "title", 100) or claimed or "without a name"
            self.defects.append(f"A file of the message could not be read ({name}).")
        elif "contentReference" in payload:
            shown = word(part(payload, "contentReference"), "display", 100)
            what = f": {shown}" if shown else ""
            self.defects.append(f"The message points to something in the portal{what}.")
        elif not ({"contentString", "contentAttachment"} & payload.keys()) and not concept(
            payload, "contentCodeableConcept"
        ):
            self.defects.append("A part of the message is in a form that Twoway does not know.")


_ENDINGS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "text/plain": "txt",
    "text/html": "html",
    "text/csv": "csv",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/dicom": "dcm",
    "application/hl7-cda+xml": "xml",
    "text/xml": "xml",
    "application/xml": "xml",
}
