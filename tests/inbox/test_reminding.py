"""Reminders: whom a row means, by which way they are told, and that nobody is told twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.appointment import Appointment, AppointmentRow, RowTrouble
from inbox.errors import Blocked, Held, NotFound, Stale
from inbox.finding import Severity
from inbox.line import Line
from inbox.message import MessageStatus
from inbox.outgoing import Category
from inbox.patient import Consent, ContactPoint, Patient, PointUse, PrivacyForm, Proxy
from inbox.reminder_report import Became, Report, outcome_of, queued, refused
from inbox.reminding import Reminder, ReminderState
from inbox.template import Shelf, parse_template
from inbox.templating import Templating
from tests.inbox.conftest import House
from tests.inbox.making import ANN, DANA, FRONT_DESK, NURSE, TEXTS
from tui.templates.reading import read_shelf

VISIT = Appointment(
    date(2026, 3, 6), datetime(2026, 3, 6, 20, 30, tzinfo=UTC), "12 Shore Road", kind="visit"
)
FLU = Appointment(kind="Flu shot")
MOBILE = ContactPoint(AddressSystem.PHONE, "+15550107811", PointUse.MOBILE, 2)
BOTH = replace(
    ANN,
    points=(*ANN.points, MOBILE),
    form=PrivacyForm(email=Consent.ACCEPTED, sms=Consent.ACCEPTED),
    preferred_channel=ChannelKind.SMS,
)
SHELF = read_shelf(Path("/nowhere"))


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, NURSE, TEXTS)


@pytest.fixture
async def desk(house: House) -> House:
    """A house whose lines are proven by what arrived on them, with the shipped templates."""
    await house.arrive("stranger@example.com", "Hello")
    await house.arrive("+15550107899", "Hello", line=TEXTS)
    house.desk.templating = Templating(house.practice, house.gate, house.clock, DANA, lambda: SHELF)
    return house


def row(number: int = 2, appointment: Appointment = VISIT, **changes: Any) -> AppointmentRow:
    plain: dict[str, Any] = {"patient_id": "p1", "columns": (("name", "Patient"), ("time", "At"))}
    return AppointmentRow(number, appointment, **{**plain, **changes})


async def made(desk: House, *rows: AppointmentRow, name: str = "") -> list[Reminder | RowTrouble]:
    return [one async for one in desk.desk.reminding.reminders(rows, SHELF, name)]


async def one(desk: House, the_row: AppointmentRow | None = None, name: str = "") -> Reminder:
    (found,) = await made(desk, the_row or row(), name=name)
    assert isinstance(found, Reminder), found
    return found


async def trouble(desk: House, the_row: AppointmentRow) -> str:
    (found,) = await made(desk, the_row)
    assert isinstance(found, RowTrouble), found
    return found.words


# ---------------------------------------------------------------- whom


async def test_a_row_is_matched_by_id_or_by_a_name_that_is_the_only_one(desk: House) -> None:
    assert (await one(desk)).patient.id == "p1"
    assert (await one(desk, row(patient_id="", name="lee ANN"))).patient.id == "p1"


async def test_a_name_alone_is_no_guess(desk: House) -> None:
    twin = replace(ANN, id="p9", birth_date=date(2001, 1, 1))
    await desk.repository.patients.save([twin])
    by_name = row(patient_id="", name="Ann Lee")
    assert "“Patient” is the name of several patients" in await trouble(desk, by_name)
    born = await one(desk, replace(by_name, birth_date=date(2001, 1, 1)))
    assert born.patient.id == "p9"
    nobody = replace(by_name, birth_date=date(1999, 1, 1))
    assert "birth date of a patient" in await trouble(desk, nobody)
    assert "no patient's name" in await trouble(desk, row(patient_id="", name="Ann"))


async def test_what_contradicts_the_id_is_told(desk: House) -> None:
    assert "is no patient's id" in await trouble(desk, row(patient_id="p77"))
    assert "is not the name of that patient" in await trouble(desk, row(name="Ben Lee"))
    born = row(birth_date=date(1999, 1, 1))
    assert "is not the birth date of that patient" in await trouble(desk, born)


async def test_what_a_visit_needs_is_asked_for(desk: House) -> None:
    assert "“At” is empty" in await trouble(desk, row(appointment=replace(VISIT, at=None)))
    assert "“date” is empty" in await trouble(desk, row(appointment=Appointment()))


async def test_the_same_row_twice_is_one_reminder(desk: House) -> None:
    first, second = await made(desk, row(2), row(5))
    assert isinstance(first, Reminder)
    assert isinstance(second, RowTrouble)
    assert second.words == "Row 5, “patient_id” says the same as row 2."


# ---------------------------------------------------------------- which template


async def test_the_type_chooses_the_template_and_an_option_beats_it(desk: House) -> None:
    assert (await one(desk)).template.name == "appointment-reminder"
    flu = await one(desk, row(appointment=FLU))
    assert flu.template.name == "flu-shot"
    assert flu.draft is not None
    assert "https://lakeside.example/book" in flu.draft.text
    assert (await one(desk, name="flu-shot")).template.name == "flu-shot"
    with pytest.raises(NotFound, match="no template “nothing”"):
        await made(desk, row(), name="nothing")


# ---------------------------------------------------------------- by which way


async def test_the_preferred_way_is_taken(desk: House) -> None:
    await desk.repository.patients.save([BOTH])
    found = await one(desk)
    assert found.draft is not None
    assert (found.draft.channel, found.draft.line_id) == (ChannelKind.SMS, "texts")
    assert found.template.name == "appointment-reminder-sms"
    assert found.draft.text.startswith("Lakeside Family Practice: Ann, your visit is Fri, Mar 6")
    assert (found.draft.category, found.draft.automatic) == (Category.REMINDER, True)
    assert found.state is ReminderState.READY


@pytest.mark.parametrize(
    "patient",
    [
        replace(BOTH, form=PrivacyForm(email=Consent.ACCEPTED, sms=Consent.DECLINED)),
        replace(BOTH, form=PrivacyForm(email=Consent.ACCEPTED)),
        replace(BOTH, points=(ANN.points[0], replace(MOBILE, use=PointUse.OLD))),
        replace(BOTH, preferred_channel=ChannelKind.PHONE),
    ],
    ids=["opted out", "never asked", "an old number", "prefers calls"],
)
async def test_another_way_is_taken_where_the_preferred_is_closed(
    desk: House, patient: Patient
) -> None:
    await desk.repository.patients.save([patient])
    found = await one(desk)
    assert found.draft is not None
    assert found.draft.channel is ChannelKind.EMAIL
    assert found.state is ReminderState.READY


async def test_a_line_that_is_not_proven_is_no_way(desk: House) -> None:
    await desk.repository.patients.save([BOTH])
    desk.clock.advance(days=40)
    await desk.arrive("stranger@example.com", "Hello again")
    soon = Appointment(date(2026, 4, 15), datetime(2026, 4, 15, 20, tzinfo=UTC))
    found = await one(desk, row(appointment=soon))
    assert found.draft is not None
    assert found.draft.channel is ChannelKind.EMAIL


async def test_a_confidential_address_is_the_only_way(desk: House) -> None:
    private = email("private@example.com")
    form = replace(BOTH.form, confidential=private)
    points = (*BOTH.points, ContactPoint(AddressSystem.EMAIL, private.value, rank=3))
    await desk.repository.patients.save([replace(BOTH, form=form, points=points)])
    found = await one(desk)
    assert found.draft is not None
    assert [to.value for to in found.draft.to] == ["private@example.com"]

    portal = replace(BOTH.form, confidential=Address(AddressSystem.PORTAL, "Patient/1"))
    await desk.repository.patients.save([replace(BOTH, form=portal)])
    found = await one(desk)
    assert (found.state, found.draft) == (ReminderState.BLOCKED, None)
    assert "Patient/1, which is the only way they allow" in found.way_out


async def test_a_child_is_told_through_who_may_be_written_to(desk: House) -> None:
    mother = ContactPoint(AddressSystem.EMAIL, "mother@example.com")
    ended = Proxy("Old Guardian", "guardian", (MOBILE,), until=date(2026, 1, 1))
    child = replace(
        ANN,
        id="p5",
        given="Noah",
        points=(),
        proxies=(ended, Proxy("Eve Lee", "mother", (mother,))),
    )
    await desk.repository.patients.save([child])
    found = await one(desk, row(patient_id="p5"))
    assert found.draft is not None
    assert str(found.draft.to[0]) == "Eve Lee <mother@example.com>"
    assert "Hello Noah" in found.draft.text
    assert found.state is ReminderState.READY


async def test_everything_closed_is_blocked_and_nothing_leaves(desk: House) -> None:
    declined = PrivacyForm(email=Consent.DECLINED, sms=Consent.DECLINED)
    await desk.repository.patients.save([replace(BOTH, form=declined)])
    found = await one(desk)
    assert found.state is ReminderState.BLOCKED
    with pytest.raises(Blocked):
        await desk.desk.reminding.send(found, "because I want to")
    assert await desk.repository.outbox.open_rows(10) == []


async def test_a_gap_is_blocked_and_can_be_filled_by_hand(desk: House) -> None:
    head = "title: x\ncategory: reminder\nchannels: email\nsubject: Your visit\n\n"
    gap = parse_template("gap.txt", head + "With {appointment.with}. Reply to change it.")
    found = await desk.desk.reminding.reminder(row(), Shelf((gap,)), "gap")
    assert isinstance(found, Reminder)
    assert found.state is ReminderState.BLOCKED
    assert "{appointment.with}" in found.reason
    filled = await desk.desk.reminding.reworded(found, "With Dr. Weiss. Reply to change it.")
    assert filled.state is ReminderState.READY
    assert (await desk.desk.reminding.send(filled)).draft.text.startswith("With Dr. Weiss")


# ---------------------------------------------------------------- once


async def test_an_appointment_is_told_once_and_a_repeated_list_says_when(desk: House) -> None:
    found = await one(desk)
    sent = await desk.desk.reminding.send(found)
    assert sent.status is MessageStatus.QUEUED
    again = await one(desk)
    assert again.state is ReminderState.TOLD
    assert again.reason == f"Told already on 2026-03-04 at 10:00 (outbox {sent.id})."
    with pytest.raises(Stale):
        await desk.desk.reminding.send(found)
    assert len(await desk.repository.outbox.open_rows(10)) == 1
    other = replace(VISIT, at=datetime(2026, 3, 6, 21, tzinfo=UTC))
    assert (await one(desk, row(appointment=other))).state is not ReminderState.TOLD


async def test_two_who_send_the_same_reminder_send_it_once(desk: House) -> None:
    found = await one(desk)
    reminding = desk.desk.reminding
    done = await asyncio.gather(
        reminding.send(found), reminding.send(found), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["OutboxRow", "Stale"]
    assert len(await desk.repository.outbox.open_rows(10)) == 1


async def test_a_reminder_that_was_taken_back_or_failed_was_not_told(desk: House) -> None:
    sent = await desk.desk.reminding.send(await one(desk))
    await desk.desk.undo(sent.id)
    again = await desk.desk.reminding.send(await one(desk))
    await desk.repository.outbox.claim(desk.clock() + timedelta(minutes=1), "test")
    failed = MessageStatus.FAILED
    await desk.repository.outbox.settle(again.id, failed, desk.clock(), text="no such user")
    assert (await one(desk)).state is not ReminderState.TOLD


async def test_a_refused_reminder_is_not_kept_as_told(desk: House) -> None:
    found = await one(desk)
    await desk.desk.reminding.send(found)
    other = replace(VISIT, at=datetime(2026, 3, 7, 20, tzinfo=UTC), day=date(2026, 3, 7))
    second = await one(desk, row(appointment=other))
    assert second.state is ReminderState.HELD
    assert {one.rule for one in second.verdict.findings if one.severity is Severity.HOLD} == {
        "TW28"
    }
    with pytest.raises(Held):
        await desk.desk.reminding.send(second)
    assert (await one(desk, row(appointment=other))).state is ReminderState.HELD
    with_reason = await desk.desk.reminding.send(second, "two visits in a row, agreed by phone")
    assert "TW28" in with_reason.overridden
    desk.clock.advance(seconds=10)
    await desk.outbox.deliver_due()
    assert len(desk.servers["front-desk"].sent) == 2, "the first is not held by the second"


async def test_what_has_no_day_may_be_told_again_next_year(desk: House) -> None:
    flu = row(appointment=FLU)
    await desk.desk.reminding.send(await one(desk, flu))
    desk.clock.advance(days=20)
    assert (await one(desk, flu)).state is ReminderState.TOLD
    desk.clock.advance(days=200)
    await desk.arrive("stranger@example.com", "Hello again")
    assert (await one(desk, flu)).state is ReminderState.READY


# ---------------------------------------------------------------- facts


async def test_how_often_somebody_was_told_is_counted(desk: House) -> None:
    await desk.repository.patients.save([BOTH])
    facts = desk.desk.situation
    first = await one(desk)
    assert first.draft is not None
    before = await facts(first.draft)
    assert (before.automatic_today, before.automatic_week, before.first_contact) == (0, 0, True)
    await desk.desk.reminding.send(first)
    after = await facts(first.draft)
    assert (after.automatic_today, after.automatic_week, after.first_contact) == (1, 1, False)
    desk.clock.advance(hours=14)
    tomorrow = await facts(first.draft)
    assert (tomorrow.automatic_today, tomorrow.automatic_week) == (0, 1)
    desk.clock.advance(days=7)
    assert (await facts(first.draft)).automatic_week == 0
    desk.clock.advance(days=90)
    assert (await facts(first.draft)).first_contact


# ---------------------------------------------------------------- the report


async def test_the_report_counts_and_can_be_kept(desk: House) -> None:
    ready, bad = await made(desk, row(2), row(3, patient_id="=cmd()"))
    report = Report([outcome_of(ready), outcome_of(bad)])
    assert report.summary() == "Ready 1, not understood 1."
    assert isinstance(ready, Reminder)
    report.add(queued(ready, await desk.desk.reminding.send(ready)))
    assert report.summary() == "Sent by e-mail 1, not understood 1."
    assert report.count(Became.QUEUED) == 1
    lines = report.csv().decode().splitlines()
    assert lines[0].startswith("row,patient,state,channel,to")
    assert lines[1].startswith("2,p1,sent,email,ann@example.com,appointment-reminder,2026-03-06T")
    assert lines[2].startswith("3,,not understood,")
    report.add(refused(ready, Held("=1+1", "Give a reason.", ())))
    assert "'=1+1" in report.csv().decode()
    assert Report().summary() == "Nothing in the list."
