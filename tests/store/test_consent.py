"""What was said about writing to an address: kept for good, the newest counts."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from inbox.address import ChannelKind, email
from inbox.events import ChangeKind
from inbox.patient import Consent
from inbox.storage.consent import ConsentEntry
from store.database import SqliteRepository
from tests.clock import FakeClock
from tests.store.practice import ROSA, ROSA_PATIENT, Practice, phone

AT = datetime(2026, 3, 4, 10, 0, 0, 123456, tzinfo=UTC)
NUMBER = phone("+1 (555) 555-0101")
ACCEPTED = ConsentEntry(
    NUMBER,
    ChannelKind.SMS,
    Consent.ACCEPTED,
    AT,
    "dana",
    "privacy form",
    warned_on=date(2026, 3, 4),
    warning="2026-01",
)
DECLINED = replace(
    ACCEPTED,
    consent=Consent.DECLINED,
    at=AT + timedelta(days=1),
    by="patient",
    method="text STOP",
    warned_on=None,
    warning="",
)


@pytest.fixture(autouse=True)
def later(clock: FakeClock) -> FakeClock:
    """All of it has been said by now."""
    clock.set(AT + timedelta(days=7))
    return clock


async def test_what_was_said_comes_back_whole(repository: SqliteRepository) -> None:
    await repository.consents.add([ACCEPTED])
    assert await repository.consents.history(NUMBER) == [ACCEPTED]
    assert await repository.consents.current([phone("+15555550101")]) == {
        ("+15555550101", ChannelKind.SMS): ACCEPTED
    }


async def test_the_newest_counts_in_whatever_order_it_came(repository: SqliteRepository) -> None:
    await repository.consents.add([DECLINED])
    await repository.consents.add([ACCEPTED])
    assert await repository.consents.history(NUMBER) == [DECLINED, ACCEPTED]
    current = await repository.consents.current([NUMBER])
    assert current[NUMBER.key, ChannelKind.SMS] == DECLINED


async def test_writing_again_takes_no_opt_out_back(repository: SqliteRepository) -> None:
    later = replace(DECLINED, consent=Consent.IMPLIED, at=DECLINED.at + timedelta(days=1))
    await repository.consents.add([DECLINED, later])
    current = await repository.consents.current([NUMBER])
    assert current[NUMBER.key, ChannelKind.SMS] == DECLINED
    lifted = replace(ACCEPTED, at=DECLINED.at + timedelta(hours=1), method="on the phone")
    await repository.consents.add([lifted])
    current = await repository.consents.current([NUMBER])
    assert current[NUMBER.key, ChannelKind.SMS] == lifted


async def test_an_acceptance_that_lies_ahead_outdoes_no_opt_out(
    repository: SqliteRepository, later: FakeClock
) -> None:
    ahead = replace(ACCEPTED, at=later() + timedelta(days=400))
    stop = replace(DECLINED, at=later() + timedelta(minutes=1))
    await repository.consents.add([ahead])
    assert (await repository.consents.current([NUMBER]))[NUMBER.key, ChannelKind.SMS] == ahead
    later.advance(minutes=1)
    await repository.consents.add([stop])
    assert (await repository.consents.current([NUMBER]))[NUMBER.key, ChannelKind.SMS] == stop
    later.set(ahead.at + timedelta(days=1))
    assert (await repository.consents.current([NUMBER]))[NUMBER.key, ChannelKind.SMS] == stop
    start = replace(ACCEPTED, at=later())
    await repository.consents.add([start])
    # It is not the newest by its date, and the only one that may be heeded.
    assert (await repository.consents.current([NUMBER]))[NUMBER.key, ChannelKind.SMS] == start


async def test_a_clock_that_is_a_little_fast_is_set_right(
    repository: SqliteRepository, later: FakeClock
) -> None:
    await repository.consents.add([replace(ACCEPTED, at=later() + timedelta(seconds=30))])
    stop = replace(DECLINED, at=later.advance(seconds=10))
    await repository.consents.add([stop])
    assert (await repository.consents.current([NUMBER]))[NUMBER.key, ChannelKind.SMS] == stop


async def test_of_two_said_at_once_the_one_kept_last_counts(repository: SqliteRepository) -> None:
    again = replace(DECLINED, at=ACCEPTED.at)
    await repository.consents.add([ACCEPTED, again])
    current = await repository.consents.current([NUMBER])
    assert current[NUMBER.key, ChannelKind.SMS] == again


async def test_each_channel_and_address_for_itself(repository: SqliteRepository) -> None:
    call = replace(DECLINED, channel=ChannelKind.PHONE, method="on the phone")
    mail = replace(ACCEPTED, address=ROSA, channel=ChannelKind.EMAIL)
    await repository.consents.add([ACCEPTED, call, mail])
    nobody = email("nobody@example.com")
    assert await repository.consents.current([NUMBER, ROSA, nobody, NUMBER]) == {
        (NUMBER.key, ChannelKind.SMS): ACCEPTED,
        (NUMBER.key, ChannelKind.PHONE): call,
        (ROSA.key, ChannelKind.EMAIL): replace(mail, address=replace(ROSA, name="")),
    }
    assert await repository.consents.current([]) == {}
    # The same characters as another kind of address are another address.
    assert await repository.consents.current([email(NUMBER.value)]) == {}


async def test_a_message_that_is_filed_again_says_it_once(
    repository: SqliteRepository, practice: Practice
) -> None:
    filed = await practice.receive("STOP")
    said = replace(DECLINED, message_id=filed.message_id)
    await repository.consents.add([said])
    await repository.consents.add([said])
    assert await repository.consents.history(NUMBER) == [said]


async def test_nothing_that_was_said_is_changed_or_lost(
    repository: SqliteRepository, folder: Path
) -> None:
    await repository.consents.add([DECLINED])
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        for statement in ("UPDATE consent SET consent = 'accepted'", "DELETE FROM consent"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
    assert await repository.consents.history(NUMBER) == [DECLINED]


async def test_whom_the_address_belongs_to_is_told_of(repository: SqliteRepository) -> None:
    await repository.patients.save([ROSA_PATIENT])
    feed = repository.changes()
    await repository.consents.add([replace(ACCEPTED, address=ROSA, channel=ChannelKind.EMAIL)])
    changes = await asyncio.wait_for(anext(aiter(feed)), 5)
    assert [(one.kind, one.subject_id) for one in changes] == [(ChangeKind.PATIENT, "p1")]


async def test_a_lone_surrogate_is_kept_too(repository: SqliteRepository) -> None:
    await repository.consents.add([replace(ACCEPTED, method="said \ud800")])
    (kept,) = await repository.consents.history(NUMBER)
    assert kept.method == "said ?"
