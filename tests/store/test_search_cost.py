"""A part of a search is as much work in a large mailbox as in a small one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.conversation import SearchKey, SearchPage
from inbox.search.present import Present
from inbox.search.query import parse
from store import connection, search_page, search_plan, search_words
from store.search_words import wording
from tests.store.practice import Practice
from tests.store.searching import ZONE, scope
from tests.store.seed import NOW, seed

_SMALL, _LARGE = 1_000, 8_000
_ASKED = (
    "thursday",
    "th",
    "t",
    "thurs",
    "jimen",
    "xylophone",
    "insurance card",
    "from:rosa",
    "from:frontdesk thursday",
    "to:example -from:rosa",
    "thursday -visit",
    "-thursday",
    '"flu shot"',
    "about:refill",
    "patient:omar",
    "filename:pdf",
    "has:attachment",
    "-has:attachment thursday",
    "line:front-desk",
    "line:nowhere",
    "channel:email",
    "channel:text",
    "is:needs-reply",
    "is:waiting visit",
    "is:unread",
    "is:unread visit",
    "is:undelivered",
    "is:undelivered visit",
    "is:overdue",
    "is:overdue visit",
    "is:promised",
    "is:snoozed visit",
    "is:note",
    "-is:waiting",
    "assigned:dana",
    "assigned:dana visit",
    "on:2026-03-01",
    "on:2026-03-01 visit",
    "before:2026-02-27 thursday",
)
_STEP = 10
"""Instructions of SQLite that are counted together."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A small mailbox and a large one."""
    among = tmp_path_factory.mktemp("sizes")
    for size in (_SMALL, _LARGE):
        seed(among / str(size), size)
    return {size: among / str(size) / "twoway.db" for size in (_SMALL, _LARGE)}


def _find(db: sqlite3.Connection, text: str, after: SearchKey | None = None) -> SearchPage:
    present = Present(NOW, ZONE, {"": NOW - timedelta(hours=4)})
    return search_page.find(db, parse(text, scope(NOW)), present, after, 10)


def _work(db: sqlite3.Connection, text: str) -> tuple[int, SearchPage]:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    db.set_progress_handler(count, _STEP)
    page = _find(db, text)
    db.set_progress_handler(None, 0)
    return counted * _STEP, page


@pytest.mark.parametrize("text", _ASKED)
def test_it_is_as_much_work_in_a_large_mailbox(
    folders: dict[int, Path], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shorter stretches of time, so that the small mailbox is longer than one, too.
    monkeypatch.setattr(search_plan, "_FIRST_WINDOW", 200)
    work = {}
    for size, path in folders.items():
        with closing(connection.connect(path)) as db:
            work[size], page = _work(db, text)
            again = _find(db, text, page.next) if page.next else None
            shown = {hit.row.id for hit in page.hits}
            assert again is None or not shown & {hit.row.id for hit in again.hits}
    # The small one may have nothing more to look at where the large one goes on.
    assert work[_LARGE] <= 1.5 * work[_SMALL] + 8_000, work


def test_words_are_never_left_to_the_index_to_gather(folders: dict[int, Path]) -> None:
    with closing(connection.connect(folders[_LARGE])) as db:
        for text in ("t", "th", "thu", "thur", "jimene", "from:jimene", '"a b"', "front desk"):
            match = wording(db, parse(text, scope(NOW)).terms).match
            for beginning in match.split(" *")[:-1]:
                word = beginning.rpartition('"')[0].rpartition('"')[2].split()[-1]
                # The prefix index of message_text has lists for these.
                assert len(word) in (2, 3), match


async def test_a_conversation_of_very_many_messages(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_page, "LOOKED_AT", 20)
    monkeypatch.setattr(search_plan, "CHUNK", 5)
    monkeypatch.setattr(search_plan, "FEW_MESSAGES", 30)
    monkeypatch.setattr(search_words, "_MOST_WORDS", 2)
    older = await practice.conversation("a cough", at=practice.clock() - timedelta(days=9))
    busy = await practice.conversation("a cough")
    async with practice.repository.batch():
        for _ in range(60):
            practice.clock.advance(minutes=1)
            await practice.receive("a cough", into=busy)
    with closing(connection.connect(practice.repository._data.database)) as db:
        for text in ("cough", "is:unread cough", "-fever", "channel:email"):
            found, parts = list[int](), 0
            page = _find(db, text)
            while True:
                parts += 1
                found += [hit.row.id for hit in page.hits]
                if page.next is None:
                    break
                page = _find(db, text, page.next)
            assert found == [busy, older], text
            assert 3 <= parts <= 5, text
