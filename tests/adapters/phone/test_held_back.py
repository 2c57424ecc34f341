"""What holds back one item, or makes no sense, holds back nothing else for long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.phone.connection import moment
from adapters.phone.sms import SmsChannel
from adapters.phone.voice import VoiceChannel
from demo.twilio.fault import Fault
from inbox.errors import ConnectionLost
from inbox.message import MessageKind
from tests.adapters.handle import arrived, collect, numbers
from tests.adapters.phone.world import LINE, ROSA, VOICE, PhoneHandle, VoiceHandle

HOUR = timedelta(hours=1)
JPEG = b"\xff\xd8\xff\xe0" + b"0" * 200


@pytest.mark.parametrize("path", [r"Media\.json", "Media/ME"])
@pytest.mark.parametrize("status", [401, 403])
async def test_a_picture_that_this_key_may_not_fetch_does_not_hold_the_line(
    world: PhoneHandle, texts: SmsChannel, path: str, status: int
) -> None:
    world.account.receive(ROSA, LINE.address, "look", files=[("image/jpeg", JPEG)])
    world.deliver("and hear")
    world.server.fail(Fault("status", "GET", path, status=status, code=20003, times=None))
    for _ in range(2):
        with pytest.raises(ConnectionLost, match="does not hand over"):
            await collect(texts)
    items = arrived(await collect(texts))
    found = [texts.convert(item) for item in items]
    assert sorted(one.text for one in found) == ["and hear", "look"]
    assert ["could not be fetched" in " ".join(one.defects) for one in found].count(True) == 1
    world.server.faults.clear()
    (item,) = [one for one in items if not one.complete]
    assert texts.attachment((await texts.fetch_whole(item.remote)).content, "0") == JPEG


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "GET", "mp3", times=None),
        Fault("status", "GET", "mp3", status=403, code=20003, times=None),
        Fault("drop", "GET", "mp3", times=None),
    ],
)
async def test_a_recording_that_fails_for_good_does_not_hold_the_line(
    office: VoiceHandle, calls: VoiceChannel, fault: Fault
) -> None:
    office.account.call_in(ROSA, VOICE.address, voicemail=20, said="Call me.", ago=HOUR)
    office.account.call_in(ROSA, VOICE.address, rings=20, ago=2 * HOUR)
    office.server.fail(fault)
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            await collect(calls)
    items = [item for batch in await collect(calls) for item in batch.items]
    assert {calls.convert(one).kind for one in items} == {MessageKind.VOICEMAIL, MessageKind.CALL}
    (voicemail,) = [one for one in items if not one.complete]
    arrival = calls.convert(voicemail)
    assert "Call me." in arrival.text
    assert "could not be fetched" in arrival.defects[0]
    again = await calls.fetch_whole(voicemail.remote)
    assert not again.complete
    office.server.faults.clear()
    whole = await calls.fetch_whole(voicemail.remote)
    assert whole.complete
    assert calls.attachment(whole.content, "0")


async def test_words_that_cannot_be_had_do_not_hold_their_voicemail(
    office: VoiceHandle, calls: VoiceChannel
) -> None:
    office.account.call_in(ROSA, VOICE.address, voicemail=20, said="Call me.", ago=HOUR)
    office.server.fail(Fault("status", "GET", "Transcriptions", status=403, code=20003, times=None))
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            await collect(calls)
    (item,) = [item for batch in await collect(calls) for item in batch.items]
    assert calls.convert(item).text == "Voicemail, 20 s."
    assert calls.convert(item).attachments


@pytest.mark.parametrize("status", [[], {}, ["completed"], 7])
async def test_a_status_that_is_no_word_stops_no_other_call(
    office: VoiceHandle, calls: VoiceChannel, status: object
) -> None:
    strange = office.account.call_in(ROSA, VOICE.address, rings=20, ago=HOUR)
    strange.more["status"] = status
    fine = office.account.call_in(ROSA, VOICE.address, rings=20, ago=2 * HOUR)
    assert numbers([item for batch in await collect(calls) for item in batch.items]) == [fine.sid]
    (census,) = await calls.census()
    assert census.items == {fine.sid}


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_out_of_all_time_is_none(written: str) -> None:
    assert moment(written) is None
