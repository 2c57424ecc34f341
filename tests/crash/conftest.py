"""A practice's mailbox on loopback servers, and the process that dies over it."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from demo.bounce import Failure, bounce
from demo.world import MailWorld
from tests.clock import FakeClock
from tests.clone import ROOT
from tests.crash.victim import ADDRESS
from tests.interop.product import mail

SIGKILL = 9


VICTIMS = 3
"""Processes that die side by side."""


class Victim:
    """One process whose forks die; orders go in and outcomes come back."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def end(self) -> None:
        """Let it go."""
        self._process.communicate(timeout=10)
        assert self._process.returncode == 0


class Scene:
    """The servers, the victims, and the data folders they leave behind."""

    def __init__(self, world: MailWorld, clock: FakeClock, folder: Path) -> None:
        self.world = world
        self._clock = clock
        self._folder = folder
        self._made = itertools.count(1)
        self._victims = [Victim() for _ in range(VICTIMS)]
        self._free: SimpleQueue[Victim] = SimpleQueue()
        for victim in self._victims:
            self._free.put(victim)

    def order(self, act: str, folder: Path, *, holder: str = "first", **more: Any) -> list[str]:
        """Have something done; the names of its steps, none when it died as it was told.

        Raises:
            AssertionError: it failed, or died although nobody told it to.
        """
        order = {
            "act": act,
            "folder": str(folder),
            "imap": self.world.imap.port,
            "smtp": self.world.smtp.port,
            "now": self._clock().isoformat(),
            "holder": holder,
            **more,
        }
        victim = self._free.get()
        try:
            said = victim.do(order)
        finally:
            self._free.put(victim)
        if "signal" in said:
            assert more.get("die"), said
            assert said["signal"] == SIGKILL
            return []
        assert said["code"] == 0, "the victim failed; its traceback is on stderr"
        steps: list[str] = said["steps"]
        return steps

    def each(self, points: Iterable[int], die_at: Callable[[int], bool]) -> int:
        """Call `die_at` with each point, several at a time; how often it says that it died."""
        with ThreadPoolExecutor(VICTIMS) as pool:
            return sum(pool.map(die_at, points))

    def new_folder(self, like: Path | None = None) -> Path:
        """A data folder that is not there yet, or a copy of one that nobody has open."""
        folder = self._folder / f"data{next(self._made)}"
        if like is not None:
            shutil.copytree(like, folder)
        return folder

    def accepted(self, message_id: str) -> int:
        """How many mails with this Message-ID the SMTP server took."""
        line = f"Message-ID: <{message_id}>".encode().lower()
        return sum(line in one.raw.lower() for one in self.world.smtp.accepted)

    def end(self) -> None:
        """Let the victims go."""
        for victim in self._victims:
            victim.end()


@pytest.fixture
def scene(clock: FakeClock, tmp_path: Path) -> Iterator[Scene]:
    """A practice with an account, and nothing in it."""
    with MailWorld(clock=clock) as world:
        world.add_user("frontdesk", "secret", ADDRESS)
        world.add_address("rosa@example.com")
        world.add_address("omar@example.com")
        made = Scene(world, clock, tmp_path)
        try:
            yield made
        finally:
            made.end()
    assert world.thread.failures == []
    assert world.smtp.failures == []


def fill(scene: Scene, clock: FakeClock) -> None:
    """Put in what a mailbox holds: threads, strangers, a bounce, bad mail, mail of ours."""
    rosa, omar = "Rosa Jimenez <rosa@example.com>", "omar@example.com"

    def put(raw: bytes, folder: str = "INBOX") -> None:
        clock.advance(minutes=7)
        scene.world.imap.deliver("frontdesk", raw, folder, clock())

    put(mail(rosa, ADDRESS, "Thursday", "Can I move it?", id_="1@mail.example.com"))
    put(mail(omar, ADDRESS, "Refill", "My refill, please.", id_="2@mail.example.com"))
    put(
        mail(
            ADDRESS, rosa, "Re: Thursday", "Of course.",
            id_="3@lakeside.example", answers="1@mail.example.com",
        ),
        "Sent",
    )  # fmt: skip
    put(
        mail(
            rosa, ADDRESS, "Re: Thursday", "Thanks!",
            id_="4@mail.example.com", answers="3@lakeside.example",
            references=["1@mail.example.com"],
        )
    )  # fmt: skip
    put(b"\x00\xff no header at all")
    sent = mail(ADDRESS, omar, "Your refill", "It is ready.", id_="5@lakeside.example")
    put(sent, "Sent")
    failure = Failure("omar@example.com", "5.1.1", "unknown user")
    put(
        bounce(
            sender=ADDRESS, failure=failure, original=sent, at=clock(),
            message_id="<report.1@mx.lakeside.example>",
        )
    )  # fmt: skip
    put(mail("someone@example.org", ADDRESS, "Hello", "Do you take new patients?", id_="6@x.org"))
    clock.advance(minutes=7)
