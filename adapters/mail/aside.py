"""Reading mail aside: a process of its own takes mail apart while this one files what it has read.

Reading mail is the dearest step of a first sync, and Python uses one processor a process. The
process reads and writes nothing but its own two pipes, and it ends with the one that started it:
then its input ends. Should it die of a mail, whoever asked reads that mail here, where whatever
happens is kept from the others. Not used for a few mails: starting it takes longer than those.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import msgspec

from adapters.mail.mime import read_mail
from inbox.message import Arrival

if TYPE_CHECKING:
    from inbox.channel import RawItem

_LENGTH: Final = struct.Struct(">I")
_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv[1:]; from adapters.mail.aside import serve; serve()"
)
_REQUEST: Final = msgspec.msgpack.Decoder(list[tuple[bytes, bool]])
_ANSWER: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])
_ARRIVAL: Final = msgspec.msgpack.Decoder(Arrival | None)


class Aside:
    """The process that reads mail; started by `start` or the first `read`, anew when it died.

    Blocking, and safe to use from several threads.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def read(self, raws: Sequence[RawItem]) -> list[Arrival]:
        """Read each raw mail, as `read_mail` does."""
        with self._turn:
            try:
                found = list(self._ask(raws))
            except (OSError, EOFError, msgspec.MsgspecError):
                self._end(kill=True)
                found = []
        if len(found) != len(raws):
            found = [None] * len(raws)
        return [
            read_mail(raw.content, complete=raw.complete) if arrival is None else arrival
            for raw, arrival in zip(raws, found, strict=True)
        ]

    def start(self) -> None:
        """Start the process, so that the first `read` need not wait for it.

        Raises:
            OSError: it does not start.
        """
        with self._turn:
            if self._process is None:
                self._process = _start()

    def close(self) -> None:
        """Let the process end; a later `read` starts another one."""
        with self._turn:
            self._end(kill=False)

    def _ask(self, raws: Sequence[RawItem]) -> Iterator[Arrival | None]:
        process = self._process
        if process is None or process.poll() is not None:
            self._end(kill=True)
            process = self._process = _start()
        if process.stdin is None or process.stdout is None:
            raise EOFError
        _put(process.stdin, msgspec.msgpack.encode([(raw.content, raw.complete) for raw in raws]))
        return map(_ARRIVAL.decode, _ANSWER.decode(_take(process.stdout)))

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        # Its input has ended, so it ends.
        process.wait()


def serve() -> None:
    """Answer requests until there are no more; the process's whole life."""
    asks, answers = sys.stdin.buffer, sys.stdout.buffer
    # Whatever else is printed must not lie between the answers.
    sys.stdout = sys.stderr
    while True:
        try:
            request = _REQUEST.decode(_take(asks))
        except EOFError:
            return
        read = (read_mail(content, complete=complete) for content, complete in request)
        _put(answers, msgspec.msgpack.encode([msgspec.Raw(_packed(arrival)) for arrival in read]))


def _packed(arrival: Arrival) -> bytes:
    """An arrival as it travels; nothing for one that cannot, e.g. with a lone surrogate."""
    try:
        return msgspec.msgpack.encode(arrival)
    except (UnicodeError, msgspec.MsgspecError, ValueError, OverflowError):
        return msgspec.msgpack.encode(None)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # this very program
        [sys.executable, "-I", "-c", _PROGRAM, *_folders()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Ctrl-C is for the one who is asked to end, who then lets this one end.
        start_new_session=True,
    )


def _folders() -> Iterable[str]:
    """Where modules are found; the present folder by its name."""
    return (folder or str(Path.cwd()) for folder in sys.path)


def _put(pipe: IO[bytes], said: bytes) -> None:
    pipe.write(_LENGTH.pack(len(said)))
    pipe.write(said)
    pipe.flush()


def _take(pipe: IO[bytes]) -> bytes:
    """What was put.

    Raises:
        EOFError: the other side is gone.
    """
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    said = pipe.read(length)
    if len(said) < length:
        raise EOFError
    return said
