"""Killed at any moment: what was said to be durable is there, and nothing is half."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from inbox.channel import Census
from inbox.message import MessageStatus
from store.database import open_repository
from tests.clock import FakeClock
from tests.store.worker import LINE, PATIENT

ROUNDS = 6
ROOT = Path(__file__).parents[2]


def kill_somewhere(folder: Path, turn: int, chance: random.Random) -> list[str]:
    """Run a worker, kill it, and give back what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.worker", str(folder), str(turn)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    said: list[str] = []
    enough, stream = chance.randint(3, 40), process.stdout
    reached = threading.Event()

    def listen() -> None:
        for line in stream:
            said.append(line.strip())
            if len(said) >= enough:
                reached.set()
        reached.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert reached.wait(30)
    time.sleep(chance.uniform(0, 0.02))
    still_running = process.poll() is None
    process.kill()
    process.wait()
    listener.join()
    stream.close()
    assert still_running, "it ended by itself"
    return said


def check_database(path: Path) -> None:
    """What holds in every state of the database."""
    questions = {
        "a place without a raw item": """
            SELECT 1 FROM location WHERE raw_id NOT IN (SELECT id FROM raw)""",
        "a filed raw item without a message": """
            SELECT 1 FROM raw WHERE state = 'filed' AND message_id IS NULL""",
        "a raw item that waits although a message stands for it": """
            SELECT 1 FROM raw WHERE state = 'new' AND message_id IS NOT NULL""",
        "bytes stored twice": """
            SELECT 1 FROM raw GROUP BY line_id, sha256 HAVING count(*) > 1""",
        "a message twice": """
            SELECT 1 FROM message WHERE rfc_id <> '' GROUP BY rfc_id HAVING count(*) > 1""",
        "a message that search does not know": """
            SELECT 1 FROM message WHERE search_id NOT IN (SELECT rowid FROM message_text)""",
        "a conversation whose facts are old": """
            SELECT 1 FROM conversation AS c WHERE last_message_id <> (
                SELECT id FROM message WHERE conversation_id = c.id
                ORDER BY at DESC, id DESC LIMIT 1)""",
        "an outbox row and its message that disagree": """
            SELECT 1 FROM outbox AS o JOIN message AS m ON m.id = o.message_id
            WHERE o.status <> m.status""",
        "a message without the promise it makes": """
            SELECT 1 FROM outbox WHERE id NOT IN (
                SELECT outbox_id FROM promise WHERE outbox_id IS NOT NULL)""",
    }
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for wrong, question in questions.items():
            assert db.execute(question + " LIMIT 1").fetchone() is None, wrong


@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_at_any_moment(folder: Path, clock: FakeClock, seed: int) -> None:
    chance = random.Random(seed)
    said: defaultdict[str, set[str]] = defaultdict(set)
    for turn in range(ROUNDS):
        for line in await asyncio.to_thread(kill_somewhere, folder, turn, chance):
            what, _, which = line.partition(" ")
            said[what].add(which)
        check_database(folder / "twoway.db")
    assert said["saved"]

    opened = await open_repository(folder, clock)
    cursor = int((await opened.raw.cursors(LINE))["INBOX"])
    assert cursor >= max(int(saved) for saved in said["saved"])
    everything = Census("INBOX", "1", frozenset(str(n) for n in range(1, cursor + 1)))
    (count,) = await opened.raw.count(LINE, [everything])
    assert count.missing == 0
    for number in said["filed"]:
        assert len(await opened.filing.with_message_id(f"{number}@example.com")) == 1
    for outbox_id in said["settled"]:
        assert (await opened.outbox.get(int(outbox_id))).status is MessageStatus.SENT
    orphans = {str(row.id): began for row, began in await opened.outbox.orphans([])}
    for outbox_id in said["handing"] - said["settled"]:
        row = await opened.outbox.get(int(outbox_id))
        assert row.status is MessageStatus.SENT or orphans[outbox_id]
    entries = [entry["id"] for entry in await opened.records.entries(PATIENT)]
    assert said["recorded"] <= set(entries)
    assert len(entries) == len(set(entries)), "an entry twice"
    assert not [
        problem
        for problem in (await opened.records.verify(PATIENT)).problems
        if "more than the database remembers" not in problem
    ]
    await opened.close()
