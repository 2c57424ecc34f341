"""A proxy's access ends on the date set: for what they write, and for what is written to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from inbox.address import AddressSystem, ChannelKind, email
from inbox.errors import Blocked
from inbox.patient import ContactPoint, Patient, Proxy
from tests.inbox.conftest import House
from tests.inbox.making import ANN

MIA = email("mia@example.com", "Mia Lee")
LAST_DAY = date(2026, 3, 4)


def child(until: date | None) -> Patient:
    points = (ContactPoint(AddressSystem.EMAIL, MIA.value),)
    return replace(ANN, proxies=(Proxy("Mia Lee", "mother", points, until),))


async def test_the_access_ends_at_midnight_where_the_practice_is(house: House) -> None:
    await house.repository.patients.save([child(LAST_DAY)])
    # 23:59 in Chicago on the last day, which is the next day in UTC already.
    house.clock.advance(timedelta(hours=13, minutes=59))
    await house.arrive("mia@example.com", "On the last day", subject="One")
    house.clock.advance(timedelta(minutes=2))
    await house.arrive("mia@example.com", "A day later", subject="Two")

    later, earlier = await house.rows()
    assert (earlier.subject, earlier.patient_id) == ("One", "p1")
    assert (later.subject, later.patient_id) == ("Two", None)
    [message] = await house.messages(later.id)
    assert message.text == "A day later"
    assert message.match_reason == "mother's access ended 2026-03-04: choose"


async def test_an_answer_in_the_patients_conversation_is_not_linked_either(house: House) -> None:
    await house.repository.patients.save([child(LAST_DAY)])
    await house.arrive("mia@example.com", "May she come on Friday?", id="1@example.com")
    house.clock.advance(timedelta(days=1))
    await house.arrive("mia@example.com", "And?", in_reply_to=["1@example.com"], id="2@example.com")

    [row] = await house.rows()
    before, after = await house.messages(row.id)
    assert before.patient_id == "p1"
    assert after.patient_id is None
    assert "access ended" in after.match_reason


async def test_nothing_about_the_patient_goes_to_an_ended_proxy(house: House) -> None:
    await house.repository.patients.save([child(LAST_DAY)])
    draft = await house.desk.new_draft(MIA, ChannelKind.EMAIL)
    assert draft.patient_id == "p1"
    house.clock.advance(timedelta(days=1))
    kept = replace(draft, text="Friday at ten is fine. Dana")
    with pytest.raises(Blocked) as caught:
        await house.desk.send(kept)
    assert "TW41" in {finding.rule for finding in caught.value.findings}
    assert "ended on 2026-03-04" in next(
        finding.reason for finding in caught.value.findings if finding.rule == "TW41"
    )
    fresh = await house.desk.new_draft(MIA, ChannelKind.EMAIL)
    assert fresh.patient_id is None
