"""The table `parted`: conversations that a person parted, so that no arrival joins them again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

_OF: Final = "SELECT other FROM parted WHERE one = :one"
_ADD: Final = "INSERT INTO parted (one, other) VALUES (:one, :other) ON CONFLICT DO NOTHING"
_REMOVE: Final = """
DELETE FROM parted WHERE (one = :one AND other = :other) OR (one = :other AND other = :one)
"""


def add(db: sqlite3.Connection, one: int, other: int) -> bool:
    """Keep two conversations apart; whether they were not before."""
    new = db.execute(_ADD, {"one": one, "other": other}).rowcount
    db.execute(_ADD, {"one": other, "other": one})
    return bool(new)


def remove(db: sqlite3.Connection, one: int, other: int) -> None:
    """Let arrivals join two conversations again."""
    db.execute(_REMOVE, {"one": one, "other": other})


def take_over(db: sqlite3.Connection, kept: int, merged: int) -> list[list[int]]:
    """One is merged into the other: what was apart from it is apart from that now.

    Returns the pairs that ended and those that are new, for `give_back`.
    """
    ended, new = [], []
    for other in _of(db, merged):
        remove(db, merged, other)
        ended.append(other)
        if other != kept and add(db, kept, other):
            new.append(other)
    return [ended, new]


def give_back(db: sqlite3.Connection, kept: int, merged: int, taken: Sequence[list[int]]) -> None:
    """Undo `take_over`."""
    if not taken:
        return
    ended, new = taken
    for other in new:
        remove(db, kept, other)
    for other in ended:
        add(db, merged, other)


def _of(db: sqlite3.Connection, one: int) -> list[int]:
    return [row["other"] for row in db.execute(_OF, {"one": one}).fetchall()]
