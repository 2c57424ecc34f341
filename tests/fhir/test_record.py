"""Every line of a record file is a valid R4 Communication, whatever the message was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.ending import Ending
from inbox.message import Attachment, Direction, Message, MessageKind, MessageStatus, Nature
from inbox.outgoing import Call, CallOutcome, WayBack
from inbox.record import FIRST, RecordContext, chain, communication, retraction
from tests.fhir.structure import Definitions, problems
from tui.commandline.record import bundle

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
ANN = email("ann@example.com", "Ann Lee")
PHONE = Address(AddressSystem.PHONE, "+15550100101", "Ann Lee")
ACCOUNT = Address(AddressSystem.PORTAL, "Patient/12", "Ann Lee")
PROXY = Address(AddressSystem.PORTAL, "RelatedPerson/9", "Bea Lee")
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
    sender=ANN,
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
    references=("0@lakeside.example",),
    patient_id="p1",
    match_reason="matched by e-mail address",
)
TEXT = replace(
    MESSAGE,
    channel=ChannelKind.SMS,
    kind=MessageKind.TEXT,
    sender=PHONE,
    subject="",
    message_id="SM1",
    thread_key="+15550107788 +15550100101",
)
CALL = replace(TEXT, channel=ChannelKind.PHONE, kind=MessageKind.CALL, message_id="CA1", seconds=63)
VOICEMAIL = replace(CALL, kind=MessageKind.VOICEMAIL, ending=Ending.VOICEMAIL)
PORTAL = replace(
    MESSAGE,
    channel=ChannelKind.PORTAL,
    kind=MessageKind.PORTAL,
    line_id="portal",
    sender=ACCOUNT,
    to=(Address(AddressSystem.PORTAL, "Organization/1", "Lakeside"),),
    message_id="Communication/7",
    in_reply_to=("Communication/6",),
    references=(),
    thread_key="Communication/h1",
    version="2026-03-04T15:59:00.000Z 2",
)
FROM_PROXY = replace(PORTAL, sender=PROXY, about=ACCOUNT)
NOTE = replace(
    MESSAGE,
    direction=Direction.INTERNAL,
    channel=None,
    kind=MessageKind.NOTE,
    status=MessageStatus.NOTED,
    line_id="",
    sender=None,
    to=(),
    staff_id="dana",
    message_id="",
    in_reply_to=(),
    references=(),
    attachments=(),
)
INBOUND = [MESSAGE, TEXT, CALL, VOICEMAIL, PORTAL, FROM_PROXY]
OUTBOUND = [
    replace(
        one,
        direction=Direction.OUTBOUND,
        sender=one.to[0],
        to=(one.sender,) if one.sender else (),
        cc=(ANN,),
        staff_id="dana",
        status=status,
        status_text=words,
        because="she asked for it",
        proof="replies proven 3 min ago (round trip)",
    )
    for one in INBOUND
    for status in MessageStatus
    for words in ("", "mailbox full")
]
CALLS = [
    replace(
        CALL,
        direction=Direction.OUTBOUND,
        status=MessageStatus.SENT,
        call=Call(outcome, ways=frozenset(WayBack), watched="front-desk"),
        heads_up=heads_up,
        ending=Ending.REACHED,
    )
    for outcome in CallOutcome
    for heads_up in (None, *MessageStatus)
]
EVERYTHING = [
    *INBOUND,
    *OUTBOUND,
    *CALLS,
    NOTE,
    *(replace(PORTAL, nature=nature) for nature in Nature),
    *(replace(CALL, ending=ending) for ending in Ending),
]
PORTAL_CONTEXT = RecordContext("p1", "https://ehr.example/fhir", "Dana Reyes")
CONTEXT = RecordContext("p1", "frontdesk@lakeside.example", "Dana Reyes", "seen", ("TW31 hold: x",))


def line_of(message: Message, context: RecordContext = CONTEXT, *, back: bool = False) -> Any:
    made = (retraction if back else communication)(message, context, NOW)
    return json.loads(chain(made, 1, FIRST))


@pytest.mark.parametrize("back", [False, True])
def test_every_kind_in_every_state(definitions: Definitions, back: bool) -> None:
    seen = set()
    for message in EVERYTHING:
        line = line_of(message, back=back)
        assert problems(line, definitions) == [], (message.kind, message.status)
        seen.add((message.kind, line["status"]))
    assert {kind for kind, _ in seen} == set(MessageKind)
    if not back:
        states = {"completed", "in-progress", "not-done", "unknown", "stopped", "entered-in-error"}
        assert {status for _, status in seen} == states


def test_a_portal_message_leads_to_what_the_portal_holds(definitions: Definitions) -> None:
    for message in EVERYTHING:
        assert problems(line_of(message, PORTAL_CONTEXT), definitions) == []
    line = line_of(FROM_PROXY, PORTAL_CONTEXT)
    assert line["sender"]["reference"] == "https://ehr.example/fhir/RelatedPerson/9"
    assert line["partOf"] == [{"reference": "https://ehr.example/fhir/Communication/h1"}]
    assert line["subject"] == {"reference": "Patient/p1"}


@pytest.mark.parametrize("patient", ["p1", "weird id/äö", "x" * 80, "-"])
def test_every_patient(definitions: Definitions, patient: str) -> None:
    for message in INBOUND:
        line = line_of(message, replace(CONTEXT, patient_id=patient))
        assert problems(line, definitions) == []


def test_what_is_not_there(definitions: Definitions) -> None:
    empty = Attachment("1", "", "", 0, "")
    for kind in INBOUND:
        for direction in Direction:
            message = replace(
                kind,
                direction=direction,
                sender=None,
                to=(),
                sent_at=None,
                subject="",
                text="",
                whole="",
                attachments=(empty,),
                message_id="",
                in_reply_to=(),
                references=(),
                match_reason="",
            )
            line = line_of(message, RecordContext("p1", ""))
            assert problems(line, definitions) == [], (kind.kind, direction)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    ["", " ", "\n", "\x00", "\x1b[31m", "\xa0", "\u3000", "\ud800", "a\x0bb", "\u202ex"]
)
NAMES = ANY_TEXT | st.sampled_from(
    ["Patient/12", "Communication/7", "Communication/x y", "Patient/ü", "Patient/", "Device/1"]
)
BASES = st.sampled_from(
    ["", "https://ehr.example/fhir", "https://ehr.example/fhir/", "http://[::1]:8080/r4", "a://b c"]
)
MEDIA_TYPES = ANY_TEXT | st.sampled_from(
    ["application/pdf", "text/plain; charset=utf-8", "application/x-ü", "pdf", "a/b/c", "image/"]
)
MOMENTS = st.datetimes(timezones=st.just(UTC))


# The definitions are read once and stay what they are.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(EVERYTHING),
    words=st.lists(NAMES, min_size=12, max_size=12),
    base=BASES | ANY_TEXT,
    media_type=MEDIA_TYPES,
    size=st.integers(-1, 2**33),
    sent=MOMENTS | st.none(),
)
def test_whatever_they_wrote(
    check: Callable[[Any], list[str]],
    kind: Message,
    words: list[str],
    base: str,
    media_type: str,
    size: int,
    sent: datetime | None,
) -> None:
    message = replace(
        kind,
        subject=words[0],
        text=words[1],
        whole=words[2],
        sender=Address(AddressSystem.EMAIL, words[3], words[4]),
        to=(Address(AddressSystem.EMAIL, words[4], words[3]),),
        attachments=(Attachment("1", words[5], media_type, size, words[6]),),
        message_id=words[7],
        in_reply_to=(words[8],),
        status_text=words[9],
        match_reason=words[10],
        sent_at=sent,
        version=words[11],
        thread_key=words[11],
    )
    context = RecordContext("p1", base, words[10], words[11], (words[8],))
    for back in (False, True):
        assert check(line_of(message, context, back=back)) == []


def test_an_exported_record_is_a_valid_bundle(definitions: Definitions) -> None:
    whole = bundle([line_of(message) for message in EVERYTHING], NOW)
    assert problems(whole, definitions) == []
    # bdl-7: what has the same fullUrl has another version.
    names = [(one["fullUrl"], one["resource"]["meta"]["versionId"]) for one in whole["entry"]]
    assert len(set(names)) == len(EVERYTHING)
