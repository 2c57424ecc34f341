"""The repository is what the rules ask for; mypy compares every signature."""

from __future__ import annotations

from inbox.repository import Repository
from store.database import SqliteRepository


def test_it_is_a_repository(repository: SqliteRepository) -> None:
    promised: Repository = repository
    assert promised.raw is repository.raw
