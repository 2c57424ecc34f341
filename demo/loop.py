"""An event loop in a daemon thread of its own, so that servers run beside anything."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

Result = TypeVar("Result")

CALL_TIMEOUT = 30.0
"""Seconds after which a call into the loop is given up: on loopback only a hang takes so long."""


class LoopThread:
    """A running event loop on a daemon thread.

    Use it as a context manager, or call `start` and `stop`. Errors that no task awaits are kept
    in `failures` and never printed: the demo shares its terminal with a full-screen program.
    """

    def __init__(self, name: str) -> None:
        self.failures: list[BaseException] = []
        """Exceptions of tasks nobody awaited, oldest first."""
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop.

        Raises:
            RuntimeError: the thread is not started.
        """
        if self._loop is None:
            raise RuntimeError(f"{self._name} is not running")
        return self._loop

    @property
    def running(self) -> bool:
        """True between `start` and `stop`."""
        return self._loop is not None

    def start(self) -> Self:
        """Start the thread and return once the loop runs."""
        if self._loop is not None:
            raise RuntimeError(f"{self._name} is already running")
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(self._keep)
        ready = threading.Event()
        loop.call_soon(ready.set)
        self._thread = threading.Thread(
            target=self._run, args=(loop,), name=self._name, daemon=True
        )
        self._loop = loop
        self._thread.start()
        ready.wait()
        return self

    def stop(self) -> None:
        """Cancel every task, close the loop and join the thread; harmless when not running."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def call(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine on the loop and return its result.

        Called from the loop's own thread it would wait for itself, so that raises RuntimeError.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError(f"call from inside {self._name}")
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(CALL_TIMEOUT)

    def soon(self, function: Callable[[], object]) -> None:
        """Run a plain function on the loop, some time soon."""
        self.loop.call_soon_threadsafe(function)

    def _keep(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        failure = context.get("exception")
        # A client that goes away in the middle of an answer is the client's right.
        if isinstance(failure, BaseException) and not isinstance(failure, ConnectionError):
            self.failures.append(failure)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(_wind_up())
            loop.run_until_complete(loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


async def _wind_up() -> None:
    """Cancel what still runs, twice if need be: a server task may shield its last words."""
    me = asyncio.current_task()
    for _ in range(3):
        others = [task for task in asyncio.all_tasks() if task is not me]
        if not others:
            break
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=1.0)
    await asyncio.sleep(0)
