"""What was true when it was written and is not when it leaves; whose night it is; whose phones."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inbox.errors import Held
from inbox.finding import Severity
from inbox.gate import Gate
from inbox.message import MessageStatus
from inbox.outgoing import Draft
from inbox.practice import Practice
from inbox.rules import RULES
from inbox.situation import Situation
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, NOW, PHONE, TEXTS, ZONE, practice, text, week

HERE = "I'm here until 11:00, just answer this e-mail."
DIRECT = "+15550107709"
"""A second phone line."""


async def promised(house: House) -> Draft:
    """An answer to Ann that promises, as it was confirmed at ten."""
    await house.arrive("ann@example.com", "Can I come on Friday?")
    [row] = await house.rows()
    draft = replace(await house.desk.reply_draft(row.id), text=HERE)
    return house.desk.promises.confirmed(draft)


async def test_a_promise_that_is_over_holds_what_was_delayed(house: House) -> None:
    sent = await house.desk.send(await promised(house), undo=False)
    house.clock.set(NOW + timedelta(hours=3, minutes=1))
    await house.sync()

    await house.outbox.deliver_due()

    row = await house.repository.outbox.get(sent.id)
    assert row.status is MessageStatus.FAILED
    assert "here until 11:00, and leaves at 13:01" in row.status_text
    assert house.servers[FRONT_DESK.id].sent == []


@pytest.mark.parametrize("minutes", [60, 65, 181])
async def test_a_promise_that_is_over_holds_what_is_sent_by_hand(
    house: House, minutes: int
) -> None:
    draft = await promised(house)
    house.clock.set(NOW + timedelta(minutes=minutes))
    await house.sync()

    with pytest.raises(Held, match="here until 11:00"):
        await house.desk.send(draft)


async def test_a_promise_that_is_over_by_its_time_of_leaving_holds(house: House) -> None:
    draft = replace(await promised(house), send_at=NOW + timedelta(hours=3, minutes=1))

    with pytest.raises(Held, match="leaves at 13:01"):
        await house.desk.send(draft)


async def test_only_who_wrote_is_known_to_be_awake(house: House) -> None:
    await house.arrive("mother@example.com", "Ann is worse since yesterday.")
    [row] = await house.rows()
    draft = await house.desk.reply_draft(row.id)

    [mother] = (await house.desk.situation(draft)).recipients
    other = replace(draft, to=(replace(draft.to[0], value="ann@example.com"),))
    [ann] = (await house.desk.situation(other)).recipients

    assert mother.wrote_at == NOW
    assert ann.wrote_at is None


def _found(one: Situation) -> list[Severity]:
    return [found.severity for found in Gate(RULES).examine(one).findings if found.rule == "TW04"]


def _two_phones() -> Practice:
    late = replace(PHONE, id="evening", address=DIRECT)
    return practice(
        lines=(FRONT_DESK, TEXTS, PHONE, late),
        line_hours={PHONE.id: week("08:00-12:00"), late.id: week("12:00-20:00")},
    )


@pytest.mark.parametrize(
    ("said", "hour", "answered"),
    [
        ("Please call us.", 10, True),
        ("Please call us.", 14, False),
        ("Please call 555-010-7700.", 14, False),
        ("Please call 555-010-7709.", 10, False),
        ("Please call 555-010-7709.", 18, True),
    ],
)
def test_the_phones_are_staffed_by_the_hours_of_their_line(
    said: str, hour: int, answered: bool
) -> None:
    now = datetime(2026, 3, 4, hour, tzinfo=ZONE)

    assert _found(text(said, now=now, practice=_two_phones())) == (
        [] if answered else [Severity.BLOCK]
    )


def test_without_hours_of_their_own_the_phones_have_those_of_the_practice() -> None:
    assert practice(lines=(PHONE,)).phone_hours == practice().hours
    assert _two_phones().phone_hours == week("08:00-12:00")
