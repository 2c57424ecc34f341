"""Lakeside Family Practice, running: servers, mailboxes filled, patients who answer."""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from demo.patients import Patients
from demo.sample import mails, practice_toml
from demo.script import sample_script
from demo.world import Clock, MailWorld, Treatment

PASSWORD = "lakeside-demo"
"""The password of every account of the sample practice."""

ACCOUNTS = {
    "frontdesk": "frontdesk@lakeside.example",
    "nurse": "nurse@lakeside.example",
    "noreply": "noreply@lakeside.example",
}
"""The practice's own accounts and their addresses."""

DEAF = "noreply@lakeside.example"
"""The line nobody can write to: its provider throws away what comes in."""


class Lakeside:
    """The sample practice's outside world on this machine.

    A context manager. What the practice sends really travels; the people of the script answer.

    Args:
        seed: makes delays and message ids of the patients repeat from run to run.
        quick: patients answer at once instead of after one to four seconds.
        quiet: no mail arrives unasked.
        clock: the world's time.
        password: of the practice's accounts.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        quick: bool = False,
        quiet: bool = False,
        clock: Clock | None = None,
        password: str = PASSWORD,
    ) -> None:
        self.password = password
        """What the practice's accounts log in with."""
        self.world = MailWorld(clock=clock or (lambda: datetime.now(UTC)))
        """The servers."""
        delay = (0.0, 0.0) if quick else (1.0, 4.0)
        self.patients = Patients(self.world, sample_script(), seed=seed, delay=delay)
        """Who answers."""
        self._quiet = quiet

    @property
    def ports(self) -> dict[str, int]:
        """The servers' ports, as ``imap_port`` and ``smtp_port``."""
        return {"imap_port": self.world.imap.port, "smtp_port": self.world.smtp.port}

    @property
    def practice_toml(self) -> str:
        """The sample configuration for these servers."""
        return practice_toml(self.ports)

    def start(self) -> Self:
        """Start the servers and fill the mailboxes; returns when clients can connect."""
        self.world.start()
        for user, address in ACCOUNTS.items():
            self.world.add_user(user, self.password, address)
        self.world.treat(DEAF, Treatment(discard=True))
        self.world.thread.call(self._fill())
        self.patients.move_in()
        if not self._quiet:
            self.patients.begin_arrivals()
        return self

    def stop(self) -> None:
        """Stop everything."""
        self.world.stop()

    async def _fill(self) -> None:
        for mail in mails(self.world.clock()):
            await self.world.imap.deliver_soon(
                mail.user,
                mail.raw,
                folder=mail.folder,
                internal_date=mail.received,
                flags=mail.flags,
            )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
