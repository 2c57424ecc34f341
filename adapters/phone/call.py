"""The raw items of the voice channel, and how they are read.

A raw item is one JSON object: `call` is the API's object of the first leg, `legs` those of the legs
it led to, `recordings` what was recorded, each with its sound in base64 and its transcription.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.phone.connection import Record, moment
from adapters.phone.stored import UNREADABLE, file_of, unreadable
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.ending import Ending as Ending  # noqa: PLC0414 - what calls are read into
from inbox.message import Arrival, Attachment, MessageKind, Nature, Received
from inbox.plain import plain_line, plain_text

ABANDONED_WITHIN = timedelta(seconds=10)
"""Who hangs up sooner, without anything having rung, has changed their mind or misdialled."""
TRANSCRIBED = "Auto-transcribed, may be wrong:"
"""What stands above the words a machine understood."""
_OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording of a call."""

    record: Record
    """The API's object."""
    sound: bytes = b""
    """MP3."""
    problem: str = ""
    """Why there is no sound, one sentence; empty when there is."""
    said: str = ""
    """What a machine understood; empty when there is nothing."""
    later: bool = False
    """It may still be had by asking again."""


def is_over(call: Record) -> bool:
    """Whether a leg has ended."""
    return str(call.get("status")) in _OVER


def is_voicemail(recording: Record) -> bool:
    """Whether a recording is a message that was left, and not a talk that was recorded."""
    return recording.get("source") == "RecordVerb"


def ending_of(call: Record, legs: Iterable[Record], recordings: Iterable[Record]) -> Ending:
    """What became of a call, by its legs and recordings.

    A call that voicemail picked up is `completed` as well, so its own status says little.
    """
    statuses = [str(leg.get("status")) for leg in legs]
    if call.get("direction") != "inbound":
        return _made(call, statuses)
    if any(is_voicemail(one) for one in recordings):
        return Ending.VOICEMAIL
    if "completed" in statuses:
        return Ending.ANSWERED
    if not is_over(call):
        return Ending.GOES_ON
    if statuses or seconds_of(call) >= ABANDONED_WITHIN.total_seconds():
        return Ending.MISSED
    return Ending.ABANDONED


def seconds_of(call: Record) -> int:
    """How long a leg or a recording lasted; 0 when that is not known."""
    told = str(call.get("duration") or "")
    if told.isascii() and told.isdigit():
        return min(int(told[:9]), 999_999)
    begun, ended = moment(call.get("start_time")), moment(call.get("end_time"))
    return max(0, int((ended - begun).total_seconds())) if begun and ended else 0


def write_call(call: Record, legs: Iterable[Record], recordings: Iterable[Recorded]) -> bytes:
    """A call as a raw item."""
    item = {
        "call": call,
        "legs": list(legs),
        "recordings": [
            {
                "recording": one.record,
                "problem": one.problem,
                "said": one.said,
                "content": base64.b64encode(one.sound).decode("ascii"),
            }
            for one in recordings
        ],
    }
    return json.dumps(item, sort_keys=True, separators=(",", ":")).encode("ascii")


def read_call(raw: bytes, desks: Collection[str] = ()) -> Arrival:
    """Read one raw item; what is none becomes an unreadable arrival.

    Args:
        raw: Its bytes.
        desks: Phones of ours that ring first when we call. A call of the account that went
            anywhere else, and led nowhere further, was made by another program, straight to them.
    """
    try:
        item = json.loads(raw)
        call, legs = item["call"], list(item["legs"])
        if not legs and call.get("direction") != "inbound" and str(call.get("to")) not in desks:
            legs = [call]
        return _read(call, legs, list(item["recordings"]))
    except UNREADABLE:
        return unreadable(raw, ChannelKind.PHONE, MessageKind.CALL, "call")


def read_sound(raw: bytes, part: str) -> bytes:
    """The MP3 of the recording with this number.

    Raises:
        ServerRefused: there is none.
    """
    return file_of(raw, "recordings", part, "The call has no such recording.")


def _made(call: Record, statuses: list[str]) -> Ending:
    if not is_over(call):
        return Ending.GOES_ON
    known = {
        "completed": Ending.REACHED,
        "busy": Ending.BUSY,
        "no-answer": Ending.NO_ANSWER,
        "canceled": Ending.NO_ANSWER,
        "failed": Ending.FAILED,
    }
    if not statuses:
        return Ending.NOT_MADE
    return known.get(statuses[0], Ending.FAILED)


def _read(call: Any, legs: list[Any], recordings: list[Any]) -> Arrival:
    told = [one["recording"] for one in recordings]
    ending = ending_of(call, legs, told)
    inbound = call.get("direction") == "inbound"
    theirs = _number(call.get("from") if inbound else legs[0].get("to") if legs else None)
    ours = _number(call.get("to") if inbound else call.get("from"))
    files, defects = _sounds(recordings)
    words = "\n".join(plain_text(str(one.get("said") or "")) for one in recordings).strip()
    text = _words(ending, call, legs, told)
    if words:
        text = f"{text}\n\n{TRANSCRIBED}\n{words}"
    sid = plain_line(str(call.get("sid") or ""), 100)
    sender, to = (theirs, ours) if inbound else (ours, theirs)
    return Arrival(
        channel=ChannelKind.PHONE,
        kind=MessageKind.VOICEMAIL if ending is Ending.VOICEMAIL else MessageKind.CALL,
        sender=sender,
        to=() if to is None else (to,),
        text=text,
        whole=text,
        attachments=files,
        message_id=sid,
        thread_key=" ".join(sorted(one.key for one in (sender, to) if one is not None)),
        # Nobody waits for an answer to what was talked over.
        nature=Nature.RECEIPT if ending is Ending.ANSWERED else Nature.PERSONAL,
        ending=ending,
        seconds=_seconds(ending, call, legs, told),
        received=Received(
            from_=sender.value if sender else "",
            delivered_to=() if to is None else (to.value,),
        ),
        defects=defects,
    )


def _words(ending: Ending, call: Record, legs: list[Record], recordings: list[Record]) -> str:
    talked = next((seconds_of(leg) for leg in legs if leg.get("status") == "completed"), 0)
    left = sum(seconds_of(one) for one in recordings if is_voicemail(one))
    return {
        Ending.ANSWERED: f"Call, answered, {_span(talked or seconds_of(call))}.",
        Ending.MISSED: f"Missed call, {_span(seconds_of(call))}.",
        Ending.VOICEMAIL: f"Voicemail, {_span(left)}.",
        Ending.ABANDONED: "Missed call: they hung up at once.",
        Ending.REACHED: f"Call, picked up, {_span(talked)}.",
        Ending.BUSY: "Call: the line was busy.",
        Ending.NO_ANSWER: "Call: nobody answered.",
        Ending.FAILED: "Call: it did not get through.",
        Ending.NOT_MADE: "Call not made: the phone here was not picked up.",
        Ending.GOES_ON: "A call whose end was never told.",
    }[ending]


def _seconds(ending: Ending, call: Record, legs: list[Record], recordings: list[Record]) -> int:
    """How long they talked, or spoke to the machine."""
    if ending is Ending.VOICEMAIL:
        return sum(seconds_of(one) for one in recordings if is_voicemail(one))
    talked = next((seconds_of(leg) for leg in legs if leg.get("status") == "completed"), 0)
    return talked or (seconds_of(call) if ending is Ending.ANSWERED else 0)


def _span(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _number(value: object) -> Address | None:
    written = plain_line(str(value or ""), 100)
    # A number that is withheld comes as a word or as one of these.
    if not written or written in {"+266696687", "+86282452253", "+464", "anonymous"}:
        return None
    return Address(AddressSystem.PHONE, written)


def _sounds(recordings: list[Any]) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    files: list[Attachment] = []
    defects: list[str] = []
    for place, one in enumerate(recordings):
        problem = plain_line(str(one.get("problem") or ""))
        if problem:
            defects.append(problem)
            continue
        try:
            content = base64.b64decode(one["content"], validate=True)
        except (TypeError, binascii.Error) as error:
            raise ValueError("no sound") from error
        digest = hashlib.sha256(content).hexdigest()
        name = f"voicemail-{place + 1}.mp3"
        files.append(Attachment(str(place), name, "audio/mpeg", len(content), digest))
    return tuple(files), tuple(defects)
