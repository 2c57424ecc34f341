"""The raw items of the memory channel: one JSON object each, and how they are read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Any

from inbox.address import Address, ChannelKind
from inbox.ending import Ending
from inbox.errors import ServerRefused
from inbox.message import (
    Arrival,
    Attachment,
    DeliveryReport,
    FailedRecipient,
    MessageKind,
    Nature,
    Received,
)
from inbox.outgoing import Outgoing
from inbox.plain import file_name, plain_line, plain_text

KINDS = {
    ChannelKind.EMAIL: MessageKind.EMAIL,
    ChannelKind.SMS: MessageKind.TEXT,
    ChannelKind.PHONE: MessageKind.CALL,
    ChannelKind.PORTAL: MessageKind.PORTAL,
}
"""What a message of each channel is."""


def write_item(outgoing: Outgoing) -> bytes:
    """A message of ours as a raw item."""
    item = {
        "from": outgoing.line.address,
        "name": outgoing.line.name,
        "to": [address.value for address in outgoing.to],
        "cc": [address.value for address in outgoing.cc],
        "at": outgoing.created_at.isoformat(),
        "subject": outgoing.subject,
        "text": outgoing.text,
        "id": outgoing.message_id,
        "in_reply_to": [outgoing.in_reply_to] if outgoing.in_reply_to else [],
        "references": list(outgoing.references),
        "probe": outgoing.probe_token,
        "attachments": [
            {
                "name": file.name,
                "type": file.media_type,
                "content": base64.b64encode(file.content).decode("ascii"),
            }
            for file in outgoing.attachments
        ],
    }
    if outgoing.line.channel is ChannelKind.PORTAL:
        item |= {
            "id": portal_name(outgoing),
            "thread": portal_thread(outgoing),
            "about": outgoing.about,
            "own_uuid": outgoing.uuid,
        }
    return json.dumps(item, sort_keys=True).encode("utf-8", "surrogatepass")


def portal_name(outgoing: Outgoing) -> str:
    """What the portal in memory calls a message of ours."""
    return f"Communication/{outgoing.uuid}"


def portal_thread(outgoing: Outgoing) -> str:
    """The thread it lies in there; a message that begins one has its own."""
    return outgoing.thread_key or f"Communication/thread-{outgoing.uuid}"


def read_item(raw: bytes, kind: ChannelKind) -> Arrival:
    """Read one raw item; what is no such JSON object becomes an unreadable arrival."""
    try:
        return _read(json.loads(raw), kind)
    except (ValueError, TypeError, AttributeError, RecursionError):
        text = plain_text(raw.decode("utf-8", "replace"))
        return Arrival(
            channel=kind,
            kind=KINDS[kind],
            sender=None,
            text=text,
            whole=text,
            nature=Nature.UNREADABLE,
            defects=("The message is not in a form that Twoway knows.",),
        )


def read_attachment(raw: bytes, part: str) -> bytes:
    """The decoded bytes of the attachment with this number.

    Raises:
        ServerRefused: there is none.
    """
    try:
        files = json.loads(raw)["attachments"]
        return base64.b64decode(files[int(part)]["content"], validate=True)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise ServerRefused("The message has no such attachment.", "") from error


def _read(item: dict[str, Any], kind: ChannelKind) -> Arrival:
    sender = _address(kind, item["from"], item.get("name", "")) if item.get("from") else None
    to = tuple(_address(kind, value) for value in item.get("to", []))
    text = plain_text(str(item.get("text", "")))
    probe = str(item.get("probe", ""))
    pair = sorted(address.key for address in (sender, *to[:1]) if address is not None)
    return Arrival(
        channel=kind,
        kind=KINDS[kind],
        sender=sender,
        to=to,
        cc=tuple(_address(kind, value) for value in item.get("cc", [])),
        sent_at=_time(item["at"]) if "at" in item else None,
        subject=plain_line(str(item.get("subject", ""))),
        text=text,
        whole=text,
        attachments=tuple(
            _attachment(place, file) for place, file in enumerate(item.get("attachments", []))
        ),
        message_id=plain_line(str(item.get("id", ""))),
        in_reply_to=tuple(plain_line(str(one)) for one in item.get("in_reply_to", [])),
        references=tuple(plain_line(str(one)) for one in item.get("references", [])),
        thread_key=" ".join(pair)
        if kind in {ChannelKind.SMS, ChannelKind.PHONE}
        else plain_line(str(item.get("thread", ""))),
        ending=Ending(item["ending"]) if item.get("ending") else None,
        seconds=int(item.get("seconds", 0)),
        nature=Nature.PROBE if probe else Nature(item.get("nature", Nature.PERSONAL)),
        report=_report(item) if item.get("told") else None,
        about=_address(kind, item["about"]) if item.get("about") else None,
        identifiers=tuple(plain_line(str(one)) for one in item.get("identifiers", [])),
        can_reply=item.get("can_reply"),
        thread_completed=item.get("thread_completed"),
        retracted=bool(item.get("retracted")),
        own_uuid=plain_line(str(item.get("own_uuid", ""))),
        version=plain_line(str(item.get("version", ""))),
        received=Received(
            from_=str(item.get("from", "")),
            return_path=str(item.get("from", "")),
            delivered_to=tuple(address.value for address in to),
            probe_token=probe,
        ),
    )


def _report(item: dict[str, Any]) -> DeliveryReport:
    """What is told of a message of ours: `[action, words]`."""
    action, words = item["told"]
    told = FailedRecipient("", str(action), diagnostic=plain_line(str(words)))
    return DeliveryReport((told,), plain_line(str(item.get("id", ""))))


def _address(kind: ChannelKind, value: object, name: object = "") -> Address:
    return Address(kind.system, plain_line(str(value)), plain_line(str(name)))


def _time(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at


def _attachment(place: int, file: dict[str, Any]) -> Attachment:
    try:
        content = base64.b64decode(file["content"], validate=True)
    except (KeyError, binascii.Error) as error:
        raise ValueError("no attachment") from error
    return Attachment(
        part=str(place),
        name=file_name(str(file.get("name", ""))),
        media_type=plain_line(str(file.get("type", "application/octet-stream"))),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
