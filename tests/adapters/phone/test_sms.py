"""Texts both ways: what arrives, what comes with it, and what leaves."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from adapters.phone.media import MOST_BYTES
from adapters.phone.sms import SmsChannel
from demo.twilio.fault import Fault
from demo.twilio.record import Number
from inbox.address import Address, AddressSystem
from inbox.channel import RawItem
from inbox.errors import ConnectionLost, NotSent, ServerRefused
from inbox.line import Line
from inbox.message import Nature
from inbox.outgoing import OutgoingAttachment
from tests.adapters.handle import (
    Handover,
    arrived,
    collect,
    make_outgoing,
    make_permit,
    numbers,
)
from tests.adapters.phone.world import LINE, ROSA, PhoneHandle

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))


def all_items(batches: list) -> list[RawItem]:  # type: ignore[type-arg]  # batches, as collected
    return [item for batch in batches for item in batch.items]


async def send(texts: SmsChannel, world: PhoneHandle, text: str = "See you.") -> str:
    outgoing = make_outgoing(world.line, world.patient, text, created_at=world.clock())
    return (await texts.send(outgoing, make_permit(outgoing), Handover(world))).provider_id


# ---- arriving -------------------------------------------------------------------------------


async def test_a_text_says_who_wrote_to_which_number(world: PhoneHandle, texts: SmsChannel) -> None:
    there = world.deliver("Running late \x1b[2J\u202e😀")
    (item,) = arrived(await collect(texts))
    arrival = texts.convert(item)
    assert arrival.text == "Running late 😀"
    assert arrival.sender is not None
    assert (arrival.sender.value, [one.value for one in arrival.to]) == (ROSA, [LINE.address])
    assert arrival.message_id == there
    assert arrival.thread_key == f"{ROSA} {LINE.address}"
    assert arrival.received.delivered_to == (LINE.address,)
    assert (arrival.report, arrival.defects) == (None, ())
    assert item.remote.epoch == world.account.sid
    assert item.received_at == world.clock()


async def test_texts_of_other_numbers_of_the_account_stay_out(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.account.add_number(Number("+15550107799"))
    world.account.receive(ROSA, "+15550107799", "for somebody else")
    there = world.deliver("for us")
    assert numbers(arrived(await collect(texts))) == [there]


async def test_what_another_program_sent_is_ours(world: PhoneHandle, texts: SmsChannel) -> None:
    world.account.send(ROSA, LINE.address, "Your visit is on Thursday.")
    (item,) = all_items(await collect(texts))
    assert item.ours
    arrival = texts.convert(item)
    assert arrival.sender is not None
    assert (arrival.sender.value, arrival.to[0].value) == (LINE.address, ROSA)
    assert arrival.nature is Nature.PERSONAL


async def test_the_carriers_own_answer_to_stop_is_nobodys_words(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.deliver("Stop")
    natures = {item.ours: texts.convert(item).nature for item in all_items(await collect(texts))}
    assert natures == {False: Nature.PERSONAL, True: Nature.AUTO_REPLY}


async def test_opting_out_and_in_again(world: PhoneHandle, texts: SmsChannel) -> None:
    world.deliver("YES")
    await send(texts, world)
    world.deliver("STOP")
    with pytest.raises(NotSent, match="told this number to stop") as caught:
        await send(texts, world)
    assert not caught.value.temporary
    world.deliver("yes")
    await send(texts, world)


async def test_an_empty_text_and_one_of_emoji_alone_arrive(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.deliver("")
    world.deliver("👍🏽")
    said = [texts.convert(item).text for item in arrived(await collect(texts))]
    assert said == ["👍🏽", ""]


# ---- what comes with it ---------------------------------------------------------------------


@pytest.mark.parametrize("hosted", [None, "far"])
async def test_pictures_are_fetched_and_the_secret_stays_with_the_api(
    world: PhoneHandle, texts: SmsChannel, hosted: str | None
) -> None:
    world.account.receive(
        ROSA, LINE.address, "", files=[("image/jpeg", JPEG), ("image/png", JPEG)], hosted=hosted
    )
    (item,) = arrived(await collect(texts))
    assert item.complete
    arrival = texts.convert(item)
    assert [(one.name, one.media_type, one.size) for one in arrival.attachments] == [
        ("image-1.jpg", "image/jpeg", len(JPEG)),
        ("image-2.jpg", "image/jpeg", len(JPEG)),
    ]
    assert arrival.defects == ("A file that came with the text is not what it claims to be.",)
    assert texts.attachment(item.content, "1") == JPEG
    with pytest.raises(ServerRefused):
        texts.attachment(item.content, "-1")
    far = world.server.seen_far
    assert len(far) == (2 if hosted else 0)
    assert [one.authorization for one in far] == [""] * len(far)
    assert all(one.authorization for one in world.server.seen)


@pytest.mark.parametrize(
    ("declared", "content", "believed", "defect"),
    [
        ("image/jpeg", b"", "image/jpeg", "empty"),
        ("image/jpeg", b"<html><script>", "application/octet-stream", "not what it claims"),
        ("image/png", b"plain words", "application/octet-stream", "not what it claims"),
        ("application/pdf", b"%PDF-1.7", "application/pdf", ""),
        ("../../etc", b"words", "application/octet-stream", "not what it claims"),
        ("video/mp4", b"\0\0\0 ftyp", "video/mp4", ""),
    ],
)
async def test_files_are_called_what_they_are(
    world: PhoneHandle,
    texts: SmsChannel,
    declared: str,
    content: bytes,
    believed: str,
    defect: str,
) -> None:
    world.account.receive(ROSA, LINE.address, "look", files=[(declared, content)])
    (item,) = arrived(await collect(texts))
    arrival = texts.convert(item)
    assert [one.media_type for one in arrival.attachments] == [believed]
    assert defect in " ".join(arrival.defects)
    assert bool(defect) is bool(arrival.defects)
    assert "/" not in arrival.attachments[0].name


async def test_a_file_that_is_too_large_is_left_out_and_said(
    world: PhoneHandle, texts: SmsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.phone.media.MOST_BYTES", 1_000_000)
    assert MOST_BYTES > 5_000_000
    files = [("image/jpeg", JPEG * 5000), ("image/jpeg", JPEG)]
    world.account.receive(ROSA, LINE.address, "look", files=files)
    (item,) = arrived(await collect(texts))
    arrival = texts.convert(item)
    assert [one.part for one in arrival.attachments] == ["1"]
    assert "larger than 1 MB" in arrival.defects[0]
    assert texts.attachment(item.content, "1") == JPEG
    with pytest.raises(ServerRefused, match="larger"):
        texts.attachment(item.content, "0")


async def test_no_more_than_ten_files_are_fetched(world: PhoneHandle, texts: SmsChannel) -> None:
    world.account.receive(ROSA, LINE.address, "look", files=[("image/jpeg", JPEG)] * 12)
    (item,) = arrived(await collect(texts))
    assert len(texts.convert(item).attachments) == 10
    assert "first 10" in texts.convert(item).defects[0]


async def test_a_picture_that_is_gone_does_not_hold_its_text(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.account.receive(ROSA, LINE.address, "look", files=[("image/jpeg", JPEG)])
    world.server.fail(Fault("status", "GET", r"Media/ME", status=404, code=20404))
    (item,) = arrived(await collect(texts))
    assert texts.convert(item).text == "look"
    assert "no longer" in texts.convert(item).defects[0]


async def test_a_picture_that_fails_for_good_does_not_hold_the_line(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    text = world.account.receive(ROSA, LINE.address, "look", files=[("image/jpeg", JPEG)])
    assert text is not None
    world.server.fail(Fault("status", "GET", r"Media", status=500, times=None))
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            await collect(texts)
    (item,) = arrived(await collect(texts))
    assert not item.complete
    assert texts.convert(item).text == "look"
    assert "could not be fetched" in texts.convert(item).defects[0]
    world.server.faults.clear()
    whole = await texts.fetch_whole(item.remote)
    assert whole.complete
    assert texts.attachment(whole.content, "0") == JPEG


# ---- leaving --------------------------------------------------------------------------------


async def test_the_sender_is_always_the_lines_own_number(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.add_service(use_inbound_webhook_on_number=True)
    await send(texts, world, "See you “soon” 😀")
    (sent,) = [one for one in world.server.seen if one.method == "POST"]
    assert sent.form == {"To": ROSA, "From": LINE.address, "Body": "See you “soon” 😀"}


async def test_a_text_may_expire(world: PhoneHandle) -> None:
    channel = world.channel(world.settings(validity=600))
    await send(channel, world)
    assert world.server.seen[0].form["ValidityPeriod"] == "600"
    await channel.close()


@pytest.mark.parametrize(
    ("text", "words"), [("x" * 1601, "1,600"), ("", "empty"), (" \n ", "empty")]
)
async def test_what_cannot_be_sent_never_leaves(
    world: PhoneHandle, texts: SmsChannel, text: str, words: str
) -> None:
    with pytest.raises(NotSent, match=words):
        await send(texts, world, text)
    assert world.server.seen == []


@pytest.mark.parametrize(
    ("written", "sent"), [("+1 (555) 010-0101", ROSA), ("(555) 010-0101", ""), ("front", "")]
)
async def test_numbers_are_handed_over_with_their_country(
    world: PhoneHandle, texts: SmsChannel, written: str, sent: str
) -> None:
    to = Address(AddressSystem.PHONE, written)
    outgoing = make_outgoing(LINE, to, "Hello.")
    if sent:
        await texts.send(outgoing, make_permit(outgoing), Handover(world))
    else:
        with pytest.raises(NotSent, match="country code") as caught:
            await texts.send(outgoing, make_permit(outgoing), Handover(world))
        assert caught.value.recipients == (written,)
    assert [one.to for one in world.account.texts] == [sent] * bool(sent)


async def test_a_refused_number_is_named_as_it_was_written(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    world.account.phone(ROSA).landline = True
    to = Address(AddressSystem.PHONE, "+1 555 010 0101")
    outgoing = make_outgoing(LINE, to, "Hello.")
    with pytest.raises(NotSent, match="landline") as caught:
        await texts.send(outgoing, make_permit(outgoing), Handover(world))
    assert caught.value.recipients == (to.value,)


async def test_files_go_another_way(world: PhoneHandle, texts: SmsChannel) -> None:
    file = OutgoingAttachment("map.pdf", "application/pdf", b"%PDF")
    outgoing = make_outgoing(LINE, world.patient, "The map.", attachments=(file,))
    with pytest.raises(NotSent, match="no files"):
        await texts.send(outgoing, make_permit(outgoing), Handover(world))
    assert world.taken() == []


async def test_sixteen_hundred_characters_leave(world: PhoneHandle, texts: SmsChannel) -> None:
    await send(texts, world, "é" * 1600)
    assert world.account.texts[0].body == "é" * 1600


@pytest.mark.parametrize("sender", ["LAKESIDE", "55512", "5550107788"])
async def test_a_sender_nobody_can_answer_sends_nothing(world: PhoneHandle, sender: str) -> None:
    line = Line("texts", LINE.channel, sender)
    channel = world.channel(line=line)
    assert channel.capabilities.deaf_because
    outgoing = make_outgoing(line, world.patient, "Hello.")
    with pytest.raises(NotSent) as caught:
        await channel.send(outgoing, make_permit(outgoing), Handover(world))
    assert caught.value.sender_refused
    assert world.server.seen == []


async def test_a_round_trip_between_two_numbers_is_known_by_its_token(
    world: PhoneHandle, texts: SmsChannel
) -> None:
    other = Line("other", LINE.channel, "+15550107799")
    world.account.add_number(Number(other.address))
    second = world.channel(line=other)
    probe = make_outgoing(other, LINE.as_address, "A test.", probe_token="ab12cd34")
    await second.send(probe, make_permit(probe), Handover(world))
    await second.close()
    (item,) = arrived(await collect(texts))
    arrival = texts.convert(item)
    assert (arrival.nature, arrival.received.probe_token) == (Nature.PROBE, "ab12cd34")
    assert arrival.received.from_ == other.address


# ---- counting -------------------------------------------------------------------------------


async def test_counting_again_lists_only_what_is_new(
    world: PhoneHandle, texts: SmsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.phone.folder.PAGE", 10)
    for place in range(60):
        world.clock.advance(hours=12)
        world.deliver(f"message {place}")
    await texts.census()
    before = world.asked()
    there = world.deliver("new")
    received, _ = await texts.census()
    assert len(received.items) == 61
    assert there in received.items
    assert world.asked() - before == 2
    world.clock.advance(timedelta(hours=25))
    world.expunge([world.delivered[0]])
    received, _ = await texts.census()
    assert len(received.items) == 60


def test_the_secret_shows_nowhere(world: PhoneHandle) -> None:
    assert "lakeside-demo" not in repr(world.settings())
    assert base64.b64encode(b"lakeside-demo").decode() not in repr(world.channel().twilio)
