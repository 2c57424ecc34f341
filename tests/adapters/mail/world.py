"""The mail world that the mail channel is tested against: real servers on loopback."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from adapters.mail.channel import MailChannel
from adapters.mail.settings import ImapSettings, MailSettings, Security, SmtpSettings
from demo.proxy import Fault, FaultProxy
from demo.smtp import Trouble
from demo.world import MailWorld
from inbox.address import ChannelKind, email
from inbox.clock import Clock
from inbox.line import Line
from tests.adapters.handle import Failure, Taken

USER, PASSWORD = "frontdesk", 'correct "horse" \\ battery'
LINE = Line("front-desk", ChannelKind.EMAIL, "frontdesk@lakeside.example", "Lakeside front desk")

_TROUBLES = {
    Failure.REFUSES: Trouble("rcpt", reply="550 5.1.1 <rosa@example.com> no such user", times=1),
    Failure.LOST_BEFORE: Trouble("mail", then="drop", times=1),
    Failure.LOST_UNTAKEN: Trouble("data", then="drop", times=1),
    Failure.LOST_TAKEN: Trouble("end", then="drop", accept=True, times=1),
}


def write(text: str, number: int = 0, size: int = 0) -> bytes:
    """A plain mail from Rosa to the front desk."""
    mail = EmailMessage()
    mail["From"] = "Rosa Jimenez <rosa@example.com>"
    mail["To"] = LINE.address
    mail["Subject"] = "A question"
    mail["Date"] = "Mon, 02 Mar 2026 09:00:00 -0600"
    mail["Message-ID"] = f"<{number}.{len(text)}@mail.example.com>"
    mail.set_content(text + "\n" + "x" * 70 + "\n" * (size > 0) + ("y" * 70 + "\n") * (size // 71))
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def plain(text: str) -> bytes:
    """A mail that holds nothing but a text."""
    mail = EmailMessage()
    mail["From"] = "Rosa Jimenez <rosa@example.com>"
    mail["To"] = LINE.address
    mail["Subject"] = "A question"
    mail["Message-ID"] = f"<{abs(hash(text))}@mail.example.com>"
    mail.set_content(text)
    return mail.as_bytes().replace(b"\n", b"\r\n")


class MailHandle:
    """A test's hand on a mail world with one mailbox of ours; a context manager.

    IMAP and SMTP each go through a `FaultProxy`.
    """

    def __init__(self, clock: Clock) -> None:
        self.line = LINE
        self.patient = email("rosa@example.com", "Rosa Jimenez")
        self.clock = clock
        self.world = MailWorld(clock=clock)
        self.channels: list[MailChannel] = []
        """Every channel made, for the test to close."""
        self._stack = ExitStack()
        self._delivered = 0
        self._revealed = 0

    def __enter__(self) -> Self:
        self._stack.enter_context(self.world)
        self.world.add_user(USER, PASSWORD, LINE.address)
        self.world.add_address(self.patient.value)
        self.imap_proxy = self._stack.enter_context(FaultProxy(self.world.imap.port))
        self.smtp_proxy = self._stack.enter_context(FaultProxy(self.world.smtp.port))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        assert self.world.thread.failures == []
        assert self.world.smtp.failures == []

    def settings(
        self,
        *,
        save_sent: bool = False,
        password: str = PASSWORD,
        security: Security = "none",
        timeout: float = 5.0,
        oversize: int = 25_000_000,
        folders: tuple[str, ...] = ("INBOX",),
        sent: str | None = None,
    ) -> MailSettings:
        """Settings that lead through the proxies."""
        return MailSettings(
            ImapSettings(
                "127.0.0.1",
                self.imap_proxy.port,
                security,
                USER,
                folders=folders,
                sent=sent,
                connect_timeout=timeout,
                read_timeout=timeout,
            ),
            SmtpSettings(
                "127.0.0.1",
                self.smtp_proxy.port,
                security,
                USER,
                save_sent=save_sent,
                connect_timeout=timeout,
                read_timeout=timeout,
                data_timeout=timeout,
            ),
            lambda: password,
            oversize=oversize,
        )

    def channel(self, settings: MailSettings | None = None) -> MailChannel:
        """A channel to the world."""
        channel = MailChannel(self.line, settings or self.settings(), self.clock)
        self.channels.append(channel)
        return channel

    # ---- tests.adapters.handle.ServerHandle --------------------------------------------------

    def deliver(self, text: str) -> str:
        return self.put(plain(text))

    def put(self, content: bytes) -> str:
        return str(self.world.imap.deliver(USER, content))

    def expunge(self, items: Iterable[str]) -> None:
        self.world.imap.expunge(USER, map(int, items))

    def renumber(self) -> None:
        self.world.imap.reset_uidvalidity(USER)

    def drop(self) -> None:
        self.imap_proxy.add(Fault("cut"))
        self.imap_proxy.cut_all()

    def restore(self) -> None:
        self.imap_proxy.heal()

    def fail(self, failure: Failure) -> None:
        self.world.smtp.script(_TROUBLES[failure])

    def taken(self) -> list[Taken]:
        return [Taken(mail.sender, mail.recipients, mail.raw) for mail in self.world.smtp.accepted]

    def reveal(self) -> None:
        """Do what a provider does that keeps what it sent in Sent by itself."""
        for mail in self.world.smtp.accepted[self._revealed :]:
            self.world.imap.deliver(USER, mail.raw, folder="Sent")
        self._revealed = len(self.world.smtp.accepted)
