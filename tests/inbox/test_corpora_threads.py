"""Threads as other mail programs have them, in every order of arrival, through the real storage."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.mail.mime import read_mail
from adapters.memory.channel import MemoryChannel
from adapters.memory.server import MemoryServer
from inbox.channel import Batch, RawItem, RemoteId
from inbox.conversation import ListState
from inbox.filing import Filer
from inbox.message import Arrival
from inbox.repository import Repository
from store.database import open_repository
from tests.clock import FakeClock
from tests.inbox.making import FRONT_DESK, NOW, practice

Groups = set[frozenset[str]]
BY_SUBJECT = {"thread3", "thread4", "thread-orderedsubject", "thread-orderedsubject2"}
"""Cases that are put together by their subjects alone: here each stays by itself."""
LOOP = "thread"
"""The second mail names the first and the third, which names the second. Dovecot takes the first
one out, by the order in which they lie there; what names a stored mail is with it here."""


class _MailChannel(MemoryChannel):
    """Reads what lies there as mail; everybody takes part, as on a mailing list."""

    def convert(self, item: RawItem) -> Arrival:
        return replace(read_mail(item.content), list_id="everybody.example")


async def ingest(repository: Repository, mails: Sequence[bytes], clock: FakeClock) -> None:
    """Store and file mails in this order, each by itself, as it comes."""
    channel = _MailChannel(FRONT_DESK, MemoryServer(), clock)
    filer = Filer(repository, practice(), clock)
    for mail in mails:
        clock.advance(seconds=1)
        number = RemoteId("INBOX", "1", str(abs(hash(mail))))
        item = RawItem(number, mail, clock(), len(mail))
        await repository.raw.save_batch("front-desk", Batch("INBOX", "1", (item,), ""), clock())
        await filer.drain(channel)


async def threads(repository: Repository) -> Groups:
    """The conversations, each as the set of its messages' ids."""
    groups = set()
    page = await repository.conversations.page(ListState.ALL, NOW, limit=500)
    for row in page.rows:
        messages = await repository.conversations.messages(row.id)
        groups.add(frozenset(one.message_id for one in messages))
    return groups


def orders(mails: list[bytes]) -> list[list[bytes]]:
    """As they lie there, backwards, and shuffled."""
    chance = random.Random(6)
    return [mails, mails[::-1], *(chance.sample(mails, len(mails)) for _ in range(3))]


@pytest.mark.parametrize(("name", "many"), [("default", 24), ("threading", 3)])
async def test_threads_are_those_of_notmuch(
    corpora: Path, tmp_path: Path, name: str, many: int
) -> None:
    folder = corpora / "threads-notmuch"
    case = json.loads((folder / "expected.json").read_text("utf-8"))[name]
    wanted = {frozenset(ids) for ids in case["partition"]}
    mails = [(folder / file["file"]).read_bytes() for file in case["files"]]
    assert len(wanted) == many

    for number, order in enumerate(orders(mails)):
        clock = FakeClock(NOW)
        repository = await open_repository(tmp_path / str(number), clock)
        await ingest(repository, order, clock)
        assert await threads(repository) == wanted, number
        await ingest(repository, order[:20], clock)
        assert await threads(repository) == wanted, "again"
        page = await repository.conversations.page(ListState.ALL, NOW, limit=500)
        rows = [await repository.conversations.row(row.id) for row in page.rows]
        assert sum(row.messages for row in rows) == len(set(mails))
        await repository.close()


def _outermost(told: str) -> Groups:
    """`(1 (2 3))(4)` as sets of numbers (RFC 5256 section 4)."""
    groups, depth, digits = set(), 0, ""
    for char in told:
        depth += {"(": 1, ")": -1}.get(char, 0)
        digits += char if char.isdigit() else " "
        if not depth:
            groups.add(frozenset(digits.split()))
            digits = ""
    return groups


async def test_threads_are_those_of_dovecot_but_for_subjects(corpora: Path, tmp_path: Path) -> None:
    folder = corpora / "threads-imaptest"
    cases = json.loads((folder / "cases.json").read_text("utf-8"))
    assert len(cases) == 10
    for case in cases:
        parts = re.split(rb"(?m)^From .*\n", (folder / case["mbox"]).read_bytes())[1:]
        head = b"From: a@example.com\nTo: frontdesk@lakeside.example\nX-Number: %d\n"
        mails = [head % number + part for number, part in enumerate(parts, 1)]
        wanted = _outermost(case["first_expected"])
        if case["id"] == LOOP:
            wanted = {frozenset("123")}
        elif case["id"] in BY_SUBJECT:
            wanted = {frozenset((str(number),)) for number in range(1, len(mails) + 1)}
        elif case["id"] in {"thread5", "thread8"}:
            # The script adds what lies behind these later.
            mails = mails[: len(frozenset().union(*wanted))]
        for number, order in enumerate(orders(mails)):
            clock = FakeClock(NOW)
            repository = await open_repository(tmp_path / f"{case['id']}{number}", clock)
            await ingest(repository, order, clock)
            assert await _numbers(repository) == wanted, (case["id"], number)
            await repository.close()


async def _numbers(repository: Repository) -> Groups:
    """The conversations, by the number in each mail's head."""
    groups = set()
    page = await repository.conversations.page(ListState.ALL, NOW, limit=500)
    for row in page.rows:
        numbers = []
        for one in await repository.conversations.messages(row.id):
            assert one.raw_id is not None
            raw = await repository.raw.content(one.raw_id)
            found = re.search(rb"X-Number: (\d+)", raw.content)
            assert found is not None
            numbers.append(found[1].decode())
        groups.add(frozenset(numbers))
    return groups
