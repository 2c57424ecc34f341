"""The raw items of the text channel, and how they are read.

A raw item is one JSON object: `message` is the API's own object, unknown fields and all, `media` is
what came with it, each with its bytes in base64, or with a `problem` in place of them. A later word
on a text of ours is an object with the single key `status`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from adapters.phone.connection import Record
from adapters.phone.status import report_of
from adapters.phone.stored import UNREADABLE, file_of, unreadable
from adapters.web.media_type import sniff
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.message import Arrival, Attachment, MessageKind, Nature, Received
from inbox.plain import file_name, plain_line, plain_text

PROBE = "Twoway line test"
"""What the text of a round trip begins with; its token follows."""

_PROBE = re.compile(rf"{PROBE} ([0-9a-zA-Z]{{4,64}})\b")
_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "video/3gpp": "3gp",
    "video/mp4": "mp4",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/plain": "txt",
}


@dataclass(frozen=True, slots=True)
class Media:
    """A file that came with a text, or the reason why it did not."""

    sid: str
    content_type: str
    content: bytes = b""
    problem: str = ""
    """Why there are no bytes, one sentence; empty when there are."""


def write_text(message: Record, media: tuple[Media, ...] = ()) -> bytes:
    """A text as a raw item."""
    return _dump(
        {
            "message": message,
            "media": [
                {
                    "sid": one.sid,
                    "type": one.content_type,
                    "problem": one.problem,
                    "content": base64.b64encode(one.content).decode("ascii"),
                }
                for one in media
            ],
        }
    )


def write_status(message: Record) -> bytes:
    """A later word on a text of ours as a raw item."""
    return _dump({"status": message})


def read_text(raw: bytes) -> Arrival:
    """Read one raw item; what is none becomes an unreadable arrival."""
    try:
        item = json.loads(raw)
        if "status" in item:
            return _status(_object(item["status"]))
        return _text(_object(item["message"]), [_object(one) for one in item.get("media", [])])
    except UNREADABLE:
        return unreadable(raw, ChannelKind.SMS, MessageKind.TEXT, "text")


def read_attachment(raw: bytes, part: str) -> bytes:
    """The bytes of the file with this number.

    Raises:
        ServerRefused: there is none.
    """
    return file_of(raw, "media", part, "The text has no such attachment.")


def _dump(item: dict[str, Any]) -> bytes:
    return json.dumps(item, sort_keys=True, separators=(",", ":")).encode("ascii")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value


def _text(message: dict[str, Any], media: list[dict[str, Any]]) -> Arrival:
    sender, to = _number(message.get("from")), _number(message.get("to"))
    inbound = message.get("direction") == "inbound"
    text = plain_text(str(message.get("body") or ""))
    probe = _PROBE.search(text)
    nature = Nature.PERSONAL
    if probe is not None:
        nature = Nature.PROBE
    elif message.get("direction") == "outbound-reply":
        # The carrier's own answer to STOP and the like; nobody here wrote it.
        nature = Nature.AUTO_REPLY
    files, defects = _files(media)
    return Arrival(
        channel=ChannelKind.SMS,
        kind=MessageKind.TEXT,
        sender=sender,
        to=() if to is None else (to,),
        text=text,
        whole=text,
        attachments=files,
        message_id=plain_line(str(message.get("sid") or ""), 100),
        thread_key=" ".join(sorted(one.key for one in (sender, to) if one is not None)),
        nature=nature,
        report=None if inbound else report_of(message),
        received=Received(
            from_=sender.value if sender else "",
            return_path=sender.value if sender else "",
            delivered_to=() if to is None else (to.value,),
            probe_token=probe.group(1) if probe else "",
        ),
        defects=defects,
    )


def _status(message: dict[str, Any]) -> Arrival:
    """A word on a text of ours: it stands for itself only as a delivery report."""
    sender, to = _number(message.get("from")), _number(message.get("to"))
    report = report_of(message)
    words = report.recipients[0].diagnostic if report is not None else ""
    return Arrival(
        channel=ChannelKind.SMS,
        kind=MessageKind.TEXT,
        sender=sender,
        to=() if to is None else (to,),
        text=words,
        whole=words,
        thread_key=" ".join(sorted(one.key for one in (sender, to) if one is not None)),
        nature=Nature.BOUNCE,
        report=report,
    )


def _number(value: object) -> Address | None:
    written = plain_line(str(value or ""), 100)
    return Address(AddressSystem.PHONE, written) if written else None


def _files(media: list[dict[str, Any]]) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    files: list[Attachment] = []
    defects: list[str] = []
    for place, one in enumerate(media):
        problem = plain_line(str(one.get("problem") or ""))
        if problem:
            defects.append(problem)
            continue
        try:
            content = base64.b64decode(one["content"], validate=True)
        except (KeyError, TypeError, binascii.Error) as error:
            raise ValueError("no file") from error
        declared = plain_line(str(one.get("type") or ""), 100).lower()
        media_type = sniff(content, declared)
        if not content:
            defects.append("A picture or file that came with the text is empty.")
        elif media_type != declared:
            defects.append("A file that came with the text is not what it claims to be.")
        ending = _ENDINGS.get(media_type, "bin")
        files.append(
            Attachment(
                part=str(place),
                name=file_name(f"{media_type.partition('/')[0]}-{place + 1}.{ending}"),
                media_type=media_type,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )
    return tuple(files), tuple(defects)
