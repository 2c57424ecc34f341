"""An open repository on an empty folder, and a practice to fill it with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.database import SqliteRepository, open_repository
from tests.clock import FakeClock
from tests.store.practice import Practice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the data folder is, or will be."""
    return tmp_path / "data"


@pytest.fixture
async def repository(folder: Path, clock: FakeClock) -> AsyncIterator[SqliteRepository]:
    """A repository on an empty folder."""
    opened = await open_repository(folder, clock)
    yield opened
    await opened.close()


@pytest.fixture
def practice(repository: SqliteRepository, clock: FakeClock) -> Practice:
    """Lets patients write and staff answer."""
    return Practice(repository, clock)
