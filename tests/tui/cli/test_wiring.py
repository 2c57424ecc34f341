"""The office: opens on the disk alone, works in the background, and says when it cannot."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inbox.backoffice import BackOffice
from inbox.errors import NotFound, StoreError, TwowayError
from inbox.line import LineState
from tests.tui.cli.conftest import Desk
from tui.config.reading import read_configuration
from tui.wiring import PracticeOffice, open_office


@pytest.fixture
async def office(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PracticeOffice]:
    monkeypatch.setenv("TWOWAY_DEMO_PASSWORD", desk.lakeside.password)
    shutil.copytree(desk.folder, tmp_path / "desk")
    configuration = read_configuration(tmp_path / "desk" / "practice.toml")
    opened = await open_office(configuration, tmp_path / "desk" / "data", "dana", desk.clock)
    yield opened
    await opened.close()


async def test_opening_makes_no_connection(office: PracticeOffice, desk: Desk) -> None:
    before = desk.lakeside.world.imap.connections
    assert (await office.desk.counts()).needs_reply
    assert office.desk.capabilities("front-desk").attachments
    assert desk.lakeside.world.imap.connections == before
    await office.back_office()
    assert office.desk.capabilities("front-desk").pushes


async def test_an_unknown_person_opens_nothing(desk: Desk, tmp_path: Path) -> None:
    configuration = read_configuration(desk.folder / "practice.toml")
    with pytest.raises(NotFound, match="bob"):
        await open_office(configuration, tmp_path / "data", "bob", desk.clock)


async def test_work_that_ends_before_its_time_is_told(
    office: PracticeOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: BackOffice) -> None:
        raise ValueError("Rosa Jimenez")

    monkeypatch.setattr(BackOffice, "run", fail)
    told: list[TwowayError] = []
    office.on_trouble = told.append
    await office.start()
    with pytest.raises(ValueError, match="Rosa"):
        await office.finished()
    assert [error.sentence for error in told] == ["Twoway stopped working in the background."]
    health = await office.repository.lines.health()
    assert {one.state for one in health.values()} == {LineState.STOPPED}
    assert "Rosa" not in health["front-desk"].sentence


async def test_trouble_with_the_disk_is_told_once_a_minute(
    office: PracticeOffice, desk: Desk
) -> None:
    told: list[str] = []
    office.on_trouble = lambda error: told.append(error.sentence)
    for sentence in ("full", "full", "read-only", "read-only"):
        office._trouble(StoreError(sentence))
    desk.clock.advance(minutes=2)
    office._trouble(StoreError("read-only"))
    assert told == ["full", "read-only", "read-only"]


async def test_an_attachment_of_a_line_that_is_gone_is_told(
    office: PracticeOffice, tmp_path: Path, desk: Desk
) -> None:
    from dataclasses import replace

    from inbox.message import Attachment

    row = (await office.repository.conversations.of_patient("rosa-jimenez", 1))[0]
    message = (await office.repository.conversations.messages(row.id))[0]
    with pytest.raises(NotFound, match="not set up any more"):
        await office.attachment(
            replace(message, line_id="gone"), Attachment("1", "a.pdf", "application/pdf", 1)
        )
