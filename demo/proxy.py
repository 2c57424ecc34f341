"""A TCP proxy that breaks connections on purpose, in front of any loopback server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self

from demo.loop import LoopThread

Direction = Literal["up", "down"]
"""``up``: from the client to the server; ``down``: from the server to the client."""

Kind = Literal["cut", "hole", "delay"]
"""``cut`` closes both sides, ``hole`` swallows everything from now on, ``delay`` waits once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what, in which direction, and when.

    It is due on a connection when both `after_bytes` bytes and the pattern `after_seen` have gone
    by in its direction; with neither given, at once when a connection opens (``cut``, ``hole``)
    or for every chunk (``delay``).
    """

    kind: Kind
    """What happens."""
    direction: Direction = "up"
    """In which direction bytes are watched."""
    after_bytes: int = 0
    """Due only after this many bytes; the bytes up to that count still pass."""
    after_seen: bytes = b""
    """Due only after these bytes were seen; they may be split over several packets."""
    forward: bool = True
    """Whether the bytes that made it due still pass (up to and including the pattern)."""
    seconds: float = 0.0
    """How long a delay lasts."""
    reset: bool = False
    """Cut with a TCP reset instead of a plain close."""
    times: int | None = None
    """How many connections it strikes; every one when None."""


class _Pipe:
    """One client's connection through the proxy."""

    def __init__(
        self,
        proxy: FaultProxy,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._hole = False
        self._spent: set[Fault] = set()

    async def run(self) -> None:
        """Carry bytes both ways until one side ends."""
        both = [
            asyncio.create_task(self._carry("up", self._client[0], self._server[1])),
            asyncio.create_task(self._carry("down", self._server[0], self._client[1])),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            self.cut(reset=False)

    def cut(self, *, reset: bool) -> None:
        """Close both sides at once."""
        for _, writer in (self._client, self._server):
            sock = writer.get_extra_info("socket")
            if reset and sock is not None:
                linger = struct.pack("ii", 1, 0)
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    def swallow(self) -> None:
        """From now on read everything and pass nothing."""
        self._hole = True

    async def _carry(
        self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        seen = bytearray()
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65536):
                kept = await self._inspect(direction, seen, chunk)
                seen += chunk
                if kept is None:
                    return
                if kept and not self._hole:
                    writer.write(kept)
                    await writer.drain()
            if self._hole and direction == "down":
                # Nothing gets out of a hole, not even that the server has hung up.
                await asyncio.Event().wait()

    async def _inspect(self, direction: Direction, seen: bytearray, chunk: bytes) -> bytes | None:
        """What of a chunk still passes; None once the connection is cut."""
        for fault in self._proxy.faults:
            if fault.direction != direction or fault in self._spent:
                continue
            end = _due(fault, seen, chunk)
            if end is None:
                continue
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
                continue
            self._spent.add(fault)
            self._proxy.strike(fault)
            passed = chunk[:end] if fault.forward else b""
            writer = self._server[1] if direction == "up" else self._client[1]
            if passed and not self._hole:
                writer.write(passed)
                await writer.drain()
            if fault.kind == "hole":
                self._hole = True
                return b""
            self.cut(reset=fault.reset)
            return None
        return chunk


def _due(fault: Fault, seen: bytearray, chunk: bytes) -> int | None:
    """How much of the chunk comes before the fault; None when it is not due in this chunk."""
    end = max(0, fault.after_bytes - len(seen))
    if end > len(chunk):
        return None
    if fault.after_seen:
        place = bytes(seen + chunk).find(fault.after_seen)
        if place < 0:
            return None
        end = max(end, place + len(fault.after_seen) - len(seen))
    return min(max(end, 0), len(chunk))


class FaultProxy:
    """A TCP proxy on 127.0.0.1 in front of a server on this machine.

    A context manager. Without faults it passes bytes through. Faults added while it runs also
    act on open connections.

    Args:
        port: the server's port on 127.0.0.1.
    """

    host = "127.0.0.1"

    def __init__(self, port: int) -> None:
        self.port = 0
        """The proxy's own port; 0 until started."""
        self.faults: list[Fault] = []
        """The faults in force, in the order they are looked at."""
        self.connections = 0
        """How many connections came in since the start."""
        self.target = port
        """The server's port; may be changed, for new connections."""
        self.thread = LoopThread("demo-proxy")
        self._server: asyncio.Server | None = None
        self._pipes: set[_Pipe] = set()
        self._hole = False

    def start(self) -> Self:
        """Listen; returns when clients can connect."""
        self.thread.start()
        self.thread.call(self._start())
        return self

    def stop(self) -> None:
        """Stop listening and cut everything; harmless when not running."""
        if self.thread.running:
            self.thread.call(self._stop())
        self.thread.stop()

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self.faults.append(fault)

    def cut_all(self, *, reset: bool = False) -> int:
        """Cut every open connection now; return how many there were."""
        return self.thread.call(self._cut_all(reset=reset))

    def black_hole(self) -> None:
        """Swallow everything on open and new connections, which stay open."""
        self._hole = True
        self.thread.call(self._swallow_all())

    def heal(self) -> None:
        """Forget all faults; connections that fell into a hole stay there."""
        self._hole = False
        self.faults.clear()

    def strike(self, fault: Fault) -> None:
        """Count a fault that has struck down, and drop it when it is used up."""
        if fault.times is None:
            return
        place = self.faults.index(fault)
        left = replace(fault, times=fault.times - 1)
        self.faults[place : place + 1] = [left] if left.times else []

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pipe = _Pipe(self, (reader, writer), server)
        if self._hole:
            pipe.swallow()
        self._pipes.add(pipe)
        try:
            if not self._strike_on_open(pipe):
                await pipe.run()
        finally:
            self._pipes.discard(pipe)
            pipe.cut(reset=False)

    def _strike_on_open(self, pipe: _Pipe) -> bool:
        """Faults without a condition act before the first byte; True when the line is cut."""
        for fault in list(self.faults):
            if fault.after_bytes or fault.after_seen or fault.kind == "delay":
                continue
            self.strike(fault)
            if fault.kind == "cut":
                pipe.cut(reset=fault.reset)
                return True
            pipe.swallow()
        return False

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut_all(reset=False)

    async def _cut_all(self, *, reset: bool) -> int:
        pipes = list(self._pipes)
        for pipe in pipes:
            pipe.cut(reset=reset)
        return len(pipes)

    async def _swallow_all(self) -> None:
        for pipe in self._pipes:
            pipe.swallow()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
