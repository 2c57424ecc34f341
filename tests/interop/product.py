"""The product in one piece: mail channels, data folder, desk and back office, over any servers.

`Product` is what a screen would have behind it. What it is pointed at decides what is proven: real
Dovecot and Postfix in `tests/interop`, loopback servers in `tests/crash` and `tests/badinput`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Sequence,
)
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any, TypeVar

import pytest

from adapters.mail.channel import MailChannel
from adapters.mail.settings import ImapSettings, MailSettings, Security, SmtpSettings
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.backoffice import BackOffice
from inbox.channel import Channel
from inbox.clock import Clock, utc_now
from inbox.conversation import ConversationRow, ListState
from inbox.desk import Desk
from inbox.errors import TwowayError
from inbox.gate import Gate
from inbox.line import FolderCount, Line, LineHealth
from inbox.message import Message
from inbox.patient import Consent, ContactPoint, Patient, PrivacyForm
from inbox.practice import Practice
from inbox.reply_path import Proof
from inbox.repository import OutboxRow
from inbox.rules import RULES
from store.database import SqliteRepository, open_repository
from tests.inbox.making import practice
from tests.interop.dovecot import DovecotServer
from tests.interop.postfix import PostfixServer
from tests.interop.servers import Account

T = TypeVar("T")


def a_line(address: str, id_: str = "front-desk") -> Line:
    """An e-mail line of the practice."""
    return Line(id_, ChannelKind.EMAIL, address, "Lakeside front desk")


def a_patient(id_: str, name: str, *addresses: str) -> Patient:
    """A patient who reads e-mail at these addresses and allows it."""
    given, _, family = name.partition(" ")
    points = tuple(ContactPoint(AddressSystem.EMAIL, address) for address in addresses)
    return Patient(id_, given, family, points=points, form=PrivacyForm(email=Consent.ACCEPTED))


def real_settings(
    account: Account,
    imap_port: int,
    smtp_port: int,
    cafile: Path,
    *,
    oversize: int = 25_000_000,
    save_sent: bool = True,
    imap_security: Security = "tls",
) -> MailSettings:
    """Settings as a practice has them: IMAP over TLS, submission with STARTTLS and AUTH."""
    return MailSettings(
        ImapSettings("localhost", imap_port, imap_security, account.address),
        SmtpSettings("localhost", smtp_port, "starttls", account.address, save_sent=save_sent),
        lambda: account.password,
        oversize=oversize,
        tls_cafile=str(cafile),
    )


@dataclass
class Product:
    """Everything between the screen and the servers."""

    folder: Path
    clock: Clock
    practice: Practice
    repository: SqliteRepository
    channels: dict[str, Channel]
    desk: Desk
    back_office: BackOffice
    trouble: list[TwowayError] = field(default_factory=list)
    """What the back office could not say of a line."""

    # ---- looking -----------------------------------------------------------------------------

    async def rows(self, state: ListState = ListState.ALL) -> list[ConversationRow]:
        """The whole list, page by page, newest first."""
        rows: list[ConversationRow] = []
        page = await self.desk.page(state)
        rows += page.rows
        while page.next is not None:
            page = await self.desk.page(state, after=page.next)
            rows += page.rows
        return rows

    async def only(self) -> ConversationRow:
        """The one conversation there is."""
        [row] = await self.rows()
        return row

    async def messages(self, conversation_id: int | None = None) -> list[Message]:
        """The messages of one conversation in time order, or of all."""
        ids = [row.id for row in await self.rows()] if conversation_id is None else None
        found: list[Message] = []
        for one in ids if ids is not None else [conversation_id or 0]:
            found += await self.repository.conversations.messages(one, limit=1000)
        return found

    async def subjects(self) -> list[str]:
        """The subject of every message there is, sorted: what is lost or doubled shows."""
        return sorted([message.subject for message in await self.messages()])

    async def health(self, line_id: str = "front-desk") -> LineHealth:
        """What the status bar says of a line."""
        return (await self.repository.lines.health())[line_id]

    async def proof(self, line_id: str = "front-desk") -> Proof:
        """What is known of a line's reply path."""
        return next(view.proof for view in await self.desk.lines() if view.line.id == line_id)

    # ---- doing -------------------------------------------------------------------------------

    async def sync(self) -> None:
        """Bring every line up to date."""
        await self.back_office.sync_once()

    async def queue(self, conversation_id: int, text: str, because: str = "") -> OutboxRow:
        """Answer a conversation, to leave at once."""
        draft = await self.desk.reply_draft(conversation_id)
        return await self.desk.send(replace(draft, text=text), because, undo=False)

    async def answer(self, conversation_id: int, text: str, because: str = "") -> OutboxRow:
        """Answer a conversation, and let it leave."""
        row = await self.queue(conversation_id, text, because)
        await self.back_office.deliver_due()
        await self.settle()
        return await self.repository.outbox.get(row.id)

    async def write(self, to: Address, text: str, subject: str = "Your visit") -> OutboxRow:
        """Begin a conversation, and let it leave."""
        draft = await self.desk.new_draft(to, ChannelKind.EMAIL)
        row = await self.desk.send(replace(draft, text=text, subject=subject), undo=False)
        await self.back_office.deliver_due()
        await self.settle()
        return await self.repository.outbox.get(row.id)

    async def settle(self) -> None:
        """Wait for the copies that are on their way into the Sent folders."""
        for channel in self.channels.values():
            if isinstance(channel, MailChannel):
                await channel.settle()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The back office at work, as behind an open screen."""
        task = asyncio.create_task(self.back_office.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    # ---- what must always be true ------------------------------------------------------------

    async def counts(self, line_id: str = "front-desk") -> tuple[FolderCount, ...]:
        """The server's own list against what is stored, asked for right now."""
        census = await self.channels[line_id].census()
        return await self.repository.raw.count(line_id, census)

    async def check(self) -> None:
        """Nothing lost, nothing twice, everything filed, every record file whole.

        Asks the servers for their own list, so the lines have to be reachable and up to date.
        """
        for line_id in self.channels:
            assert await self.repository.raw.unfiled(line_id, 10) == []
            for count in await self.counts(line_id):
                assert count.server == count.stored + count.quarantined, count
        messages = await self.messages()
        raws = [message.raw_id for message in messages if message.raw_id is not None]
        assert len(raws) == len(set(raws))
        named = [(one.message_id, one.line_id, one.text) for one in messages if one.message_id]
        assert len(named) == len(set(named)), "a message is there twice"
        await self.back_office.record()
        for patient_id in await self.repository.records.patients():
            assert (await self.repository.records.verify(patient_id)).problems == ()

    async def recorded(self, patient_id: str) -> list[tuple[str, str]]:
        """(Message-ID, delivery state) of each entry of a record file that verifies."""
        assert (await self.repository.records.verify(patient_id)).problems == ()
        found = []
        for entry in await self.repository.records.entries(patient_id):
            ids = [one["value"] for one in entry["identifier"] if "message-id" in one["system"]]
            state = next(
                one["valueString"] for one in entry["extension"] if one["url"].endswith("delivery")
            )
            found.append((ids[0] if ids else "", state))
        return found

    async def close(self) -> None:
        """Let go of servers and data folder."""
        await self.back_office.close()
        await self.repository.close()


async def open_product(
    folder: Path,
    clock: Clock,
    lines: Sequence[tuple[Line, MailSettings]],
    patients: Collection[Patient] = (),
    *,
    holder: str = "test",
) -> Product:
    """The product on a data folder, which is made when it is not there."""
    repository = await open_repository(folder, clock)
    the_practice = practice(lines=tuple(line for line, _ in lines))
    channels: dict[str, Channel] = {
        line.id: MailChannel(line, settings, clock) for line, settings in lines
    }
    gate = Gate(RULES)
    capabilities = {line_id: channel.capabilities for line_id, channel in channels.items()}
    desk = Desk(repository, the_practice, gate, clock, "dana", capabilities, timedelta(seconds=8))
    trouble: list[TwowayError] = []
    office = BackOffice(
        repository, the_practice, gate, channels, clock, holder, on_trouble=trouble.append
    )
    if patients:
        await repository.patients.save(patients)
    return Product(folder, clock, the_practice, repository, channels, desk, office, trouble)


async def until(
    what: str, probe: Callable[[], Awaitable[T]], *, seconds: float = 10.0, every: float = 0.05
) -> T:
    """Ask until the answer is something true, and give that.

    Raises:
        TimeoutError: nothing true came in time; the message names `what`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        found = await probe()
        if found:
            return found
        if loop.time() > deadline:
            raise TimeoutError(f"waited {seconds:g} seconds for {what}")
        await asyncio.sleep(every)


def mail(
    sender: str,
    to: str,
    subject: str,
    text: str = "Can I move Thursday’s visit?",
    *,
    id_: str = "",
    answers: str = "",
    references: Sequence[str] = (),
) -> bytes:
    """A plain mail as another program writes it; CRLF line ends, ids without angle brackets."""
    written = EmailMessage(policy=SMTP)
    written["From"] = sender
    written["To"] = to
    written["Subject"] = subject
    written["Date"] = format_datetime(datetime.now(UTC))
    written["Message-ID"] = f"<{id_}>" if id_ else make_msgid(domain="mail.example.com")
    if answers:
        written["In-Reply-To"] = f"<{answers}>"
        written["References"] = " ".join(f"<{one}>" for one in (*references, answers))
    written.set_content(text)
    return written.as_bytes()


def parsed(raw: bytes) -> EmailMessage:
    """A mail as the standard library reads it: a second opinion on what we wrote."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


class Mailboxes:
    """A practice's mailbox and a patient's, on real servers, with the products opened on them."""

    def __init__(
        self,
        dovecot: DovecotServer,
        postfix: PostfixServer,
        own: Account,
        theirs: Account,
        folder: Path,
    ) -> None:
        self.dovecot, self.postfix, self.own, self.theirs = dovecot, postfix, own, theirs
        self.patient = a_patient("p-rosa", "Rosa Jimenez", theirs.address)
        self.folder = folder
        self.clock: Clock = utc_now
        self._opened: list[Product] = []

    async def open(
        self, line: Line | None = None, *, imap_port: int = 0, name: str = "data", **more: Any
    ) -> Product:
        """A product whose only line is the practice's mailbox.

        The clock is the machine's: the servers stamp what they deliver with it.
        """
        settings = real_settings(
            self.own,
            imap_port or self.dovecot.imaps_port,
            self.postfix.submission_port,
            self.dovecot.certificate.authority,
            **more,
        )
        lines = [(line or a_line(self.own.address), settings)]
        product = await open_product(self.folder / name, self.clock, lines, [self.patient])
        self._opened.append(product)
        return product

    async def arrive(self, subject: str, text: str = "Can I come in today?", **more: Any) -> bytes:
        """Mail from the patient comes in by Postfix and lies in the practice's INBOX."""
        raw = mail(f"Rosa Jimenez <{self.theirs.address}>", self.own.address, subject, text, **more)
        before = self.dovecot.count(self.own.address)
        self.postfix.arrive(self.theirs.address, [self.own.address], raw)
        await asyncio.to_thread(self.dovecot.wait_for_mail, self.own.address, at_least=before + 1)
        return raw

    def put(self, subjects: Iterable[str], *, folder: str = "INBOX") -> list[int]:
        """Put one mail a subject into a folder of the practice, all at once; their UIDs."""
        sender, to = f"Rosa Jimenez <{self.theirs.address}>", self.own.address
        raws = [mail(sender, to, one, f"About {one}.") for one in subjects]
        return self.dovecot.append_many(self.own, raws, folder=folder)

    def flags(self, folder: str = "INBOX") -> dict[int, frozenset[str]]:
        """The flags of every mail in a folder of the practice, by UID."""
        found: dict[int, frozenset[str]] = {}
        said = self.dovecot.doveadm(
            "-f", "tab", "fetch", "-u", self.own.address, "uid flags", "mailbox", folder
        )
        for line in said.splitlines()[1:]:
            uid, _, flags = line.partition("\t")
            found[int(uid)] = frozenset(flags.split()) - {"\\Recent"}
        return found

    async def end(self) -> None:
        """After each test: nothing lost, nothing twice, nothing marked; then let go."""
        try:
            for product in self._opened:
                await product.settle()
                await product.sync()
                await product.check()
                for count in await product.counts():
                    assert count.server == self.dovecot.count(self.own.address, count.folder)
            assert not any("\\Seen" in flags for flags in self.flags().values())
        finally:
            for product in self._opened:
                await product.close()


@pytest.fixture
async def mailboxes(
    dovecot: DovecotServer,
    postfix: PostfixServer,
    front_desk: Account,
    patient: Account,
    tmp_path: Path,
) -> AsyncIterator[Mailboxes]:
    """A practice's mailbox and a patient's; whatever a test does, nothing may be lost."""
    boxes = Mailboxes(dovecot, postfix, front_desk, patient, tmp_path)
    yield boxes
    await boxes.end()
