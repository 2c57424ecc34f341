"""The table `reminder`: told once, and counted by address."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.storage.reminder import Reached, ReminderKey, Told
from store.database import SqliteRepository
from tests.clock import FakeClock
from tests.store.practice import ROSA_PATIENT, Practice

KEY = ReminderKey("p1", "2026-03-06T20:30+00:00", "appointment-reminder")
ROSA = email("rosa@example.com")
OMAR = email("omar@example.com")


async def queue(practice: Practice, *to: str, automatic: bool = True, **more: Any) -> int:
    addresses = tuple(email(one) for one in to)
    row = await practice.queue(None, to=addresses, automatic=automatic, **more)
    return row.id


async def test_what_was_told_is_known_until_it_is_taken_back(
    repository: SqliteRepository, practice: Practice, clock: FakeClock
) -> None:
    await repository.patients.save([ROSA_PATIENT])
    first = await queue(practice, "rosa@example.com")
    assert await repository.reminders.told(KEY) is None
    await repository.reminders.keep(KEY, first, clock())
    assert await repository.reminders.told(KEY) == Told(clock(), first)
    assert await repository.reminders.told(replace(KEY, moment="2026-03-07")) is None
    assert await repository.reminders.told(replace(KEY, template="flu-shot")) is None
    assert await repository.outbox.cancel(first)
    assert await repository.reminders.told(KEY) is None
    clock.advance(minutes=1)
    second = await queue(practice, "rosa@example.com")
    await repository.reminders.keep(KEY, second, clock())
    assert await repository.reminders.told(KEY) == Told(clock(), second)


async def test_what_fails_with_its_batch_was_not_told(
    repository: SqliteRepository, practice: Practice, clock: FakeClock
) -> None:
    await repository.patients.save([ROSA_PATIENT])

    async def die_half_way() -> None:
        async with repository.batch():
            number = await queue(practice, "rosa@example.com")
            await repository.reminders.keep(KEY, number, clock())
            raise ValueError("power cut")

    with pytest.raises(ValueError, match="power"):
        await die_half_way()
    assert await repository.reminders.told(KEY) is None
    assert await repository.outbox.open_rows(10) == []


async def reached(
    repository: SqliteRepository, clock: FakeClock, *to: Address, before: int | None = None
) -> Reached:
    return await repository.reminders.reached(
        to, ChannelKind.EMAIL, today=clock() - timedelta(hours=8), now=clock(), before=before
    )


async def test_lists_are_counted_by_address_the_most_told_one(
    repository: SqliteRepository, practice: Practice, clock: FakeClock
) -> None:
    assert await reached(repository, clock, ROSA) == Reached(0, 0, first_contact=True)
    await queue(practice, "Rosa@Example.com")
    await queue(practice, "rosa@example.com", automatic=False)
    assert await reached(repository, clock, ROSA) == Reached(1, 1, first_contact=False)
    assert await reached(repository, clock, ROSA, OMAR) == Reached(1, 1, first_contact=True)
    clock.advance(days=1)
    second = await queue(practice, "rosa@example.com")
    third = await queue(practice, "rosa@example.com")
    assert await reached(repository, clock, ROSA) == Reached(2, 3)
    assert await reached(repository, clock, ROSA, before=third) == Reached(1, 2)
    await repository.outbox.cancel(second)
    assert await reached(repository, clock, ROSA) == Reached(1, 2)
    clock.advance(days=8)
    assert await reached(repository, clock, ROSA) == Reached(0, 0)
    clock.advance(days=83)
    assert (await reached(repository, clock, ROSA)).first_contact


async def test_contact_counts_on_its_channel_only(
    repository: SqliteRepository, practice: Practice, clock: FakeClock
) -> None:
    number = Address(AddressSystem.PHONE, "+15550107811")
    await practice.queue(None, to=(number,), channel=ChannelKind.PHONE)
    now = clock()
    by_text = await repository.reminders.reached([number], ChannelKind.SMS, today=now, now=now)
    by_phone = await repository.reminders.reached([number], ChannelKind.PHONE, today=now, now=now)
    assert (by_text.first_contact, by_phone.first_contact) == (True, False)
