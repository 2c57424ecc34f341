"""Record entries are FHIR R4 Communications in a chain that shows every change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.communication import Communication

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.ending import Ending
from inbox.message import (
    Attachment,
    Direction,
    Message,
    MessageKind,
    MessageStatus,
    Nature,
)
from inbox.record import FIRST, RecordContext, chain, communication, line_hash, verify_chain
from tests.inbox.making import NOW

MESSAGE = Message(
    id=1,
    uuid="8e9a4a4e-0000-4000-8000-000000000001",
    conversation_id=1,
    direction=Direction.INBOUND,
    channel=ChannelKind.EMAIL,
    kind=MessageKind.EMAIL,
    nature=Nature.PERSONAL,
    status=MessageStatus.RECEIVED,
    line_id="front-desk",
    sender=email("ann@example.com", "Ann Lee"),
    to=(email("frontdesk@lakeside.example"),),
    cc=(),
    reply_to=(),
    at=NOW,
    sent_at=NOW - timedelta(seconds=5),
    subject="Thursday",
    text="Can I come on Thursday?",
    whole="Can I come on Thursday?\n> earlier",
    attachments=(Attachment("1.2", "form.pdf", "application/pdf", 1200, "ab" * 32),),
    message_id="1@example.com",
    in_reply_to=("0@lakeside.example",),
    references=(),
    patient_id="p1",
    match_reason="matched by e-mail address",
)
CONTEXT = RecordContext("p1", "frontdesk@lakeside.example", "Dana Reyes", "seen", ("TW31 hold: x",))
ANSWER = replace(
    MESSAGE,
    direction=Direction.OUTBOUND,
    status=MessageStatus.SENT,
    sender=email("frontdesk@lakeside.example"),
    to=(email("ann@example.com"),),
    staff_id="dana",
    proof="replies proven 3 min ago (round trip)",
)
STATES = [MESSAGE, *(replace(ANSWER, status=status) for status in MessageStatus)]
NOTE = replace(
    ANSWER, direction=Direction.INTERNAL, channel=None, kind=MessageKind.NOTE, line_id=""
)


@pytest.mark.parametrize("message", [*STATES, NOTE, replace(MESSAGE, text="", whole="")])
@pytest.mark.parametrize("patient", ["p1", "weird id/äö", "x" * 80])
def test_every_state_is_a_valid_communication(message: Message, patient: str) -> None:
    resource = communication(message, replace(CONTEXT, patient_id=patient), NOW)
    line = chain(resource, 1, FIRST)

    Communication.model_validate_json(line)


VOICEMAIL = replace(
    MESSAGE,
    channel=ChannelKind.PHONE,
    kind=MessageKind.VOICEMAIL,
    line_id="main-phone",
    sender=Address(AddressSystem.PHONE, "+15550100101"),
    subject="",
    text="Voicemail, 20 s.\n\nAuto-transcribed, may be wrong:\nPlease call me back",
    whole="Voicemail, 20 s.\n\nAuto-transcribed, may be wrong:\nPlease call me back",
    attachments=(Attachment("0", "voicemail-1.mp3", "audio/mpeg", 9000, "cd" * 32),),
    in_reply_to=(),
    message_id="CA1",
    ending=Ending.VOICEMAIL,
    seconds=20,
)


def test_a_voicemail_has_its_length_its_recording_and_its_words() -> None:
    resource = communication(VOICEMAIL, CONTEXT, NOW)
    read: Any = Communication.model_validate(resource)

    assert [one.code for one in read.medium[0].coding] == ["PHONE"]
    assert read.medium[0].text == "voicemail"
    told = {one.url.rpartition("/")[2]: one for one in read.extension}
    assert (told["duration"].valueDuration.value, told["duration"].valueDuration.code) == (20, "s")
    assert told["call-ending"].valueString == "voicemail"
    words, sound = read.payload
    assert "Auto-transcribed" in words.contentString
    assert sound.contentAttachment.contentType == "audio/mpeg"


def test_a_text_is_written_and_more_closely_a_text() -> None:
    text = replace(MESSAGE, channel=ChannelKind.SMS, kind=MessageKind.TEXT, message_id="SM1")
    read: Any = Communication.model_validate(communication(text, CONTEXT, NOW))
    assert [one.code for one in read.medium[0].coding] == ["WRITTEN", "SMSWRIT"]


def test_status_and_medium_are_in_their_value_sets(corpora: Path) -> None:
    structure = corpora / "fhir-r4" / "structure"
    codes = _codes(json.loads((structure / "CodeSystem-event-status.json").read_text("utf-8")))
    modes = _codes(
        json.loads((structure / "CodeSystem-v3-ParticipationMode.json").read_text("utf-8"))
    )

    for message in STATES:
        resource = communication(message, CONTEXT, NOW)
        assert resource["status"] in codes
        assert resource["medium"][0]["coding"][0]["code"] in modes


def test_the_patient_is_the_subject_and_the_writer_the_sender() -> None:
    resource = communication(MESSAGE, CONTEXT, NOW)

    assert resource["subject"] == {"reference": "Patient/p1"}
    assert resource["sender"] == {"display": "Ann Lee <ann@example.com>"}
    assert resource["received"] == "2026-03-04T16:00:00.000Z"
    assert resource["payload"][0] == {"contentString": MESSAGE.whole}


def test_why_a_message_was_sent_all_the_same_is_kept() -> None:
    resource = communication(ANSWER, CONTEXT, NOW)
    said = {part["url"].rpartition("/")[2]: part["valueString"] for part in resource["extension"]}

    assert said["override-reason"] == "seen"
    assert said["finding"] == "TW31 hold: x"
    assert said["reply-path-proof"] == "replies proven 3 min ago (round trip)"


def _file() -> list[bytes]:
    lines, previous = [], FIRST
    for number, message in enumerate(STATES[:4], start=1):
        line = chain(communication(message, CONTEXT, NOW), number, previous)
        lines.append(line)
        previous = line_hash(line)
    return lines


def test_an_untouched_chain_is_whole() -> None:
    report = verify_chain(_file())

    assert report.problems == ()
    assert report.entries == 4
    assert report.last == line_hash(_file()[-1])
    assert verify_chain([]).last == FIRST


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0].replace(b"Thursday", b"Friday"), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:2], lines[0], *lines[2:]],
        lambda lines: [*lines[:3], lines[3][:-10]],
        lambda lines: [b"{}", *lines],
    ],
)
def test_every_change_shows(damage: Any) -> None:
    assert verify_chain(damage(_file())).problems


def _codes(system: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = list(system.get("concept", []))
    while waiting:
        concept = waiting.pop()
        found.add(concept["code"])
        waiting.extend(concept.get("concept", []))
    return found
