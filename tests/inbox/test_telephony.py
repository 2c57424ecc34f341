"""Texts and calls in the practice: family phones, unknown numbers, the clock of a person."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.conversation import ListState
from inbox.ending import Ending
from inbox.filing import Filer
from inbox.line import Line
from inbox.patient import Consent, ContactPoint, PrivacyForm
from inbox.practice import AnsweringService
from inbox.reply_path import EvidenceKind
from inbox.repository import Filing
from inbox.telephony import Telephony
from tests.inbox.conftest import House
from tests.inbox.making import ANN, FRONT_DESK, TEXTS

NUMBER = "+15550100101"
PHONE = Line("voice", ChannelKind.PHONE, TEXTS.address)
"""The calls of the number that takes the texts."""
FORM = PrivacyForm(email=Consent.ACCEPTED, sms=Consent.ACCEPTED)
ANN_PHONE = replace(ANN, points=(*ANN.points, ContactPoint(AddressSystem.PHONE, NUMBER)), form=FORM)
BEN = replace(ANN_PHONE, id="p2", given="Ben", points=(ContactPoint(AddressSystem.PHONE, NUMBER),))


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, TEXTS, PHONE)


async def put(house: House, text: str, minutes: float = 0, line: Line = TEXTS) -> None:
    """Let a text or a call arrive that was made so long after the present moment."""
    item = {"from": NUMBER, "text": text, "to": [line.address], "id": f"SM{text}"}
    at = house.clock() + timedelta(minutes=minutes)
    house.servers[line.id].put(json.dumps(item).encode(), at)


async def told(house: House) -> list[tuple[str | None, list[str]]]:
    """Whom each conversation is about, and the texts in it."""
    return [
        (row.patient_id, [one.text for one in await house.messages(row.id)])
        for row in sorted(await house.rows(), key=lambda row: row.id)
    ]


async def write(house: House, patient_id: str, text: str) -> int:
    """A person texts a patient and lets it leave; the conversation."""
    address = Address(AddressSystem.PHONE, NUMBER)
    draft = await house.desk.new_draft(address, ChannelKind.SMS, patient_id)
    draft = replace(
        draft, text=f"Lakeside Family Practice: {text} Dana", line_id="", line_chosen=False
    )
    situation = await house.desk.situation(draft)
    row = await house.desk.send(
        replace(situation.draft, line_id=TEXTS.id, line_chosen=True), "they wait for it", undo=False
    )
    await house.outbox.deliver_due()
    return row.conversation_id


async def prove(house: House) -> None:
    """A text of a stranger shows that the line receives."""
    await house.arrive("+15550100199", "hello", line=TEXTS, id="SMstranger")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_one_number_is_one_conversation_in_every_order(
    house: House, order: tuple[int, ...]
) -> None:
    await house.repository.patients.save([ANN_PHONE])
    for place in order:
        line = PHONE if place == 2 else TEXTS
        await put(house, f"text {place}", place, line)
        await house.sync()
    assert await told(house) == [("p1", ["text 0", "text 1", "text 2", "text 3"])]


async def test_an_unknown_number_is_one_conversation(house: House) -> None:
    await put(house, "Hello?", 0)
    await put(house, "Anybody?", 1)
    await house.sync()
    assert await told(house) == [(None, ["Hello?", "Anybody?"])]


async def test_what_comes_after_the_end_begins_anew(house: House) -> None:
    await house.repository.patients.save([ANN_PHONE])
    await put(house, "one", -10)
    await house.sync()
    [row] = await house.rows()
    await house.desk.done(row.id, "answered by phone")
    await put(house, "two", 10)
    await put(house, "late", -9)
    await house.sync()
    assert await told(house) == [("p1", ["one", "late"]), ("p1", ["two"])]


async def test_a_family_phone_answers_whom_we_wrote_to(house: House) -> None:
    await house.repository.patients.save([ANN_PHONE, BEN])
    await prove(house)
    about_ann = await write(house, "p1", "Ann's visit is on Thursday, text back if not.")
    house.clock.advance(minutes=5)
    await put(house, "Thanks, that fits")
    await house.sync()

    answer = (await house.messages(about_ann))[-1]
    assert (answer.text, answer.patient_id) == ("Thanks, that fits", "p1")
    assert answer.match_reason == "answers what we wrote"


async def test_a_family_phone_is_never_guessed(house: House) -> None:
    await house.repository.patients.save([ANN_PHONE, BEN])
    await prove(house)
    about_ann = await write(house, "p1", "Ann's visit is on Thursday, text back if not.")
    house.clock.advance(minutes=5)
    about_ben = await write(house, "p2", "Ben's visit is on Friday, text back if not.")
    house.clock.advance(minutes=5)
    await put(house, "That fits", 0)
    await put(house, "And thanks", 1)
    await house.sync()

    [unknown] = [row for row in await house.rows(ListState.UNKNOWN) if row.person_address == NUMBER]
    assert unknown.id not in {about_ann, about_ben}
    assert [one.text for one in await house.messages(unknown.id)] == ["That fits", "And thanks"]
    reasons = {one.match_reason for one in await house.messages(unknown.id)}
    assert reasons == {"2 patients share this address"}
    view = await house.desk.open(unknown.id)
    assert {one.id for one in view.candidates} == {"p1", "p2"}


async def test_an_answer_three_days_later_is_not_taken_for_one(house: House) -> None:
    await house.repository.patients.save([ANN_PHONE, BEN])
    await prove(house)
    await write(house, "p1", "Ann's visit is on Thursday, text back if not.")
    house.clock.advance(hours=73)
    await put(house, "Can we come earlier?")
    await house.sync()
    [row] = [one for one in await house.rows(ListState.UNKNOWN) if one.person_address == NUMBER]
    assert row.patient_id is None


async def test_a_choice_for_always_is_kept(house: House) -> None:
    await house.repository.patients.save([ANN_PHONE, BEN])
    await put(house, "Hello", -1)
    await house.sync()
    [row] = await house.rows()
    await house.desk.linking.link(row.id, "p2", always=True)
    house.clock.advance(hours=100)
    await put(house, "Hello again")
    await house.sync()
    assert await told(house) == [("p2", ["Hello", "Hello again"])]


async def test_one_clock_runs_for_a_person_on_all_channels(house: House) -> None:
    await house.repository.patients.save([ANN_PHONE])
    await put(house, "missed call", 0, PHONE)
    await house.sync()
    house.clock.advance(minutes=30)
    await put(house, "I called you")
    await house.sync()
    [row] = await house.rows(ListState.NEEDS_REPLY)
    assert row.waiting_since == house.clock() - timedelta(minutes=30)
    assert set(row.channels) == {ChannelKind.PHONE, ChannelKind.SMS}


async def test_a_withheld_number_is_a_conversation_by_itself(house: House) -> None:
    for text in ("one", "two"):
        item = {"text": text, "to": [PHONE.address], "id": f"CA{text}"}
        house.servers[PHONE.id].put(json.dumps(item).encode(), house.clock())
    await house.sync()
    assert len(await house.rows(ListState.UNKNOWN)) == 2


@pytest.mark.parametrize(
    "order", list(itertools.permutations(("missed", "abandoned", "voicemail")))
)
async def test_more_is_learned_of_a_call_and_never_less(
    house: House, order: tuple[str, ...]
) -> None:
    await house.repository.patients.save([ANN_PHONE])
    for word in order:
        item = {
            "from": NUMBER, "to": [PHONE.address], "id": "CA1", "text": word, "ending": word,
            "seconds": 7,
        }  # fmt: skip
        house.servers[PHONE.id].put(json.dumps(item).encode(), house.clock())
        await house.sync()
    [row] = await house.rows(ListState.NEEDS_REPLY)
    [call] = await house.messages(row.id)
    assert (call.text, call.ending, call.seconds) == ("voicemail", Ending.VOICEMAIL, 7)
    assert (await house.desk.raw(call)).content == json.dumps(
        {"from": NUMBER, "to": [PHONE.address], "id": "CA1", "text": "voicemail",
         "ending": "voicemail", "seconds": 7}
    ).encode()  # fmt: skip


async def test_a_call_that_turns_out_answered_stops_waiting(house: House) -> None:
    await house.repository.patients.save([ANN_PHONE])
    for word, nature in (("missed", "personal"), ("answered", "receipt")):
        item = {
            "from": NUMBER, "to": [PHONE.address], "id": "CA1", "text": word, "ending": word,
            "nature": nature,
        }  # fmt: skip
        house.servers[PHONE.id].put(json.dumps(item).encode(), house.clock())
        await house.sync()
        waiting = await house.rows(ListState.NEEDS_REPLY)
        assert len(waiting) == (1 if word == "missed" else 0)
    assert len(await house.rows()) == 1


async def test_a_text_that_cannot_be_filed_keeps_none_of_the_others_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Telephony.file

    async def picky(self: Telephony, filing: Filing, own: frozenset[str]) -> None:
        if "poison" in filing.arrival.text:
            raise ValueError("cannot be filed")
        await whole(self, filing, own)

    monkeypatch.setattr(Telephony, "file", picky)
    for number, text in enumerate(("first", "poison", "last")):
        await put(house, text, number)
    await house.sync()
    words = {text for _, texts in await told(house) for text in texts}
    assert {"first", "last"} <= words
    assert any("poison" in text for text in words - {"first", "last"}), "it is kept to be looked at"


async def test_the_newest_text_is_the_evidence(house: House) -> None:
    for number in (2, 0, 1):
        await put(house, f"text {number}", number)
    await house.sync()
    (seen,) = [
        one
        for one in await house.repository.lines.evidence()
        if one.line_id == TEXTS.id and one.kind is EvidenceKind.INBOUND
    ]
    assert seen.at == house.clock() + timedelta(minutes=2)


async def test_who_writes_a_mail_and_a_text_waits_once_until_either_is_answered(
    house: House,
) -> None:
    await house.repository.patients.save([ANN_PHONE])
    asked = house.clock()
    await house.arrive("ann@example.com", "About my bill: is it right?", id="bill@example.com")
    house.clock.advance(minutes=20)
    await house.arrive(NUMBER, "And is Thursday free?", line=TEXTS)
    rows = await house.rows(ListState.NEEDS_REPLY)
    assert len(rows) == 2, "two matters"
    assert {row.waiting_since for row in rows} == {asked}
    counts = await house.repository.conversations.counts(house.clock(), house.clock())
    assert (counts.needs_reply, counts.overdue) == (2, 1)
    texted = next(row for row in rows if ChannelKind.SMS in row.channels)
    house.clock.advance(minutes=5)
    await house.answer(texted.id, "Lakeside Family Practice: Thursday is free at ten.", "asked")
    await house.outbox.deliver_due()
    (left,) = await house.rows(ListState.NEEDS_REPLY)
    assert left.channels == (ChannelKind.EMAIL,)
    assert left.waiting_since == house.clock()


@pytest.mark.parametrize("number", ["+15550107790", "+15550107791"])
async def test_the_answering_service_is_named(house: House, number: str) -> None:
    service = AnsweringService("+15550107790", True, ChannelKind.SMS, "+1 555 010 7791")
    practice = replace(house.practice, answering_service=service)
    filer = Filer(house.repository, practice, house.clock)
    item = {"from": number, "text": "Got it, thanks.", "to": [TEXTS.address], "id": "SMservice"}
    house.servers[TEXTS.id].put(json.dumps(item).encode(), house.clock())
    channel = house.channels[TEXTS.id]
    async for batch in channel.fetch({}):
        await house.repository.raw.save_batch(TEXTS.id, batch, house.clock())
    await filer.drain(channel)
    [row] = await house.rows()
    assert row.person == "Answering service"
