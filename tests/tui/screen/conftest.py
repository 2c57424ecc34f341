"""An office for each test, and what is seen of the screen as plain lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tests.clock import FakeClock
from tests.tui.screen.lakeside import NOW, Lakeside, app_of


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Lakeside]:
    """A morning's mail in a real data folder."""
    built = await Lakeside(tmp_path / "data", FakeClock(NOW)).open()
    await built.furnish()
    yield built
    await built.close()


def stage(
    office: Lakeside, *, size: tuple[int, int], **more: Any
) -> AbstractAsyncContextManager[Pilot[None]]:
    """The app on a terminal of this size."""
    return app_of(office, **more).run_test(size=size, notifications=True)


def lines(pilot: Pilot[None]) -> list[str]:
    """What the terminal shows, line by line."""
    app = pilot.app
    strips = app.screen._compositor.render_strips(app.size)
    return ["".join(segment.text for segment in strip) for strip in strips]


def shown(pilot: Pilot[None]) -> str:
    """What the terminal shows."""
    return "\n".join(lines(pilot))


async def until(pilot: Pilot[None], true: Callable[[], object], seconds: float = 5) -> None:
    """Wait until something is true of the app."""
    for _ in range(int(seconds / 0.04)):
        await pilot.pause()
        if true():
            return
        await pilot.pause(0.04)
    raise AssertionError(f"did not become true; the screen shows:\n{shown(pilot)}")


async def see(pilot: Pilot[None], *words: str) -> None:
    """Wait until the screen shows all these words."""
    await until(pilot, lambda: all(word in shown(pilot) for word in words))


async def gone(pilot: Pilot[None], words: str) -> None:
    """Wait until the screen does not show these words."""
    await until(pilot, lambda: words not in shown(pilot))


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Put words where the cursor is; a paste, since single keys take their time here."""
    await pilot.pause()
    assert isinstance(pilot.app.focused, Input | TextArea)
    pilot.app.post_message(Paste(text))
    await pilot.pause()


async def type_keys(pilot: Pilot[None], text: str) -> None:
    """Type letter by letter."""
    names = {" ": "space", ",": "comma", ".": "full_stop"}
    await pilot.press(*(names.get(letter, letter) for letter in text))
