"""One IMAP connection on a daemon thread of its own, driven from asyncio.

imapclient blocks and must be called from one thread at a time. A private daemon thread gives each
connection its own; a socket pair wakes it out of IDLE; closing shuts the socket under a blocked
read, so that nobody waits for a server that says nothing.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from adapters.mail.settings import ImapSettings
from inbox.errors import ConnectionLost

if TYPE_CHECKING:
    import ssl

    from adapters.mail.imap import Client

Result = TypeVar("Result")

GRACE = 0.3
"""Seconds a connection has to say goodbye before its socket is shut."""


class _Job(Generic[Result]):
    """Something to do on the thread, and who waits for it."""

    def __init__(self, work: Callable[[Client], Result]) -> None:
        self.work = work
        self.cancelled = False
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Result] = self.loop.create_future()

    def finish(self, result: Result) -> None:
        self._tell(self._set_result, result)

    def fail(self, error: BaseException) -> None:
        self._tell(self._set_error, error)

    def _tell(self, call: Callable[..., None], value: object) -> None:
        with suppress(RuntimeError):  # the loop may be gone: nobody waits any more
            self.loop.call_soon_threadsafe(call, value)

    def _set_result(self, result: Result) -> None:
        if not self.future.done():
            self.future.set_result(result)

    def _set_error(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Connection:
    """One IMAP connection; it is made by the first `run` and never made again.

    After `ConnectionLost` and the like `usable` is False, and a new one has to take its place.
    """

    def __init__(
        self,
        settings: ImapSettings,
        password: Callable[[], str],
        context: Callable[[], ssl.SSLContext | None],
        name: str,
    ) -> None:
        self._settings = settings
        self._password = password
        self._context = context
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._alarm, self._bell = socket.socketpair()
        self._socket: socket.socket | None = None
        self._busy = False
        self._idling = False
        self._closed = False
        self._ended: BaseException | None = None
        self._finished = False
        # Held while a job is put and while the rest is failed, so that none is put in between.
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def usable(self) -> bool:
        """Whether it can still be asked something."""
        return not self._closed and self._ended is None

    async def run(self, work: Callable[[Client], Result]) -> Result:
        """Do `work` on the connection's thread, after what was asked before.

        A cancelled caller is let go at once; work that has begun ends on the thread by itself.

        Raises:
            ConnectionLost, AuthenticationFailed, TlsRefused, ServerRefused.
        """
        return await self._ask(_Job(work))

    async def idle(self, folder_size: int, seconds: float) -> bool:
        """IDLE in the open folder until it grows or the time is over; True when it grew.

        Raises:
            ConnectionLost: the connection dropped meanwhile.
        """

        def work(client: Client) -> bool:
            self._idling = True
            try:
                return client.await_news(seconds, folder_size, self._alarm, stop)
            finally:
                self._idling = False

        def stop() -> bool:
            return job.cancelled or self._closed

        job = _Job(work)
        return await self._ask(job)

    def release(self) -> None:
        """Say goodbye when what was asked is done; nothing more can be asked."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._ring()

    async def close(self) -> None:
        """Say goodbye if there is time for it, and let go; may be called more than once."""
        self.release()
        if self._busy and not self._idling:
            self._shut()
        # What the thread finds behind the end of its work it fails when it is done with all else.
        farewell = _Job(lambda _client: None)
        with self._gate:
            if self._finished:
                return
            self._jobs.put(farewell)
        for _ in range(2):
            gone, _ = await asyncio.wait([farewell.future], timeout=GRACE)
            if gone:
                farewell.future.exception()
                return
            self._shut()
        farewell.future.cancel()

    async def _ask(self, job: _Job[Result]) -> Result:
        with self._gate:
            if not self.usable:
                raise self._gone()
            self._jobs.put(job)
        try:
            return await job.future
        except asyncio.CancelledError:
            job.cancelled = True
            self._ring()
            raise

    def _gone(self) -> BaseException:
        return self._ended or ConnectionLost("The connection was closed.", "")

    def _ring(self) -> None:
        with suppress(OSError):  # the thread is gone, and its end of the pair with it
            self._bell.send(b"!")

    def _shut(self) -> None:
        sock = self._socket
        if sock is not None:
            with suppress(OSError):
                # SSLSocket.shutdown would take the TLS state away under the reading thread.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    # ---- on the thread -----------------------------------------------------------------------

    def _opened(self, sock: socket.socket) -> None:
        self._socket = sock
        if self._closed:
            self._shut()

    def _serve(self) -> None:
        client: Client | None = None
        try:
            while self._ended is None and (job := self._jobs.get()) is not None:
                if self._closed or job.cancelled:
                    job.fail(self._gone())
                    continue
                self._busy = True
                try:
                    client = client or self._connect()
                    job.finish(job.work(client))
                except Exception as error:  # noqa: BLE001  # it goes to whoever asked
                    job.fail(self._judge(error))
                finally:
                    self._busy = False
                    # Not kept until the next one: its result may be large.
                    del job
        finally:
            if client is not None:
                client.hang_up(politely=self._ended is None)
            self._socket = None
            with self._gate:
                self._ended = self._gone()
                self._finished = True
                self._fail_the_rest()
            self._alarm.close()
            self._bell.close()

    def _connect(self) -> Client:
        from adapters.mail.imap import connect

        try:
            return connect(self._settings, self._context(), self._password, self._opened)
        except Exception as error:
            self._ended = error
            raise

    def _judge(self, error: Exception) -> Exception:
        from adapters.mail.imap import ends_connection, translate

        judged = translate(error, self._settings)
        if self._ended is None and ends_connection(judged):
            self._ended = judged
        return judged

    def _fail_the_rest(self) -> None:
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job.fail(self._gone())


async def on_thread(function: Callable[[], Result]) -> Result:
    """Call a function that may block for long, on a daemon thread that nobody waits for at exit."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(call: Callable[..., None], value: object) -> None:
        if not future.done():
            call(value)

    def answer(call: Callable[..., None], value: object) -> None:
        with suppress(RuntimeError):  # the loop may be gone: nobody waits any more
            loop.call_soon_threadsafe(settle, call, value)

    def work() -> None:
        try:
            result = function()
        except Exception as error:  # noqa: BLE001  # it goes to whoever asked
            answer(future.set_exception, error)
        else:
            answer(future.set_result, result)

    threading.Thread(target=work, name="twoway-errand", daemon=True).start()
    return await future
