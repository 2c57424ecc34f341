"""The account in a box, as the official client and the official examples see it."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import (  # type: ignore[import-untyped]  # ships no types
    TwilioException,
    TwilioRestException,
)

from demo.twilio.fault import Fault
from demo.twilio.lakeside import DEAD, MAIN, SECOND, TEXTS
from demo.twilio.record import Text
from demo.twilio.render import (
    call_json,
    file_json,
    number_json,
    recording_json,
    text_json,
    transcription_json,
)
from demo.twilio.server import ACCOUNT_SID, TwilioServer
from demo.twilio.sound import silence
from tests.clock import FakeClock

ROSA = "+15550107811"


def receive(server: TwilioServer, body: str, **more: Any) -> Text:
    text = server.account.receive(ROSA, TEXTS, body, **more)
    assert text is not None
    return text


# ---- texts ----------------------------------------------------------------------------------


async def test_a_text_moves_along_with_the_clock(
    server: TwilioServer, client: Any, clock: FakeClock
) -> None:
    made = await client.messages.create_async(to=ROSA, from_=TEXTS, body="Hello")
    assert (made.status, made.direction, made.date_sent, made.num_segments) == (
        "queued",
        "outbound-api",
        None,
        "1",
    )
    seen = []
    for _ in range(5):
        clock.advance(seconds=1)
        seen.append((await client.messages(made.sid).fetch_async()).status)
    assert seen == ["sending", "sent", "sent", "delivered", "delivered"]
    again = await client.messages(made.sid).fetch_async()
    assert again.date_sent == again.date_created + timedelta(seconds=2)


@pytest.mark.parametrize(("code", "status"), [(None, "delivered"), (30003, "undelivered")])
async def test_a_text_ends_as_the_telephone_decides(
    server: TwilioServer, client: Any, clock: FakeClock, code: int | None, status: str
) -> None:
    server.account.phone(ROSA).fails_with = code
    made = await client.messages.create_async(to=ROSA, from_=TEXTS, body="Hello")
    clock.advance(seconds=9)
    again = await client.messages(made.sid).fetch_async()
    assert (again.status, again.error_code) == (status, code)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"to": "", "from_": TEXTS, "body": "x"}, 21604),
        ({"to": ROSA, "from_": "", "body": "x"}, 21603),
        ({"to": ROSA, "from_": TEXTS, "body": ""}, 21602),
        ({"to": ROSA, "from_": TEXTS, "body": "x" * 1601}, 21617),
        ({"to": "nobody", "from_": TEXTS, "body": "x"}, 21211),
        ({"to": ROSA, "from_": "+15550100000", "body": "x"}, 21606),
        ({"to": ROSA, "from_": MAIN, "body": "x"}, 21606),
        ({"to": TEXTS, "from_": TEXTS, "body": "x"}, 21266),
        ({"to": "+15550107812", "from_": TEXTS, "body": "x"}, 21614),
    ],
)
async def test_refusals_bear_their_code(
    server: TwilioServer, client: Any, form: dict[str, str], code: int
) -> None:
    server.account.phone("+15550107812").landline = True
    with pytest.raises(TwilioRestException) as caught:
        await client.messages.create_async(**form)
    assert (caught.value.status, caught.value.code) == (400, code)


async def test_lists_are_newest_first_and_filtered_by_the_day(
    server: TwilioServer, client: Any, clock: FakeClock
) -> None:
    sids = []
    for _ in range(5):
        sids.append(receive(server, "x").sid)
        clock.advance(hours=24)
    server.account.receive(ROSA, SECOND, "elsewhere")
    listed = await client.messages.list_async(to=TEXTS)
    assert [one.sid for one in listed] == sids[::-1]
    assert listed[0].date_created == datetime(2026, 3, 6, 15, tzinfo=UTC)
    for filters, expected in (
        ({"date_sent": date(2026, 3, 4)}, sids[2:3]),
        ({"date_sent_after": date(2026, 3, 5)}, sids[3:]),
        ({"date_sent_before": date(2026, 3, 3)}, sids[:2]),
        ({"from_": ROSA}, sids),
        ({"from_": "+15550100000"}, []),
    ):
        found = await client.messages.list_async(to=TEXTS, **filters)
        assert [one.sid for one in found] == expected[::-1]


@pytest.mark.parametrize("size", [1, 3, 7, 1000, 5000])
async def test_pages_hold_everything_once(server: TwilioServer, client: Any, size: int) -> None:
    sids = [receive(server, str(place)).sid for place in range(20)]
    server.manners.between = lambda: receive(server, "meanwhile")
    listed = await client.messages.list_async(to=TEXTS, page_size=size)
    assert [one.sid for one in listed] == sids[::-1]


async def test_pages_can_be_told_to_misbehave(server: TwilioServer, client: Any) -> None:
    for place in range(6):
        receive(server, str(place))
    server.manners.shift = True
    server.manners.between = lambda: receive(server, "meanwhile")
    sids = [one.sid for one in await client.messages.list_async(to=TEXTS, page_size=3, limit=9)]
    assert len(sids) > len(set(sids))
    server.manners.between, server.manners.shift, server.manners.repeat = None, False, True
    sids = [one.sid for one in await client.messages.list_async(to=TEXTS, page_size=3)]
    assert len(sids) > len(set(sids))
    server.manners.extra = True
    with pytest.raises(TwilioException, match="deserialized"):
        await client.messages.list_async(to=TEXTS)


async def test_a_late_text_is_there_before_lists_show_it(
    server: TwilioServer, client: Any, clock: FakeClock
) -> None:
    late = receive(server, "late", lag=timedelta(hours=1))
    clock.advance(minutes=59)
    assert await client.messages.list_async(to=TEXTS) == []
    assert (await client.messages(late.sid).fetch_async()).body == "late"
    clock.advance(minutes=1)
    (listed,) = await client.messages.list_async(to=TEXTS)
    assert listed.date_created == datetime(2026, 3, 2, 15, tzinfo=UTC)


async def test_a_text_can_be_redacted(server: TwilioServer, client: Any) -> None:
    text = receive(server, "private")
    assert (await client.messages(text.sid).update_async(body="")).body == ""
    assert server.account.text(text.sid).body == ""


async def test_pictures_are_listed(server: TwilioServer, client: Any) -> None:
    text = receive(server, "", files=[("image/png", b"1"), ("image/gif", b"2")])
    listed = await client.messages(text.sid).media.list_async()
    assert [one.content_type for one in listed] == ["image/png", "image/gif"]
    assert (await client.messages(text.sid).fetch_async()).num_media == "2"


async def test_the_carrier_heeds_stop_and_start(server: TwilioServer, client: Any) -> None:
    async def can_be_texted() -> bool:
        try:
            await client.messages.create_async(to=ROSA, from_=TEXTS, body="x")
        except TwilioRestException as error:
            return bool(error.code != 21610)
        return True

    for said, expected in (
        ("yes", True),
        (" stop ", False),
        ("hello", False),
        ("YES", True),
        ("Unsubscribe", False),
        ("start", True),
        ("STOP please", True),
    ):
        receive(server, said)
        assert await can_be_texted() is expected
    replies = [one for one in server.account.texts if one.direction == "outbound-reply"]
    assert len(replies) == 4
    # Also of what was said long ago: the carrier answered then.
    asked = receive(server, "HELP", ago=timedelta(hours=3))
    assert server.account.texts[-1].created - asked.created == timedelta(seconds=1)


async def test_a_dead_service_loses_what_comes_in(server: TwilioServer, client: Any) -> None:
    assert server.account.receive(ROSA, DEAD, "hello?") is None
    assert await client.messages.list_async(to=DEAD) == []
    assert server.account.lost == [(ROSA, DEAD, "hello?")]


# ---- numbers and services -------------------------------------------------------------------


async def test_numbers_say_what_they_can_do(server: TwilioServer, client: Any) -> None:
    (number,) = await client.incoming_phone_numbers.list_async(phone_number=MAIN)
    assert number.capabilities == {"voice": True, "sms": False, "mms": False, "fax": False}
    assert number.voice_url
    assert len(await client.incoming_phone_numbers.list_async()) == 4


async def test_services_say_where_texts_go(server: TwilioServer, client: Any) -> None:
    services = await client.messaging.v1.services.list_async()
    assert [one.use_inbound_webhook_on_number for one in services] == [True, False]
    assert [one.inbound_request_url for one in services] == [None, None]
    found = client.messaging.v1.services(services[1].sid)
    assert [one.phone_number for one in await found.phone_numbers.list_async()] == [DEAD]
    (campaign,) = await found.us_app_to_person.list_async()
    assert campaign.campaign_status == "VERIFIED"


# ---- calls ----------------------------------------------------------------------------------


async def test_a_call_and_its_recording(
    server: TwilioServer, client: Any, clock: FakeClock
) -> None:
    call = server.account.call_in(ROSA, MAIN, dialled=SECOND, voicemail=20, said="Hello")
    clock.advance(minutes=1)
    fetched = await client.calls(call.sid).fetch_async()
    assert (fetched.status, fetched.direction, fetched.duration) == ("completed", "inbound", "35")
    (leg,) = await client.calls.list_async(parent_call_sid=call.sid)
    assert (leg.status, leg.direction, leg.to) == ("no-answer", "outbound-dial", SECOND)
    (recording,) = await client.recordings.list_async(call_sid=call.sid)
    assert (recording.source, recording.duration) == ("RecordVerb", "20")
    (said,) = await client.recordings(recording.sid).transcriptions.list_async()
    assert (said.status, said.transcription_text) == ("completed", "Hello")


async def test_calling_out_connects_two_telephones(
    server: TwilioServer, client: Any, clock: FakeClock
) -> None:
    twiml = f'<Response><Dial callerId="{MAIN}"><Number>{ROSA}</Number></Dial></Response>'
    call = await client.calls.create_async(to="+15550107701", from_=MAIN, twiml=twiml)
    assert call.status == "queued"
    clock.advance(minutes=2)
    (leg,) = await client.calls.list_async(parent_call_sid=call.sid)
    assert (leg.to, leg._from, leg.status) == (ROSA, MAIN, "completed")
    with pytest.raises(TwilioRestException) as caught:
        await client.calls.create_async(to="+15550107701", from_="+15550100000", twiml=twiml)
    assert caught.value.code == 21210


# ---- logging in, and trouble ----------------------------------------------------------------


async def test_a_wrong_token_is_refused(server: TwilioServer, client: Any) -> None:
    server.account.secrets[ACCOUNT_SID] = "another"
    with pytest.raises(TwilioRestException) as caught:
        await client.api.accounts(ACCOUNT_SID).fetch_async()
    assert (caught.value.status, caught.value.code) == (401, 20003)
    with pytest.raises(TwilioRestException):
        await client.messages.create_async(to=ROSA, from_=TEXTS, body="x")
    assert server.account.texts == []


async def test_another_account_is_not_here(server: TwilioServer, client: Any) -> None:
    with pytest.raises(TwilioRestException) as caught:
        await client.api.accounts("AC" + "f" * 32).fetch_async()
    assert caught.value.code == 20404


async def test_faults_happen_as_often_as_told(server: TwilioServer, client: Any) -> None:
    server.fail(Fault("status", "POST", status=429, code=20429, times=2))
    for _ in range(2):
        with pytest.raises(TwilioRestException) as caught:
            await client.messages.create_async(to=ROSA, from_=TEXTS, body="x")
        assert caught.value.code == 20429
    await client.messages.create_async(to=ROSA, from_=TEXTS, body="x")
    server.fail(Fault("status", "POST", status=503, accept=True))
    with pytest.raises(TwilioRestException):
        await client.messages.create_async(to=ROSA, from_=TEXTS, body="x")
    assert len(server.account.texts) == 2


# ---- as the official examples ---------------------------------------------------------------


def test_things_look_as_in_the_official_examples(
    server: TwilioServer, corpora: Path, clock: FakeClock
) -> None:
    examples = json.loads((corpora / "twilio-api" / "examples.json").read_text("utf-8"))
    account = server.account
    text = receive(server, "look", files=[("image/png", b"1")])
    call = account.call_in(ROSA, MAIN, voicemail=20, said="Hello")
    clock.advance(minutes=1)
    shown = {
        "/Messages.json": text_json(account, text),
        "/Media.json": file_json(account, text, text.files[0]),
        "/IncomingPhoneNumbers.json": number_json(account, account.numbers[TEXTS]),
        "/Calls.json": call_json(account, call),
        "/Recordings.json": recording_json(account, account.recordings[0]),
        "/Transcriptions.json": transcription_json(account, account.transcriptions[0]),
    }
    keys = {
        "/Messages.json": "messages",
        "/Media.json": "media_list",
        "/IncomingPhoneNumbers.json": "incoming_phone_numbers",
        "/Calls.json": "calls",
        "/Recordings.json": "recordings",
        "/Transcriptions.json": "transcriptions",
    }
    for ending, ours in shown.items():
        seen = [
            item
            for one in examples
            if one["path"].endswith(ending) and one["method"] == "GET" and one["status"] == 200
            for item in one["response"].get(keys[ending], ())
            if ending != "/Recordings.json" or "media_url" in item
        ]
        assert seen, ending
        fields = set.union(*(set(one) for one in seen))
        assert fields <= set(ours), (ending, fields - set(ours))
        for name in fields:
            kinds = {type(one[name]) for one in seen if name in one} | {type(None)}
            assert type(ours[name]) in kinds or len(kinds) == 1, (ending, name)
            said = next((one[name] for one in seen if one.get(name)), "")
            if isinstance(said, str) and re.match(r"\w{3}, \d\d \w{3} \d{4} ", said):
                assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", ours[name])


def test_an_mp3_is_made_of_whole_frames() -> None:
    sound = silence(3)
    assert len(sound) % 417 == 0
    assert {sound[at : at + 2] for at in range(0, len(sound), 417)} == {b"\xff\xfb"}
