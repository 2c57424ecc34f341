"""The hand-off to a person's own editor."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from textual.app import App

from inbox.errors import TwowayError
from tests.tui.screen.conftest import see, stage, type_text
from tests.tui.screen.lakeside import Lakeside
from tui.screens.main.editing import edit
from tui.widgets.composer import Composer


class SteppingAside(App[None]):
    """An app on a terminal that can be handed over."""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        yield


def editor_that(tmp_path: Path, code: str) -> str:
    script = tmp_path / "editor.py"
    script.write_text(f"import pathlib, sys\npath = pathlib.Path(sys.argv[1])\n{code}\n")
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"


def test_text_comes_back_safe_and_the_file_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    code = (
        "mode = oct(path.parent.stat().st_mode)[-3:]\n"
        f"pathlib.Path({str(told)!r}).write_text(str(path) + mode)\n"
        "path.write_text(path.read_text() + ' and more\\x1b[31m\\n')"
    )
    monkeypatch.setenv("VISUAL", editor_that(tmp_path, code))
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    assert edit(SteppingAside(), "Some words") == "Some words and more"
    seen = told.read_text()
    assert seen.endswith("700")
    assert not Path(seen[:-3]).exists()


@pytest.mark.parametrize("code", ["sys.exit(3)", "path.unlink()"])
def test_failed_editor_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setenv("EDITOR", editor_that(tmp_path, code))
    with pytest.raises(TwowayError, match="the draft is as it was"):
        edit(SteppingAside(), "Some words")


async def test_editor_never_sends(
    office: Lakeside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", editor_that(tmp_path, "path.write_text('From the editor')"))
    monkeypatch.setattr("tui.app.TwowayApp.suspend", SteppingAside.suspend)
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Begun here")
        await pilot.press("f4")
        await see(pilot, "From the editor")
        draft = pilot.app.screen.query_one(Composer).draft
        assert draft is not None
        assert draft.text == "From the editor"
        assert not await office.repository.outbox.open_rows(10)
