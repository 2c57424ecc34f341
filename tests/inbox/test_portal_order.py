"""Whatever the order in which a portal's pages are read, and however often: the same is stored."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.channel import MemoryChannel
from adapters.memory.server import MemoryServer
from inbox.channel import Batch, RawItem, RemoteId
from inbox.conversation import ListState
from inbox.filing import Filer
from inbox.version import version_key
from store.database import open_repository
from tests.clock import FakeClock
from tests.inbox.making import BEN, FRONT_DESK, NOW, PORTAL, practice
from tests.inbox.test_portal import ANN_THERE, MRN

PRACTICE = practice(lines=(FRONT_DESK, PORTAL))
BEN_THERE = replace(BEN, points=(), identifiers=("s|ben",))
Item = tuple[dict[str, Any], float, bool]
"""What lies on the server, since how many minutes, and whether it is ours."""


def portal(dice: random.Random) -> list[Item]:
    """A portal with some threads: headers, answers of ours, corrections, what was taken back."""
    found: list[Item] = []
    number = 0
    for thread in range(dice.randint(1, 4)):
        key = f"Communication/h{thread}" if dice.random() < 0.6 else ""
        first = number + 1
        who = [{"identifiers": [MRN]}, {"identifiers": ["s|ben"]}, {}][dice.randrange(3)]
        if key and dice.random() < 0.8:
            found += [
                (
                    {"id": key, "thread": key, "nature": "thread", "from": "Patient/5",
                     "subject": f"Matter {thread}.{version}", "can_reply": version == 0,
                     "version": version_key(NOW + timedelta(minutes=version), "1")},
                    -300.0, False,
                )
                for version in range(dice.randint(1, 2))
            ]  # fmt: skip
        for place in range(dice.randint(1, 4)):
            number += 1
            ours = place > 0 and dice.random() < 0.3
            answered = dice.randint(first, number - 1) if number > first else None
            if key and dice.random() < 0.5:
                answered = None
            one: dict[str, Any] = {
                "id": f"Communication/{number}",
                "from": "Practitioner/1" if ours else f"Patient/{thread}",
                "name": "" if ours else "Somebody",
                "to": [f"Patient/{thread}"] if ours else ["Organization/1"],
                "thread": key or f"Communication/{first}",
                "in_reply_to": [f"Communication/{answered}"] if answered else [],
                **(who if dice.random() < 0.6 or place == 0 else {}),
            }
            minutes = -200.0 + number
            for version in range(dice.randint(1, 3)):
                at = NOW + timedelta(minutes=minutes + version)
                found.append(
                    (
                        {**one, "text": f"text {number}.{version}",
                         "version": version_key(at, str(version)),
                         "retracted": version == 2,
                         **({"told": [["relayed", "delivered", "failed"][version], "so"]}
                            if ours else {})},
                        minutes + version, ours,
                    )
                )  # fmt: skip
    return found


async def read(folder: Path, pages: list[list[Item]]) -> list[Any]:
    """Let pages arrive one after the other; everything that is stored at the end."""
    clock = FakeClock(NOW)
    repository = await open_repository(folder, clock)
    channel = MemoryChannel(PORTAL, MemoryServer(), clock)
    filer = Filer(repository, PRACTICE, clock)
    await repository.patients.save([ANN_THERE, BEN_THERE])
    for page in pages:
        items = tuple(
            RawItem(
                RemoteId("Communication", "1", f"{one['id']} {one['version']}"),
                content := json.dumps(one, sort_keys=True).encode(),
                NOW + timedelta(minutes=minutes),
                len(content),
                ours=ours,
            )
            for one, minutes, ours in page
        )
        await repository.raw.save_batch(PORTAL.id, Batch("Communication", "1", items, "c"), NOW)
        await filer.drain(channel)
    stored = []
    for row in (await repository.conversations.page(ListState.ALL, NOW)).rows:
        messages = [
            (
                one.message_id, one.text, one.at, one.nature, one.status, one.status_text,
                one.patient_id, one.match_reason, one.thread_key, one.in_reply_to, one.version,
            )
            for one in await repository.conversations.messages(row.id)
        ]  # fmt: skip
        threads = {one[8] for one in messages}
        said = [await repository.portal.thread(PORTAL.id, key) for key in sorted(threads)]
        stored.append(
            (messages, row.subject, row.state, row.patient_id, row.waiting_since, row.person, said)
        )
    await repository.close()
    return sorted(stored, key=lambda one: one[0][0][0])


@pytest.mark.parametrize("seed", range(20))
async def test_any_order_and_repetition_gives_the_same(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    items = portal(dice)
    plain = await read(tmp_path / "plain", [items])
    assert plain
    for turn in range(3):
        shuffled = [*items, *dice.sample(items, len(items) // 2)]
        dice.shuffle(shuffled)
        pages = []
        while shuffled:
            size = dice.randint(1, 5)
            pages.append(shuffled[:size])
            shuffled = shuffled[size:]
        assert await read(tmp_path / f"shuffled{turn}", pages) == plain
