"""What arrivals ask for between their lines takes effect, or waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.conversation import ConversationRow, ListState
from inbox.errors import Blocked, Held, TwowayError
from inbox.line import Line
from inbox.message import MessageKind, Nature
from inbox.outgoing import Draft
from inbox.patient import Consent, ContactPoint, PointUse, PrivacyForm, Proxy
from inbox.signals.signal import Signal, SignalState
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN, FRONT_DESK, PHONE, PORTAL, TEXTS

NUMBER = "+15550107811"
SMS = Address(AddressSystem.PHONE, NUMBER)
FORM = PrivacyForm(email=Consent.ACCEPTED, sms=Consent.ACCEPTED)
TEXTING = replace(ANN, points=(*ANN.points, ContactPoint(AddressSystem.PHONE, NUMBER)), form=FORM)
SIBLING = replace(BEN, points=(ContactPoint(AddressSystem.PHONE, NUMBER),), form=FORM)


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, TEXTS, PHONE, PORTAL)


@pytest.fixture(autouse=True)
async def patients(house: House) -> None:
    """Ann texts; nothing is history."""
    await house.repository.patients.save([TEXTING])


async def text(house: House, said: str, **more: Any) -> ConversationRow:
    """Let a text arrive."""
    await house.arrive(NUMBER, said, line=TEXTS, **more)
    return max(await house.rows(), key=lambda row: row.id)


async def signals(house: House, row: ConversationRow) -> list[tuple[str, SignalState]]:
    return [(one.rule, one.state) for one in await house.desk.attention.of(row.id)]


async def consent(house: House, channel: ChannelKind = ChannelKind.SMS) -> Consent | None:
    said = await house.repository.consents.current([SMS, email("ann@example.com")])
    entry = said.get((SMS.key, channel)) or said.get(("ann@example.com", channel))
    return entry.consent if entry else None


def answer(row: ConversationRow, said: str = "Friday at ten is fine.", **more: object) -> Draft:
    plain = Draft(
        ChannelKind.SMS, TEXTS.id, (SMS,), said, conversation_id=row.id, patient_id=row.patient_id
    )
    return replace(plain, **more)  # type: ignore[arg-type] # one of Draft's


async def findings(house: House, draft: Draft) -> dict[str, str]:
    situation = await house.desk.situation(draft)
    found = house.gate.examine(situation).findings
    return {one.rule: one.severity.value for one in found}


# ---------------------------------------------------------------- emergencies


@pytest.mark.parametrize("line", [FRONT_DESK, TEXTS, PHONE, PORTAL], ids=lambda line: line.id)
async def test_an_emergency_stands_above_every_list_on_every_channel(
    house: House, line: Line
) -> None:
    sender = NUMBER if line.channel.system is AddressSystem.PHONE else "ann@example.com"
    await house.arrive(sender, "I can't breathe", line=line)
    house.clock.advance(minutes=5)
    await house.arrive("who@example.com", "Do you have a slot?")

    for state in ListState:
        first = (await house.rows(state))[0]
        assert first.urgent, state
        assert first.signals == ("IN01",)
    assert [row.urgent for row in await house.rows()] == [True, False]
    [urgent] = await house.desk.attention.urgent()
    assert urgent.words == "can't breathe"


async def test_it_stays_until_a_person_looked_after_it(house: House) -> None:
    row = await text(house, "chest pain since noon")
    await house.desk.snooze(row.id, house.clock() + timedelta(days=1))
    await house.arrive("who@example.com", "Later mail")
    assert (await house.rows(ListState.WAITING))[0].id == row.id

    [decided] = await house.desk.attention.accept(row.id)

    assert (decided.rule, decided.by) == ("IN01", "dana")
    assert not (await house.repository.conversations.row(row.id)).urgent
    assert await house.desk.attention.urgent() == []
    entries = await house.repository.audit.latest(1)
    assert entries[0][1:3] == ("dana", "look after an emergency")
    with pytest.raises(TwowayError):
        await house.desk.attention.accept(row.id)


async def test_two_people_cannot_both_decide(house: House) -> None:
    row = await text(house, "please stop texting me")
    attention = house.desk.attention
    await attention.dismiss(row.id, "IN03")

    with pytest.raises(TwowayError):
        await attention.accept(row.id, "IN03")
    assert await consent(house) is None


async def old_texts(house: House, *said: str) -> None:
    """Let texts of before the first start arrive, an hour between them."""
    await house.sync()
    folder = house.servers[TEXTS.id].folders["messages"]
    for hours, words in enumerate(said):
        number = house.servers[TEXTS.id].deliver(NUMBER, words, to=[TEXTS.address])
        at = house.clock() - timedelta(days=3) + timedelta(hours=hours)
        folder.items[int(number)] = (folder.items[int(number)][0], at)
    await house.sync()


async def test_history_alarms_nobody(house: House) -> None:
    await old_texts(house, "I want to die", "please stop texting me")

    rows = await house.rows()
    assert not any(row.urgent for row in rows)
    states = [await signals(house, row) for row in rows]
    assert states == [[("IN03", SignalState.PROPOSED)]]
    assert await consent(house) is None


async def test_an_old_stop_holds(house: House) -> None:
    await old_texts(house, "STOP", "ok thanks")

    [row] = await house.rows()
    assert ("IN02", SignalState.APPLIED) in await signals(house, row)
    assert await consent(house) is Consent.DECLINED
    assert (await findings(house, answer(row)))["TW19"] == "block"


async def test_a_later_start_takes_an_old_stop_back(house: House) -> None:
    await old_texts(house, "STOP", "START")

    assert await consent(house) is not Consent.DECLINED


async def test_a_stop_after_an_old_start_holds(house: House) -> None:
    await old_texts(house, "STOP", "START", "STOP")

    assert await consent(house) is Consent.DECLINED


async def test_an_old_stop_does_not_outdo_what_was_said_since(house: House) -> None:
    await text(house, "STOP")
    house.clock.advance(minutes=1)
    await text(house, "START")
    await old_texts(house, "STOP")

    assert await consent(house) is Consent.ACCEPTED


async def test_what_comes_after_a_pause_is_not_history(house: House) -> None:
    await house.sync()
    house.clock.advance(days=5)
    number = house.servers[TEXTS.id].deliver(NUMBER, "STOP", to=[TEXTS.address])
    folder = house.servers[TEXTS.id].folders["messages"]
    at = house.clock() - timedelta(days=3)
    folder.items[int(number)] = (folder.items[int(number)][0], at)

    await house.sync()

    assert await consent(house) is Consent.DECLINED


# ---------------------------------------------------------------- opting out and in


async def test_stop_opts_the_number_out_at_once_for_everybody_who_shares_it(house: House) -> None:
    await house.repository.patients.save([SIBLING])
    row = await text(house, "Stop.")

    assert await signals(house, row) == [("IN02", SignalState.APPLIED)]
    assert "opted-out" in (await house.repository.conversations.row(row.id)).signals
    [entry] = await house.repository.consents.history(SMS)
    assert (entry.consent, entry.by, entry.method) == (Consent.DECLINED, "patient", "text STOP")
    assert entry.message_id == (await house.messages(row.id))[0].id
    for patient in ("p1", "p2"):
        assert (await findings(house, answer(row, patient_id=patient)))["TW19"] == "block"
    with pytest.raises(Blocked):
        await house.desk.send(answer(row, patient_id="p2"), "a reason")


async def test_start_takes_it_back_and_yes_does_so_only_by_a_person(house: House) -> None:
    await text(house, "STOP")
    house.clock.advance(minutes=5)
    yes = await text(house, "Yes")
    assert (await signals(house, yes))[-1:] == [("IN07", SignalState.PROPOSED)]
    assert await consent(house) is Consent.DECLINED
    house.clock.advance(minutes=5)

    start = await text(house, "START")

    assert (await signals(house, start))[-1:] == [("IN07", SignalState.APPLIED)]
    assert await consent(house) is Consent.ACCEPTED
    assert "TW19" not in await findings(house, answer(start))


async def test_start_does_not_undo_what_staff_kept(house: House) -> None:
    row = await text(house, "please stop texting me")
    await house.desk.attention.accept(row.id)
    house.clock.advance(days=2)

    start = await text(house, "START")

    said = await signals(house, start)
    assert said[-1:] == [("IN07", SignalState.PROPOSED)]
    assert await consent(house) is Consent.DECLINED
    assert await signals(house, await text(house, "yes")) == said


async def test_start_lifts_no_form_that_declines(house: House) -> None:
    no = replace(FORM, sms=Consent.DECLINED, form_date=date(2026, 1, 2))
    await house.repository.patients.save([replace(TEXTING, form=no)])
    await text(house, "STOP")
    house.clock.advance(minutes=1)

    start = await text(house, "START")

    assert (await signals(house, start))[-1:] == [("IN07", SignalState.PROPOSED)]
    assert await consent(house) is Consent.DECLINED
    assert "TW19" in await findings(house, answer(start))


async def test_start_speaks_for_nobody_else_in_the_family(house: House) -> None:
    no = replace(FORM, sms=Consent.DECLINED, form_date=date(2026, 1, 2))
    await house.repository.patients.save([replace(SIBLING, form=no)])
    await text(house, "STOP")
    house.clock.advance(minutes=1)

    start = await text(house, "START")

    assert (await signals(house, start))[-1:] == [("IN07", SignalState.PROPOSED)]
    for patient in ("p1", "p2"):
        assert "TW19" in await findings(house, answer(start, patient_id=patient))
    await house.desk.attention.accept(start.id)
    assert "TW19" in await findings(house, answer(start, patient_id="p2"))


async def test_start_does_not_undo_what_staff_kept_before_a_stop(house: House) -> None:
    row = await text(house, "please stop texting me")
    await house.desk.attention.accept(row.id)
    house.clock.advance(minutes=1)
    await text(house, "STOP")
    house.clock.advance(minutes=1)

    start = await text(house, "START")

    assert (await signals(house, start))[-1:] == [("IN07", SignalState.PROPOSED)]
    assert await consent(house) is Consent.DECLINED


async def test_a_yes_of_somebody_who_never_opted_out_says_nothing(house: House) -> None:
    assert await signals(house, await text(house, "YES")) == []
    assert await signals(house, await text(house, "start")) == []


async def test_asking_to_stop_is_proposed_and_lists_wait(house: House) -> None:
    row = await text(house, "Please stop texting me!")

    assert await signals(house, row) == [("IN03", SignalState.PROPOSED)]
    assert await consent(house) is None
    assert (await findings(house, answer(row, automatic=True)))["TW43"] == "hold"
    assert "TW43" not in await findings(house, answer(row))

    await house.desk.attention.accept(row.id)

    assert await consent(house) is Consent.DECLINED
    entries = await house.repository.consents.history(SMS)
    assert entries[0].by == "dana"
    assert (await findings(house, answer(row)))["TW19"] == "block"


async def test_by_mail_stop_is_proposed_for_mail_only(house: House) -> None:
    await house.arrive("ann@example.com", "unsubscribe")
    [row] = await house.rows()
    assert await signals(house, row) == [("IN02", SignalState.PROPOSED)]

    await house.desk.attention.accept(row.id)

    assert await consent(house, ChannelKind.EMAIL) is Consent.DECLINED
    assert await consent(house, ChannelKind.SMS) is None


async def mails(house: House, *said: tuple[str, str]) -> ConversationRow:
    """Let mails of one conversation arrive, each with its sender."""
    for number, (sender, words) in enumerate(said):
        parents = {"in_reply_to": ["m0@x"]} if number else {"id": "m0@x"}
        await house.arrive(sender, words, subject="Visits", cc=["ann@example.com"], **parents)
        house.clock.advance(minutes=1)
    [row] = await house.rows()
    return row


async def test_one_key_keeps_every_opt_out_on_its_own_channel(house: House) -> None:
    row = await mails(
        house,
        ("ann@example.com", "please stop texting me"),
        ("ann@example.com", "and don't email me anymore"),
    )

    decided = await house.desk.attention.accept(row.id)

    assert [one.state for one in decided] == [SignalState.APPLIED] * 2
    assert await consent(house, ChannelKind.SMS) is Consent.DECLINED
    assert await consent(house, ChannelKind.EMAIL) is Consent.DECLINED


async def test_one_key_keeps_every_opt_out_for_its_own_sender(house: House) -> None:
    luis = ContactPoint(AddressSystem.EMAIL, "luis@example.com")
    await house.repository.patients.save([replace(TEXTING, proxies=(Proxy("Luis", "", (luis,)),))])
    row = await mails(
        house,
        ("luis@example.com", "Please don't email me anymore"),
        ("ann@example.com", "please unsubscribe me too"),
    )

    await house.desk.attention.accept(row.id)

    for address in (luis.address, email("ann@example.com")):
        [entry] = await house.repository.consents.history(address)
        assert (entry.channel, entry.consent) == (ChannelKind.EMAIL, Consent.DECLINED)


async def test_what_cannot_be_kept_is_not_shown_as_kept(house: House) -> None:
    await house.repository.patients.save([replace(TEXTING, points=ANN.points)])
    row = await mails(
        house,
        ("ann@example.com", "please stop texting me"),
        ("ann@example.com", "and don't email me anymore"),
    )

    [decided] = await house.desk.attention.accept(row.id)

    assert decided.words == "don't email me anymore"
    assert await consent(house, ChannelKind.EMAIL) is Consent.DECLINED
    assert await signals(house, row) == [
        ("IN03", SignalState.PROPOSED),
        ("IN03", SignalState.APPLIED),
    ]
    with pytest.raises(TwowayError):
        await house.desk.attention.accept(row.id)


async def test_the_subject_is_heard_where_it_is_theirs(house: House) -> None:
    await house.arrive("ann@example.com", "Call me. Ann", subject="I want to kill myself")
    await house.arrive("who@example.com", "Thank you", subject="Re: Chest pain clinic")
    await house.arrive("luis@example.com", "Thank you", subject="Unsubscribe")

    rows = sorted(await house.rows(), key=lambda row: row.id)

    assert [row.signals for row in rows] == [("IN01",), ("IN09",), ("IN02",)]


async def test_who_drives_and_needs_help_waits_for_an_answer(house: House) -> None:
    row = await text(house, "I am driving my husband to the ER, he can't breathe")

    assert row.urgent
    assert [one.id for one in await house.rows(ListState.NEEDS_REPLY)] == [row.id]


async def test_a_mail_that_speaks_of_texts_stops_texts(house: House) -> None:
    await house.arrive("ann@example.com", "Please stop texting me, mail is fine")
    [row] = await house.rows()

    await house.desk.attention.accept(row.id)

    assert await consent(house, ChannelKind.SMS) is Consent.DECLINED
    assert await consent(house, ChannelKind.EMAIL) is None


# ---------------------------------------------------------------- the wrong person


async def test_a_wrong_number_is_not_told_whose_it_was(house: House) -> None:
    row = await text(house, "This isn't Ann, wrong number")

    assert await signals(house, row) == [("IN04", SignalState.PROPOSED)]
    assert (await findings(house, answer(row, "Who is this?")))["TW44"] == "hold"
    assert (await findings(house, answer(row, "Sorry, we meant Ann.")))["TW44"] == "block"
    with pytest.raises(Held):
        await house.desk.send(answer(row, "Who is this?"))

    await house.desk.attention.accept(row.id)

    patient = await house.repository.patients.get("p1")
    assert [(one.value, one.use) for one in patient.points] == [
        ("ann@example.com", PointUse.HOME),
        (NUMBER, PointUse.OLD),
    ]
    note = (await house.messages(row.id))[-1]
    assert note.kind is MessageKind.NOTE
    assert NUMBER in note.text
    assert "Ann" not in note.text
    assert (await findings(house, answer(row, "Who is this?")))["TW23"] == "hold"


async def test_a_wrong_number_that_shares_needs_to_know_whose(house: House) -> None:
    await house.repository.patients.save([SIBLING])
    row = await text(house, "wrong number")

    with pytest.raises(TwowayError):
        await house.desk.attention.accept(row.id)
    assert await signals(house, row) == [("IN04", SignalState.PROPOSED)]


# ---------------------------------------------------------------- what is not listened to


async def test_nothing_is_heard_in_quotes_machines_and_ourselves(house: House) -> None:
    for nature in (Nature.AUTO_REPLY, Nature.BULK):
        await house.arrive("ann@example.com", "STOP", nature=nature.value)
    await house.arrive("72975", "Your code. I can't breathe", line=TEXTS)
    await house.arrive(FRONT_DESK.address, "STOP", to=["ann@example.com"])

    rows = await house.rows()
    assert len(rows) == 4
    assert [await signals(house, row) for row in rows] == [[]] * 4
    assert await house.rows(ListState.NEEDS_REPLY) == []


async def test_thanks_is_marked_and_still_needs_a_person(house: House) -> None:
    row = await text(house, "ok thanks 👍")
    assert row.signals == ("IN09",)
    assert [one.id for one in await house.rows(ListState.NEEDS_REPLY)] == [row.id]

    picture = [{"name": "rash.jpg", "type": "image/jpeg", "content": "AAAA"}]
    assert (await text(house, "ok", attachments=picture)).signals == ()


async def test_a_decision_survives_when_the_message_is_filed_again(house: House) -> None:
    row = await text(house, "please stop texting me")
    await house.desk.attention.dismiss(row.id)
    [message] = await house.messages(row.id)
    assert message.raw_id is not None
    item = await house.repository.raw.content(message.raw_id)

    await house.repository.raw.complete(message.raw_id, item)
    await house.sync()

    [kept] = await house.desk.attention.of(row.id)
    assert isinstance(kept, Signal)
    assert (kept.state, kept.by) == (SignalState.DISMISSED, "dana")
