"""A data folder full of plausible mail, in seconds: for tests of size and for measurements.

`python -m tests.store.seed FOLDER [MESSAGES]` makes one by hand.
"""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import sys
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from inbox.address import Address, email
from inbox.patient import ContactPoint, Patient
from store import connection, message, raw, raw_content, search_index, state
from store.database import open_repository
from store.values import pack_address, pack_addresses, pack_list, stamp

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LINE = "front-desk"
_DESK = email("frontdesk@lakeside.example", "Lakeside front desk")
_GIVEN = re.findall(
    r"\w+", "Rosa Omar Ann Luis Mei Ivan Fatima José Kwame Ingrid Tom Priya Yuki Noah Zoë Abel"
)
_FAMILY = re.findall(
    r"\w+", "Jimenez Haddad Lee Okafor Novak Müller Rossi Sato Dubois Silva Kim Berg Olsen"
)
_TOPICS = (
    "Moving Thursday's visit",
    "Prescription refill",
    "Lab result",
    "Bill from January",
    "Referral to the eye clinic",
    "School form",
    "Question after the visit",
    "Flu shot",
)
_WORDS = re.findall(
    r"\w+",
    "hello thank you visit thursday morning afternoon could we move the appointment to friday "
    "my daughter has had a cough since the weekend and the pharmacy says they have no refill left "
    "please call me back insurance card new address the result of the blood test is not in the "
    "portal yet I will be late tomorrow because of the bus is the doctor in on monday",
)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was made."""

    messages: int
    conversations: int
    patients: int
    seconds: float


def seed(
    folder: Path, messages: int = 100_000, *, number: int = 7, together: bool = False
) -> Seeded:
    """Fill a new data folder with `messages` messages in about a fifth as many conversations.

    Args:
        folder: The data folder; made when it is not there.
        messages: How many messages.
        number: Seed of the random numbers: the same number gives the same mail.
        together: All of them in one conversation.
    """
    began = time.perf_counter()
    chance = random.Random(number)
    people = [_person(chance, index) for index in range(max(10, messages // 100))]
    asyncio.run(_prepare(folder, people))
    with closing(connection.connect(folder / "twoway.db", writer=True)) as db:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -600000"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN IMMEDIATE")
        made = _fill(db, chance, people, messages, messages if together else 0)
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
    return Seeded(messages, made, len(people), time.perf_counter() - began)


async def _prepare(folder: Path, people: list[Patient]) -> None:
    repository = await open_repository(folder, lambda: NOW)
    await repository.patients.save(people)
    await repository.close()


def _person(chance: random.Random, index: int) -> Patient:
    given, family = chance.choice(_GIVEN), chance.choice(_FAMILY)
    value = f"{given}.{family}{index}@example.com".lower()
    return Patient(f"p{index}", given, family, points=(ContactPoint(_DESK.system, value),))


def _fill(
    db: sqlite3.Connection,
    chance: random.Random,
    people: list[Patient],
    messages: int,
    together: int,
) -> int:
    at, message_id, conversation_id = NOW, messages, 0
    raws: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    conversations: list[dict[str, Any]] = []
    while message_id > 0:
        conversation_id += 1
        person = chance.choice(people)
        other = Address(_DESK.system, person.points[0].value, person.name)
        known = chance.random() < 0.9
        conversations.append(
            {
                "id": conversation_id,
                "patient_id": person.id if known else None,
                "person": person.name,
                "address": other.value,
            }
        )
        topic = chance.choice(_TOPICS)
        when = at
        for turn in range(together or min(message_id, chance.randint(1, 9))):
            when -= timedelta(seconds=chance.randint(60, 600 if together else 40_000))
            inbound = turn % 2 == 1 if conversation_id % 3 else turn % 2 == 0
            row = _message(chance, message_id, conversation_id, person if known else None, topic)
            _go(row, other, when, inbound=inbound)
            rows.append(row)
            raws.append(_raw(row))
            keys += _keys(row["id"], other, inbound=inbound)
            message_id -= 1
        at -= timedelta(seconds=chance.randint(30, 3000))
    _store(db, conversations, raws, rows, keys)
    return conversation_id


def _message(
    chance: random.Random, number: int, conversation_id: int, person: Patient | None, topic: str
) -> dict[str, Any]:
    text = " ".join(chance.choices(_WORDS, k=chance.randint(8, 60)))
    return {
        **message.DEFAULTS,
        "id": number,
        "uuid": str(uuid.UUID(int=chance.getrandbits(128))),
        "conversation_id": conversation_id,
        "channel": "email",
        "kind": "email",
        "nature": "bulk" if chance.random() < 0.05 else "personal",
        "line_id": LINE,
        "rfc_id": f"{number}@seed.example",
        "refs": pack_list([f"{number + 1}@seed.example"]),
        "patient_id": person.id if person else None,
        "indexed_patient": person.name if person else "",
        "subject": topic,
        "text": text,
        "raw_id": number,
    }


def _go(row: dict[str, Any], other: Address, when: datetime, *, inbound: bool) -> None:
    at = stamp(when)
    row |= {
        "direction": "inbound" if inbound else "outbound",
        "status": "received" if inbound else "sent",
        "at": at,
        "answers_until": None if inbound else at,
        "sender": pack_address(other if inbound else _DESK),
        "recipients": pack_addresses([_DESK if inbound else other]),
        # The number keeps it unique; the order of time is all that counts.
        "search_id": search_index.first_id(at) + row["id"] % (1 << 20),
    }


def _keys(message_id: int, other: Address, *, inbound: bool) -> list[dict[str, Any]]:
    return [
        {"message_id": message_id, "role": role, "key": address.key}
        for role, address in zip(
            ("from", "to"), (other, _DESK) if inbound else (_DESK, other), strict=True
        )
    ]


def _raw(row: dict[str, Any]) -> dict[str, Any]:
    packed = raw.pack(f"Message-ID: <{row['rfc_id']}>\r\n\r\n{row['text']}".encode())
    return {
        "id": row["id"],
        "line_id": LINE,
        "sha256": packed.sha256,
        "codec": packed.codec,
        "state": "filed",
        "size": len(row["text"]),
        "received_at": row["at"],
        "complete": 1,
        "ours": row["direction"] == "outbound",
        "content": packed.content,
    }


def _store(
    db: sqlite3.Connection,
    conversations: list[dict[str, Any]],
    raws: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    keys: list[dict[str, Any]],
) -> None:
    db.executemany(
        "INSERT INTO conversation (id, patient_id, person, person_address) "
        "VALUES (:id, :patient_id, :person, :address)",
        conversations,
    )
    with_id = raw.ADD.replace("(line_id", "(id, line_id").replace("(:line_id", "(:id, :line_id")
    raws.reverse()
    rows.reverse()
    db.executemany(with_id, ({**row, "message_id": None} for row in raws))
    for row in raws:
        raw_content.put(db, row["id"], row["content"])
    with_id = message.INSERT.replace("uuid,", "id, uuid,", 1).replace(":uuid,", ":id, :uuid,", 1)
    db.executemany(with_id, rows)
    db.execute("UPDATE raw SET message_id = id")
    db.executemany(message.ADD_ADDRESS, reversed(keys))
    db.executemany(
        raw.PLACE,
        (
            {
                "line_id": LINE,
                "folder": "Sent" if row["direction"] == "outbound" else "INBOX",
                "epoch": "1",
                "item": str(row["id"]),
                "raw_id": row["id"],
            }
            for row in rows
        ),
    )
    for folder in ("INBOX", "Sent"):
        place = {"line_id": LINE, "folder": folder, "epoch": "1", "value": str(len(rows) + 1)}
        db.execute(raw.SET_CURSOR, place)
    # Segments of the index are merged when it is next written to, not while it grows.
    db.execute("INSERT INTO message_text (message_text, rank) VALUES ('automerge', 0)")
    db.executemany(
        search_index.ADD,
        (
            {
                "search_id": row["search_id"],
                "body": row["text"],
                "subject": row["subject"],
                **_names(row),
                "files": "",
                "patient": row["indexed_patient"],
            }
            for row in sorted(rows, key=lambda row: int(row["search_id"]))
        ),
    )
    db.execute("INSERT INTO message_text (message_text, rank) VALUES ('automerge', 4)")
    for conversation in conversations:
        state.refresh(db, conversation["id"])
    db.execute("UPDATE conversation SET seen_message_id = newest_inbound_id WHERE id > 40")


def _names(row: dict[str, Any]) -> dict[str, str]:
    return {
        "sender": search_index.names(row["sender"]),
        "recipients": search_index.names(row["recipients"]),
    }


if __name__ == "__main__":
    print(seed(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000))
