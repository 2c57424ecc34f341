"""Lakeside Family Practice, running: servers, mailboxes filled, patients who answer."""

from __future__ import annotations

import socket
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from demo.patients import Patients
from demo.sample import mails, practice_toml
from demo.script import sample_script
from demo.world import Clock, MailWorld, Treatment

if TYPE_CHECKING:
    from demo.portal.lakeside import Portal
    from demo.twilio.lakeside import Telephone

PASSWORD = "lakeside-demo"
"""The password of every account of the sample practice, and the token of its telephone and its
portal."""

ACCOUNTS = {
    "frontdesk": "frontdesk@lakeside.example",
    "nurse": "nurse@lakeside.example",
    "noreply": "noreply@lakeside.example",
}
"""The practice's own accounts and their addresses."""

DEAF = "noreply@lakeside.example"
"""The line nobody can write to: its provider throws away what comes in."""

OPENING_SECONDS = 60.0
"""How long telephone and portal may take to be there; on a busy machine they load slowly."""


class Lakeside:
    """The sample practice's outside world on this machine.

    A context manager. What the practice sends really travels; the people of the script answer.
    Telephone and portal are not waited for: their ports take connections from the start, and answer
    them once their servers are loaded.

    Args:
        seed: makes delays and message ids of the patients repeat from run to run.
        quick: patients answer at once instead of after one to four seconds.
        quiet: no mail, text, call or portal message comes unasked.
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
        self._seed, self._quick, self._quiet = seed, quick, quiet
        self._telephone_opening: Future[Telephone] | None = None
        self._portal_opening: Future[Portal] | None = None
        self._twilio_port = self._portal_port = 0

    @property
    def ports(self) -> dict[str, int]:
        """The servers' ports: ``imap_port``, ``smtp_port``, ``twilio_port``, ``portal_port``."""
        return {
            "imap_port": self.world.imap.port,
            "smtp_port": self.world.smtp.port,
            "twilio_port": self._twilio_port,
            "portal_port": self._portal_port,
        }

    @property
    def telephone(self) -> Telephone:
        """The practice's numbers and who texts and calls them; waits until they are there.

        Raises:
            RuntimeError: the practice was not started.
        """
        if self._telephone_opening is None:
            raise RuntimeError("the practice was not started")
        return self._telephone_opening.result(OPENING_SECONDS)

    @property
    def portal(self) -> Portal:
        """The practice's portal and who writes there; waits until it is there.

        Raises:
            RuntimeError: the practice was not started.
        """
        if self._portal_opening is None:
            raise RuntimeError("the practice was not started")
        return self._portal_opening.result(OPENING_SECONDS)

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
        # Last: loading their servers would slow down everything above.
        self._open_web_servers()
        return self

    def stop(self) -> None:
        """Stop everything."""
        try:
            if self._telephone_opening is not None:
                self.telephone.stop()
            if self._portal_opening is not None:
                self.portal.stop()
        finally:
            self._telephone_opening = self._portal_opening = None
            self.world.stop()

    def _open_web_servers(self) -> None:
        # Whoever connects before a server is loaded waits in the socket's queue.
        telephone = socket.create_server(("127.0.0.1", 0))
        portal = socket.create_server(("127.0.0.1", 0))
        self._twilio_port = telephone.getsockname()[1]
        self._portal_port = portal.getsockname()[1]
        pool = ThreadPoolExecutor(1, "demo-web")
        self._telephone_opening = pool.submit(self._open_telephone, telephone)
        self._portal_opening = pool.submit(self._open_portal, portal)
        pool.shutdown(wait=False)

    def _open_telephone(self, listener: socket.socket) -> Telephone:
        # Its web server takes longer to load than all the rest.
        from demo.twilio.lakeside import Telephone

        return Telephone(
            clock=self.world.clock,
            seed=self._seed,
            quick=self._quick,
            quiet=self._quiet,
            thread=self.world.thread,
            listener=listener,
            token=self.password,
        ).start()

    def _open_portal(self, listener: socket.socket) -> Portal:
        from demo.portal.lakeside import Portal

        return Portal(
            clock=self.world.clock,
            seed=self._seed,
            quick=self._quick,
            quiet=self._quiet,
            thread=self.world.thread,
            listener=listener,
            token=self.password,
        ).start()

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
