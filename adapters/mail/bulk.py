"""Reading many mails: on another processor where that is worth it, never on the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from adapters.mail.connection import on_thread
from inbox.channel import RawItem
from inbox.message import Arrival

if TYPE_CHECKING:
    from adapters.mail.aside import Aside

WORTH_A_PROCESS = 60
"""Mails that come together from which on a process of their own reads them."""
WORTH_ASKING = 30
"""The same, once that process runs: it starts about as long as a hundred mails take."""
WORTH_STARTING = 150
"""Mails that are expected from which on it is started before they are here."""
LASTS = 10.0
"""Seconds that this process is kept when nothing is to be read."""


class Bulk:
    """Reads mails that come together.

    Args:
        convert: Reads one mail; a pure function.
    """

    def __init__(self, convert: Callable[[RawItem], Arrival]) -> None:
        self._convert = convert
        self._aside: Aside | None = None
        self._readers = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._starting: asyncio.Task[None] | None = None

    async def read(self, raws: Sequence[RawItem]) -> list[Arrival]:
        """Read each; few of them in a thread of this process."""
        runs = self._aside is not None and self._starting is None
        least = WORTH_ASKING if runs else WORTH_A_PROCESS
        if len(raws) < least or self._closed or not _several_processors():
            return await on_thread(lambda: [self._convert(raw) for raw in raws])
        self._readers += 1
        self._stop_timer()
        try:
            aside = await self._process()
            return await on_thread(lambda: aside.read(raws))
        finally:
            self._readers -= 1
            if not self._readers:
                self._timer = asyncio.get_running_loop().call_later(LASTS, self._let_go)

    def expect(self, count: int) -> None:
        """So many mails are going to come: let the process start beside the fetching of them."""
        wanted = count >= WORTH_STARTING and not self._closed and _several_processors()
        if wanted and self._aside is None and self._starting is None:
            self._starting = asyncio.create_task(self._start())

    async def close(self) -> None:
        """Let the process end."""
        self._closed = True
        self._stop_timer()
        if self._starting is not None:
            await asyncio.wait([self._starting])
        aside, self._aside = self._aside, None
        if aside is not None:
            await on_thread(aside.close)

    async def _start(self) -> None:
        try:
            aside = await self._process()
            with suppress(OSError):  # whoever asks it finds out, and reads by itself
                await on_thread(aside.start)
        finally:
            self._starting = None
        if not self._readers and not self._closed:
            self._stop_timer()
            self._timer = asyncio.get_running_loop().call_later(LASTS, self._let_go)

    async def _process(self) -> Aside:
        # Not on the event loop: what reads mail is slow to import.
        module = await on_thread(partial(import_module, "adapters.mail.aside"))
        if self._aside is None:
            self._aside = module.Aside()
        return self._aside

    def _let_go(self) -> None:
        """Give back the memory of the process."""
        aside, self._aside = self._aside, None
        if aside is not None:
            Thread(target=aside.close, name="twoway-errand", daemon=True).start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _several_processors() -> bool:
    """Whether something can be done beside what this process does."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (usable or 1) > 1
