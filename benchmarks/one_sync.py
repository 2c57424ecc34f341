"""First syncs as a process of its own, so that their memory is their own.

`python -m benchmarks.one_sync` reads one JSON line that says where the mail lies, syncs, and says
in one JSON line how it went; then once more for every line that comes in.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import psutil

from benchmarks.practice import configuration_file
from benchmarks.sync import Mailbox, check, mail_channel, now, open_folder
from inbox.filing import Filer
from inbox.recorder import Recorder
from inbox.sync import LineSync
from tui.config.reading import read_configuration

_TICK = 0.005
"""Seconds between two looks at the event loop, which stands for the screen."""


async def _follow(mailbox: Mailbox, folder: Path, count: int) -> None:
    practice = read_configuration(configuration_file(folder)).practice
    repository = await open_folder(folder / "data", count)
    channel = mail_channel(mailbox, practice)
    sync = LineSync(channel, repository, Filer(repository, practice, now), now)
    recorder = Recorder(repository, practice, now)
    try:
        while True:
            waits: list[float] = []
            watching = asyncio.create_task(_watch(waits))
            began = time.perf_counter()
            await sync.once()
            synced = time.perf_counter()
            await recorder.drain()
            ended = time.perf_counter()
            watching.cancel()
            await check(repository, channel, count)
            said = {
                "sync": synced - began,
                "record": ended - synced,
                "longest wait": max(waits, default=0.0),
                "megabytes": peak(),
            }
            sys.stdout.write(f"{json.dumps(said)}\n")
            sys.stdout.flush()
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line:
                break
            count += int(line)
    finally:
        await channel.close()
        await repository.close()


async def _watch(waits: list[float]) -> None:
    """Note how much later than asked for the event loop comes back."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_TICK)
        waits.append(time.perf_counter() - began - _TICK)


def peak() -> int:
    """The most memory used so far, in megabytes, with that of the process that reads mail."""
    kilobytes = 0
    present = psutil.Process()
    # Not by getrusage: its figure is that of whoever started this process, where that was larger.
    for one in (present, *present.children()):
        status = Path(f"/proc/{one.pid}/status").read_text(encoding="ascii", errors="replace")
        kilobytes += int(status.partition("VmHWM:")[2].split()[0])
    return kilobytes // 1024


def main() -> None:
    """Sync until nobody asks any more."""
    given = json.loads(sys.stdin.readline())
    mailbox = Mailbox("Dovecot", given["port"], given["user"], given["password"])
    asyncio.run(_follow(mailbox, Path(given["folder"]), given["count"]))


if __name__ == "__main__":
    main()
