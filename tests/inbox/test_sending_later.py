"""What leaves later: judged for that moment, asked again when it comes, taken back until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.place.atlas import WorldAtlas
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.closure import Closure, FixedClosures
from inbox.conversation import ConversationState
from inbox.errors import Blocked, Held
from inbox.finding import Finding, Fix, Severity
from inbox.line import Line
from inbox.message import MessageStatus
from inbox.outgoing import Draft
from inbox.patient import Consent, ContactPoint, Patient, PointUse, PrivacyForm
from inbox.practice import Practice
from inbox.quiet import Place
from inbox.reply_path import Evidence, EvidenceKind
from inbox.view import Preview
from tests.inbox.conftest import House
from tests.inbox.making import ANN, FRONT_DESK, NURSE, TEXTS, ZONE, practice, week

CALL_US = "Lakeside: we need to reschedule. Please call the office, or reply to this text."
PHONE = Address(AddressSystem.PHONE, "+15550107811", "Ann Lee")
HONOLULU = Patient(
    id="p9",
    given="Kai",
    family="Akana",
    points=(ContactPoint(AddressSystem.PHONE, "+18085550143", PointUse.MOBILE),),
    form=PrivacyForm(sms=Consent.ACCEPTED),
    postal_code="96815",
)


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, NURSE, TEXTS)


@pytest.fixture
def the_practice(lines: tuple[Line, ...]) -> Practice:
    return practice(
        lines=lines,
        atlas=WorldAtlas(),
        hours=replace(
            week(), closures=FixedClosures({date(2026, 3, 9): Closure("Casimir Pulaski Day")})
        ),
    )


def local(text: str, zone: ZoneInfo = ZONE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


async def texting(house: House, patient: Patient, at: str, said: str) -> tuple[Draft, Preview]:
    """A text to a patient at a wall-clock moment of the practice, and what the gate says of it."""
    house.clock.set(local(at))
    await house.repository.patients.save([patient])
    point = next(one for one in patient.points if one.system is AddressSystem.PHONE)
    await _proven(house)
    to = Address(point.system, point.value, patient.name)
    draft = await house.desk.new_draft(to, ChannelKind.SMS, patient.id)
    preview = house.desk.judge(await house.desk.situation(draft), replace(draft, text=said))
    return preview.draft, preview


async def _proven(house: House) -> None:
    """The text line received something just now, and is being read."""
    await house.repository.lines.add_evidence(
        Evidence(TEXTS.id, EvidenceKind.INBOUND, house.clock())
    )
    await house.sync()


def ann_by_text() -> Patient:
    point = ContactPoint(AddressSystem.PHONE, PHONE.value, PointUse.MOBILE)
    return replace(
        ANN, points=(*ANN.points, point), form=PrivacyForm(sms=Consent.ACCEPTED), state="IL"
    )


def of(preview: Preview, rule: str) -> Finding:
    return next(one for one in preview.verdict.findings if one.rule == rule)


def way(finding: Finding, beginning: str) -> Fix:
    return next(fix for fix in finding.fixes if fix.label.startswith(beginning))


def statuses(house: House) -> int:
    return len(house.servers[TEXTS.id].sent)


async def test_the_call_at_four_past_five_leaves_at_opening(house: House) -> None:
    draft, preview = await texting(house, ann_by_text(), "2026-03-04 17:04", CALL_US)
    blocked = of(preview, "TW04")
    with pytest.raises(Blocked):
        await house.desk.send(draft)

    fix = way(blocked, "Let it leave")
    later = replace(draft, send_at=fix.send_at)
    row = await house.desk.send(later)
    await house.outbox.deliver_due()

    assert blocked.severity is Severity.BLOCK
    assert blocked.fix is not None
    assert blocked.fix.text is not None
    assert fix.label == "Let it leave tomorrow 08:00"
    assert row.leaves_at == local("2026-03-05 08:00")
    assert statuses(house) == 0
    house.clock.set(local("2026-03-05 07:59"))
    await _proven(house)
    assert await house.outbox.deliver_due() == 0
    house.clock.set(local("2026-03-05 08:00"))
    await house.outbox.deliver_due()
    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.SENT
    [sent] = house.servers[TEXTS.id].sent
    assert sent.text == CALL_US
    assert sent.created_at == local("2026-03-05 08:00")


async def test_what_waits_is_shown_as_waiting_with_its_time(house: House) -> None:
    draft, preview = await texting(house, ann_by_text(), "2026-03-04 17:04", CALL_US)
    fix = way(of(preview, "TW04"), "Let it leave")
    row = await house.desk.send(replace(draft, send_at=fix.send_at))

    [listed] = await house.rows()
    [message] = await house.messages(row.conversation_id)
    view = house.desk.judge(
        await house.desk.situation(draft), replace(draft, text="Hi", send_at=fix.send_at)
    )

    assert listed.state is ConversationState.WAITING
    assert listed.leaves_at == message.leaves_at == fix.send_at
    assert message.status is MessageStatus.QUEUED
    assert not await house.repository.records.entries("p1")
    assert view.leaves_words == "leaves tomorrow 08:00"
    assert "will see it by tomorrow 17:00" in view.answer_words


async def test_it_can_be_taken_back_until_the_last_second(house: House) -> None:
    draft, preview = await texting(house, ann_by_text(), "2026-03-04 17:04", CALL_US)
    fix = way(of(preview, "TW04"), "Let it leave")
    row = await house.desk.send(replace(draft, send_at=fix.send_at))
    house.clock.set(local("2026-03-05 07:59:59"))

    restored = await house.desk.undo(row.id)
    house.clock.advance(hours=1)
    await house.outbox.deliver_due()

    assert restored is not None
    assert restored.text == CALL_US
    assert statuses(house) == 0
    # Nothing of it is left but the draft.
    assert await house.rows() == []
    assert await house.repository.drafts.load("new", "dana") == restored


async def test_news_before_it_leaves_hold_it_and_are_told(house: House) -> None:
    await house.arrive("ann@example.com", "Can I come on Thursday?", id="1@example.com")
    [asked] = await house.rows()
    draft = await house.desk.reply_draft(asked.id)
    opens = local("2026-03-05 08:00")
    row = await house.desk.send(replace(draft, text="Thursday at ten.", send_at=opens))
    house.clock.advance(hours=2)
    await house.arrive(
        "ann@example.com", "Friday is better.", id="2@example.com", references=["1@example.com"]
    )
    [waiting] = await house.rows()
    house.clock.set(opens)
    await house.sync()
    await house.outbox.deliver_due()

    after = await house.repository.outbox.get(row.id)
    assert waiting.state is ConversationState.NEEDS_REPLY
    assert after.status is MessageStatus.FAILED
    assert "They wrote again" in after.status_text
    assert house.servers[FRONT_DESK.id].sent == []
    [listed] = await house.rows()
    assert listed.undelivered


async def test_a_machine_that_slept_over_the_opening_sends_no_call_at_closing(
    house: House,
) -> None:
    draft, preview = await texting(house, ann_by_text(), "2026-03-04 17:04", CALL_US)
    fix = way(of(preview, "TW04"), "Let it leave")
    row = await house.desk.send(replace(draft, send_at=fix.send_at))
    house.clock.set(local("2026-03-05 16:50"))
    await _proven(house)
    await house.outbox.deliver_due()

    after = await house.repository.outbox.get(row.id)
    assert after.status is MessageStatus.FAILED
    assert "nobody answers the phones" in after.status_text
    assert statuses(house) == 0


async def test_a_reason_given_in_the_evening_holds_in_the_morning(house: House) -> None:
    said = "Lakeside: we need to reschedule. Please call the office."
    draft, preview = await texting(house, ann_by_text(), "2026-03-04 17:04", said)
    fix = way(of(preview, "TW04"), "Let it leave")
    later = replace(draft, send_at=fix.send_at)
    with pytest.raises(Held, match="gives no other way to answer"):
        await house.desk.send(later)

    row = await house.desk.send(later, "She never texts back.")
    house.clock.set(local("2026-03-05 08:00"))
    await _proven(house)
    await house.outbox.deliver_due()

    after = await house.repository.outbox.get(row.id)
    assert after.status is MessageStatus.SENT
    assert after.because == "She never texts back."


async def test_a_time_that_is_over_means_at_once(house: House) -> None:
    await house.arrive("ann@example.com", "Can I come on Thursday?", id="1@example.com")
    [asked] = await house.rows()
    draft = await house.desk.reply_draft(asked.id)
    late = replace(draft, text="Yes.", send_at=house.clock() - timedelta(hours=1))

    row = await house.desk.send(late)

    assert row.not_before == house.clock() + timedelta(seconds=8)


async def test_honolulu_sleeps_when_chicago_opens(house: House) -> None:
    draft, preview = await texting(house, HONOLULU, "2026-03-04 09:00", "Lakeside: your form came.")
    held = of(preview, "TW18")
    with pytest.raises(Held):
        await house.desk.send(draft)

    fix = way(held, "Let it leave")
    row = await house.desk.send(replace(draft, send_at=fix.send_at))
    house.clock.set(local("2026-03-04 11:59"))
    await _proven(house)
    assert await house.outbox.deliver_due() == 0
    house.clock.set(local("2026-03-04 12:00"))
    await house.outbox.deliver_due()

    [recipient] = (await house.desk.situation(draft)).recipients
    assert recipient.places == (Place("Pacific/Honolulu", "HI"),)
    assert fix.send_at == local("2026-03-04 08:00", ZoneInfo("Pacific/Honolulu"))
    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.SENT


async def test_the_moment_offered_to_one_who_is_to_call_suits_both(house: House) -> None:
    # Eight in Honolulu is noon in Chicago, when the phones are off for lunch.
    _, preview = await texting(house, HONOLULU, "2026-03-04 17:04", CALL_US)

    fix = way(of(preview, "TW04"), "Let it leave")

    assert fix.send_at == local("2026-03-05 13:00")


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-04 16:40", "2026-03-05 08:00"),
        ("2026-03-04 11:31", "2026-03-04 13:00"),
        ("2026-03-04 12:45", "2026-03-04 13:00"),
        ("2026-03-06 17:04", "2026-03-10 08:00"),
        ("2026-03-07 10:00", "2026-03-10 08:00"),
    ],
)
async def test_the_phones_must_be_answered_when_it_is_read(
    house: House, now: str, opens: str
) -> None:
    _, preview = await texting(house, ann_by_text(), now, CALL_US)

    assert way(of(preview, "TW04"), "Let it leave").send_at == local(opens)


async def test_half_an_hour_before_closing_is_enough(house: House) -> None:
    _, preview = await texting(house, ann_by_text(), "2026-03-04 16:30", CALL_US)

    assert "TW04" not in {one.rule for one in preview.verdict.findings}


async def test_the_year_turns_while_it_waits(house: House) -> None:
    moment = datetime(2027, 1, 4, 14, 0, tzinfo=UTC)
    house.clock.set(local("2026-12-31 16:00"))
    await house.arrive("ann@example.com", "Is there a visit left?", id="1@example.com")
    [asked] = await house.rows()
    draft = await house.desk.reply_draft(asked.id)
    row = await house.desk.send(replace(draft, text="Yes, in January.", send_at=moment))
    house.clock.set(moment)
    await house.sync()
    await house.outbox.deliver_due()

    assert (await house.repository.outbox.get(row.id)).status is MessageStatus.SENT
