"""Mail that is wrong or meant badly: each becomes a message, and nothing else suffers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from adapters.mail.channel import MailChannel
from adapters.mail.settings import ImapSettings, MailSettings, SmtpSettings
from demo.world import MailWorld
from inbox.channel import Batch, RawItem, RemoteId
from inbox.filing import Filer
from inbox.line import LineState
from inbox.message import Arrival, Message, Nature
from tests.badinput.conftest import ADDRESS
from tests.clock import FakeClock
from tests.demo.fixtures import mail_world
from tests.interop.product import Product, a_line, mail, open_product

__all__ = ["mail_world"]

GOOD = "An ordinary question"
LONGEST_PAUSE = 0.2
"""Seconds that the event loop, and so the screen, may stand still."""


def body(text: str, *head: str) -> bytes:
    """A mail with these header lines and this text, byte by byte."""
    return "\r\n".join([*head, "", text, ""]).encode("utf-8", "surrogateescape")


def nested(depth: int) -> bytes:
    """A multipart in a multipart in a multipart."""
    lines = ["From: rosa@example.com", f"To: {ADDRESS}", "Subject: Nested", "MIME-Version: 1.0"]
    for level in range(depth):
        lines += [f'Content-Type: multipart/mixed; boundary="b{level}"', "", f"--b{level}"]
    lines += ["Content-Type: text/plain", "", "The words at the bottom."]
    lines += [f"--b{level}--" for level in reversed(range(depth))]
    return "\r\n".join(lines).encode()


def many(count: int) -> bytes:
    written = EmailMessage(policy=SMTP)
    written["From"] = "rosa@example.com"
    written["To"] = ", ".join(f"person{number}@example.com" for number in range(count))
    written["Cc"] = ADDRESS
    written["Subject"] = "To everybody"
    written.set_content("Hello to all of you.")
    return written.as_bytes()


ESCAPES = "\x1b]0;title\x07\x1b[2J\x1b[31mred \u202egnp.exe \u200b\x9b1m done"

BAD: dict[str, bytes] = {
    "no header at all": b"just words without any header\r\nand a second line\r\n",
    "empty": b"",
    "one line feed": b"\n",
    "header only": b"Subject: Nothing below\r\n",
    "binary": bytes(range(256)) * 40,
    "nul bytes": body("be\x00fore and af\x00ter", "From: rosa@example.com", "Subject: N\x00UL"),
    "escape sequences": body(
        ESCAPES, f"From: {ESCAPES} <rosa@example.com>", f"Subject: {ESCAPES}", f"To: {ADDRESS}"
    ),
    "encoded escapes": body(
        "words", "From: rosa@example.com", "Subject: =?utf-8?q?=1B[2J=1B]0;x=07clean=E2=80=AE?="
    ),
    "duplicate headers": body(
        "words",
        "From: rosa@example.com",
        "From: omar@example.com",
        "Subject: First",
        "Subject: Second",
        "Message-ID: <a@x.example>",
        "Message-ID: <b@x.example>",
        "Date: Mon, 2 Mar 2026 09:00:00 -0600",
        "Date: yesterday",
        "Content-Type: text/plain",
        "Content-Type: text/html",
    ),
    "deep nesting": nested(300),
    "ten thousand recipients": many(10_000),
    "endless header line": body("words", "From: rosa@example.com", "Subject: " + "x" * 500_000),
    "ten thousand headers": body("words", *(f"X-{number}: y" for number in range(10_000))),
    "unknown charset": body(
        "words", "From: rosa@example.com", "Content-Type: text/plain; charset=klingon-7"
    ),
    "broken base64": body(
        "%%%%not base64",
        "From: rosa@example.com",
        "Content-Type: text/plain",
        "Content-Transfer-Encoding: base64",
    ),
    "boundary that never comes": body(
        "words", "From: rosa@example.com", 'Content-Type: multipart/mixed; boundary="never"'
    ),
    "date beyond time": body("words", "From: a@example.com", "Date: Mon, 99 Foo 99999 99:99 +9999"),
    "surrogates": body("bad \udce4 byte", "From: \udcff@example.com", "Subject: \udc80\udcfe"),
    "ids full of nonsense": body(
        "words",
        "From: rosa@example.com",
        "Message-ID: <<>><a b>>",
        "References: " + "<x@y> " * 9000,
    ),
}


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
    opened = await open_product(tmp_path / "data", clock, [(a_line(ADDRESS), settings)])
    yield opened
    await opened.close()


@asynccontextmanager
async def heartbeat() -> AsyncIterator[Callable[[], float]]:
    """A task that ticks; gives the longest pause between two ticks so far, in seconds."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            longest, last = max(longest, now - last), now

    task = asyncio.create_task(beat())
    try:
        yield lambda: longest
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def is_safe(text: str) -> bool:
    """Whether nothing in a text acts on a terminal or hides."""
    return not any(
        (ord(char) < 32 and char not in "\n\t")
        or 0x7F <= ord(char) < 0xA0
        or char in "\u202e\u200b"
        for char in text
    )


def shown(message: Message) -> list[str]:
    """Every text of a message that reaches a screen."""
    people = [message.sender, *message.to, *message.cc, *message.reply_to]
    named = [part for one in people if one is not None for part in (one.name, one.value)]
    return [message.subject, message.text, message.whole, *named]


@pytest.mark.parametrize("name", BAD)
async def test_bad_mail_is_stored_and_shown(
    mail_world: MailWorld, product: Product, name: str
) -> None:
    mail_world.imap.deliver("frontdesk", mail("omar@example.com", ADDRESS, GOOD))
    mail_world.imap.deliver("frontdesk", BAD[name])
    mail_world.imap.deliver("frontdesk", mail("ann@example.com", ADDRESS, GOOD + " too"))
    await product.sync()
    health = await product.health()
    assert (health.state, health.sentence) == (LineState.READY, "")
    messages = await product.messages()
    assert len(messages) == 3
    assert {GOOD, GOOD + " too"} <= {one.subject for one in messages}
    [bad] = [one for one in messages if not one.subject.startswith(GOOD)]
    assert bad.raw_id is not None
    # The loopback server drops the last line feed of a mail without a body; Dovecot does not.
    kept = (await product.repository.raw.content(bad.raw_id)).content
    assert kept.rstrip(b"\n") == BAD[name].rstrip(b"\n")
    assert all(is_safe(text) for text in shown(bad))
    row = await product.repository.conversations.row(bad.conversation_id)
    assert all(is_safe(text) for text in (row.title, row.subject, row.snippet, row.person))
    view = await product.desk.open(row.id)
    assert view.messages
    await product.check()


async def test_all_of_it_at_once(mail_world: MailWorld, product: Product) -> None:
    for raw in BAD.values():
        mail_world.imap.deliver("frontdesk", raw)
    await product.sync()
    assert len(await product.messages()) == len(BAD)
    [inbox, _] = await product.counts()
    assert inbox.server == inbox.stored + inbox.quarantined == len(BAD)
    assert [hit async for hit in _searches(product)]


async def _searches(product: Product) -> AsyncIterator[int]:
    for words in ("words", "hello", "bottom", '"', "\x00", "NEAR(", "*"):
        for hit in (await product.desk.searching.find(words)).hits:
            yield hit.message_id


async def test_what_cannot_be_read_is_quarantined_and_in_sight(
    mail_world: MailWorld, product: Product
) -> None:
    mail_world.imap.deliver("frontdesk", BAD["no header at all"])
    await product.sync()
    row = await product.only()
    assert row.needs_look
    [message] = await product.messages(row.id)
    assert message.nature is Nature.UNREADABLE
    assert "just words without any header" in message.text


HTML = [
    "<p>A sentence of an ordinary letter, with <b>bold</b> words and a &amp; sign.</p>",
    "<div><table><tr><td>",
    "<!-- x --><a href='https://example.com/?a=1&b=2'>link</a>",
    "&nbsp;<span style='color:red'>",
    "<" * 100,
]


def test_thousands_of_parts_within_parts_are_read_in_time(clock: FakeClock) -> None:
    """No loopback server takes this one, so the adapter is given it as it is."""
    settings = MailSettings(
        ImapSettings("127.0.0.1", 1, "none", "frontdesk"),
        SmtpSettings("127.0.0.1", 1, "none"),
        lambda: "secret",
    )
    channel = MailChannel(a_line(ADDRESS), settings, clock)

    def read(depth: int) -> tuple[Arrival, float]:
        raw = nested(depth)
        item = RawItem(RemoteId("INBOX", "1", "1"), raw, clock(), len(raw))
        begun = time.perf_counter()
        return channel.convert(item), time.perf_counter() - begun

    read(10)
    _, reference = read(300)
    arrival, took = read(30_000)
    assert "The words at the bottom." in arrival.whole
    assert took < 1000 * reference + 1


def letter(piece: str, size: int) -> bytes:
    """An HTML mail of this size, made of one piece over and over."""
    written = EmailMessage(policy=SMTP)
    written["From"] = "rosa@example.com"
    written["Subject"] = f"{size} bytes"
    written.set_content("x", subtype="html")
    head = written.as_bytes().partition(b"\r\n\r\n")[0]
    lines = (piece + "\r\n").encode() * (size // (len(piece) + 2))
    return head.replace(b"base64", b"7bit") + b"\r\n\r\n" + lines


async def test_twenty_megabytes_of_html_come_in_whole(
    mail_world: MailWorld, product: Product
) -> None:
    raw = letter(HTML[0], 20_000_000)
    mail_world.imap.deliver("frontdesk", raw)
    mail_world.imap.deliver("frontdesk", mail("omar@example.com", ADDRESS, GOOD))
    await product.sync()
    assert await product.subjects() == ["20000000 bytes", GOOD]
    [large] = [one for one in await product.messages() if one.subject != GOOD]
    assert (await product.repository.raw.content(large.raw_id or 0)).content == raw
    await product.check()


@pytest.mark.parametrize("piece", HTML, ids=["plain", "nested", "links", "spans", "brackets"])
async def test_twenty_megabytes_of_html_stop_nobody(product: Product, piece: str) -> None:
    """Stored and read without a server: one in this process would pause it for its own reasons."""
    channel = product.channels["front-desk"]
    filer = Filer(product.repository, product.practice, product.clock)

    def item(uid: int, raw: bytes) -> RawItem:
        return RawItem(RemoteId("INBOX", "1", str(uid)), raw, product.clock(), len(raw))

    async def take(uid: int, size: int) -> tuple[float, float]:
        after = mail("omar@example.com", ADDRESS, f"After {uid}")
        items = (item(uid, letter(piece, size)), item(uid + 1, after))
        begun = time.monotonic()
        async with heartbeat() as longest:
            batch = Batch("INBOX", "1", items, "")
            await product.repository.raw.save_batch("front-desk", batch, product.clock())
            await filer.drain(channel)
        return time.monotonic() - begun, longest()

    await take(1, 100_000)
    small, _ = await take(3, 2_000_000)
    large, pause = await take(5, 20_000_000)
    print(f"{piece[:12]!r}: 2 MB {small:.2f} s, 20 MB {large:.2f} s, longest pause {pause:.3f} s")
    # Ten times the bytes take some ten times as long, not a hundred times.
    assert large < 30 * small + 1
    for uid in (7, 9, 11):
        if pause >= LONGEST_PAUSE:
            # A busy machine pauses everybody now and then; a blocked loop pauses each time.
            pause = min(pause, (await take(uid, 20_000_000 + uid))[1])
    assert pause < LONGEST_PAUSE
    assert {"20000000 bytes", "After 5", "2000000 bytes"} <= set(await product.subjects())
