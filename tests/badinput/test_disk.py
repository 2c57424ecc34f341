"""The disk: full, read-only, from the future. Nothing stored is lost, and it goes on later."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from adapters.mail.settings import ImapSettings, MailSettings, SmtpSettings
from demo.world import MailWorld
from inbox.channel import HandingOver, Receipt
from inbox.errors import DatabaseTooNew, StoreError
from inbox.gate import Permit
from inbox.message import MessageStatus
from inbox.outgoing import Outgoing
from store.database import open_repository
from tests.badinput.conftest import ADDRESS
from tests.clock import FakeClock
from tests.demo.fixtures import mail_world
from tests.interop.product import Product, a_line, a_patient, mail, open_product, until

__all__ = ["mail_world"]


@pytest.fixture
async def product(
    mail_world: MailWorld, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[Product]:
    mail_world.add_user("frontdesk", "secret", ADDRESS)
    settings = MailSettings(
        ImapSettings("127.0.0.1", mail_world.imap.port, "none", "frontdesk", sent="Sent"),
        SmtpSettings("127.0.0.1", mail_world.smtp.port, "none", "frontdesk"),
        lambda: "secret",
    )
    opened = await open_product(
        tmp_path / "data",
        clock,
        [(a_line(ADDRESS), settings)],
        [a_patient("p-rosa", "Rosa Jimenez", "rosa@example.com")],
    )
    yield opened
    await opened.close()


def deliver(world: MailWorld, *numbers: int) -> list[str]:
    """One mail of about 50 kB a number, which does not compress; their subjects."""
    for number in numbers:
        text = os.urandom(25_000).hex()
        raw = mail("Rosa <rosa@example.com>", ADDRESS, f"Mail {number:02}", text)
        world.imap.deliver("frontdesk", raw)
    return [f"Mail {number:02}" for number in numbers]


async def limit(product: Product, pages: int | None) -> None:
    """Let the database grow by so many pages and no more; None: the disk has room again.

    SQLite then answers SQLITE_FULL, as it does when the disk is full.
    """

    def set_limit(db: sqlite3.Connection) -> None:
        [now] = db.execute("PRAGMA page_count").fetchone()
        most = 1 << 30 if pages is None else now + pages
        db.execute(f"PRAGMA max_page_count = {most}")

    await product.repository._connections[0].run(set_limit)


async def test_a_full_disk_while_mail_comes_in(mail_world: MailWorld, product: Product) -> None:
    subjects = deliver(mail_world, 1, 2, 3)
    await product.sync()
    subjects += deliver(mail_world, *range(4, 30))
    await limit(product, 20)
    with pytest.raises(StoreError) as full:
        await product.sync()
    assert full.value.sentence == "The disk is full, so nothing more can be stored."
    assert full.value.hint
    assert {"Mail 01", "Mail 02", "Mail 03"} <= set(await product.subjects())
    await limit(product, None)
    await product.sync()
    assert await product.subjects() == subjects
    await product.check()


@pytest.mark.parametrize("pages", [0, 1, 3, 8, 16, 40, 90])
async def test_the_disk_fills_at_any_moment(
    mail_world: MailWorld, product: Product, pages: int
) -> None:
    subjects = deliver(mail_world, *range(12))
    await limit(product, pages)
    with suppress(StoreError):
        await product.sync()
    await limit(product, None)
    await product.sync()
    assert await product.subjects() == subjects
    await product.check()


async def test_the_running_office_says_that_the_disk_is_full_and_goes_on(
    mail_world: MailWorld, product: Product
) -> None:
    await product.sync()
    await limit(product, 10)
    subjects = deliver(mail_world, *range(10))

    async def told() -> bool:
        return "disk is full" in (await product.health()).sentence

    async def all_there() -> bool:
        return await product.subjects() == subjects

    async with product.running():
        await until("the line to say so", told)
        assert (await product.health()).hint
        await limit(product, None)
        await until("all mail to be there", all_there, seconds=30)
    # The office has also begun to prove the line, by a test message.
    await product.settle()
    await product.sync()
    await product.check()


async def test_when_nothing_at_all_can_be_written_somebody_is_told(
    mail_world: MailWorld, product: Product
) -> None:
    await product.sync()
    writer = product.repository._connections[0]

    async def told() -> bool:
        return any("cannot be written" in error.sentence for error in product.trouble)

    async def all_there() -> bool:
        return await product.subjects() == subjects

    async with product.running():
        await writer.run(lambda db: db.execute("PRAGMA query_only = ON"))
        subjects = deliver(mail_world, *range(3))
        await until("the back office to say so", told)
        await writer.run(lambda db: db.execute("PRAGMA query_only = OFF"))
        await until("all mail to be there", all_there, seconds=30)
    # The office has also begun to prove the line, by a test message.
    await product.settle()
    await product.sync()
    await product.check()


async def test_a_data_folder_that_cannot_be_written(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "data"
    await (await open_repository(folder, clock)).close()
    if os.geteuid() == 0:
        # Root may write everywhere, so a file where the folder has to be stands for it.
        folder = folder / "twoway.db" / "data"
    else:
        folder.chmod(0o500)
    with pytest.raises(StoreError) as refused:
        await open_repository(folder, clock)
    assert refused.value.sentence
    assert refused.value.hint


async def test_a_database_on_a_read_only_disk(mail_world: MailWorld, product: Product) -> None:
    subjects = deliver(mail_world, 1, 2)
    await product.sync()
    writer = product.repository._connections[0]
    await writer.run(lambda db: db.execute("PRAGMA query_only = ON"))
    subjects += deliver(mail_world, 3)
    with pytest.raises(StoreError) as refused:
        await product.sync()
    assert refused.value.sentence == "The data folder cannot be written to."
    assert refused.value.hint
    assert await product.subjects() == subjects[:2]
    await writer.run(lambda db: db.execute("PRAGMA query_only = OFF"))
    await product.sync()
    assert await product.subjects() == subjects
    await product.check()


async def test_a_database_from_a_later_version(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "data"
    await (await open_repository(folder, clock)).close()
    with closing(sqlite3.connect(folder / "twoway.db")) as db:
        db.execute("PRAGMA user_version = 999")
    before = (folder / "twoway.db").read_bytes()
    with pytest.raises(DatabaseTooNew) as refused:
        await open_repository(folder, clock)
    assert "999" in refused.value.sentence
    assert "newer Twoway" in refused.value.hint
    assert (folder / "twoway.db").read_bytes() == before


async def test_the_disk_fills_when_the_provider_has_just_taken_a_message(
    mail_world: MailWorld, product: Product
) -> None:
    mail_world.add_address("rosa@example.com")
    raw = mail("Rosa <rosa@example.com>", ADDRESS, "Thursday")
    mail_world.imap.deliver("frontdesk", raw, "INBOX", product.clock())
    await product.sync()
    row = await product.queue((await product.only()).id, "Yes, at ten.")
    channel = product.channels["front-desk"]
    send = channel.send

    async def fill(outgoing: Outgoing, permit: Permit, handing_over: HandingOver) -> Receipt:
        receipt = await send(outgoing, permit, handing_over)
        await limit(product, 0)
        await product.repository._connections[0].run(lambda db: db.execute("PRAGMA query_only = 1"))
        return receipt

    channel.send = fill  # type: ignore[method-assign]  # the disk fills at this very moment

    async def status() -> MessageStatus:
        return (await product.repository.outbox.get(row.id)).status

    async def told() -> bool:
        return bool(product.trouble)

    async def settled() -> bool:
        return await status() is MessageStatus.SENT

    async with product.running():
        await until("somebody to be told", told)
        assert await status() is MessageStatus.SENDING
        await product.repository._connections[0].run(lambda db: db.execute("PRAGMA query_only = 0"))
        await limit(product, None)
        await until("the outcome to be written", settled, seconds=30)
    assert len(mail_world.smtp.accepted) == 1
    await product.settle()
    await product.sync()
    await product.check()


async def test_health_that_cannot_be_kept_is_told_and_reading_goes_on(
    mail_world: MailWorld, product: Product
) -> None:
    await product.sync()

    async def told() -> bool:
        return any("disk is full" in error.sentence for error in product.trouble)

    async def all_there() -> bool:
        return await product.subjects() == subjects

    async with product.running():
        await limit(product, 0)
        subjects = deliver(mail_world, *range(5))
        await until("the back office to say so", told)
        await limit(product, None)
        await until("all mail to be there", all_there, seconds=30)
    await product.settle()
    await product.sync()
    await product.check()
