"""Mail that is cut at its boundaries is the very mail that `email` takes apart line by line."""

from __future__ import annotations

import base64
import hashlib
import random
import tracemalloc
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from adapters.mail.mime import attachment_bytes, read_mail
from adapters.mail.part import MailMessage, leaves, parse, read_parts, tidy, too_deep
from adapters.mail.tree import cut
from benchmarks.mails import mails

LETTER = b"From: a@example.com\r\nSubject: x\r\n"
MIXED = LETTER + b'Content-Type: multipart/mixed; boundary="=_1"\r\n\r\n'
PIECES = (
    b"\r\n", b"\n", b"\r", b"--", b" ", b"\t", b"\r\n\r\n", b":", b"\r\n--=_1\r\n", b"\r\n--=_1--",
    b"\x85", b"\x0c", b"\xe2\x80\xa8", b"From x\r\n", b"Content-Type: message/rfc822\r\n",
)  # fmt: skip


def told(message: Message) -> object:
    """All that a parsed message holds."""
    payload = message._payload  # type: ignore[attr-defined]  # what get_payload decodes
    if isinstance(payload, memoryview):
        payload = bytes(payload).decode("ascii", "surrogateescape")
    return (
        message._headers,  # type: ignore[attr-defined]  # with their order and case
        message.preamble,
        message.epilogue,
        message.get_unixfrom(),
        message.get_default_type(),
        [type(defect) for defect in message.defects],
        [told(part) for part in payload] if isinstance(payload, list) else payload,
    )


def check(raw: bytes) -> bool:
    """Compare the two ways; return whether the quick one took the mail."""
    raw = tidy(raw)
    if too_deep(raw):
        return False
    quick = cut(raw, MailMessage)
    if quick is None:
        return False
    assert told(quick) == told(message_from_bytes(raw, _class=MailMessage))
    return True


@pytest.mark.parametrize(
    "raw",
    [
        LETTER + b"\r\nHello\r\n",
        LETTER + b"\r\n",
        LETTER + b"Folded: one\r\n two\r\n\tthree \r\n\r\nHello \xe2\x98\xba",
        MIXED + b"before\r\n--=_1\r\n\r\none\r\n--=_1 \t\r\nX: y\r\n\r\n\r\n--=_1--\r\nbehind\r\n",
        MIXED + b"--=_1\r\n\r\n--=_1x is no boundary\r\n-- --=_1\r\n--=_1--",
        MIXED.replace(b"\r\n", b"\n") + b"--=_1\n\none\n\n--=_1\nA: b\n\ntwo\n--=_1--\n",
        MIXED
        + b"--=_1\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\na\r\n"
        b"--in--\r\n\r\n--=_1\r\n\r\nb\r\n--=_1--\r\n",
    ],
)
def test_ordinary_mail_is_cut(raw: bytes) -> None:
    assert check(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header\r\n",
        LETTER,
        b" continued\r\n" + LETTER + b"\r\n",
        b"From me\r\n" + LETTER + b"\r\nHello",
        LETTER + b"\r\nalone\rreturn",
        MIXED + b"--=_1\r\n\r\nnever closed\r\n",
        MIXED + b"--=_1\r\n--=_1\r\n\r\ntwice\r\n--=_1--\r\n",
        MIXED + b"no boundary at all",
        LETTER + b"Content-Type: multipart/mixed\r\n\r\nHello",
        LETTER + b"Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nX: y\r\n--a--\r\n",
        LETTER + b"Content-Type: message/rfc822\r\n\r\n" + LETTER + b"\r\nHello",
        MIXED.replace(b"Subject", b"Content-Transfer-Encoding: base64\r\nSubject")
        + b"--=_1\r\n\r\none\r\n--=_1--\r\n",
    ],
)
def test_what_is_unusual_is_left_to_the_parser(raw: bytes) -> None:
    assert cut(tidy(raw), MailMessage) is None


def test_damaged_mail_is_never_read_otherwise() -> None:
    dice = random.Random(5)
    kept = [*mails(40), MIXED + b"--=_1\r\n\r\none\r\n--=_1\r\n\r\ntwo\r\n--=_1--\r\n"]
    taken = 0
    for _ in range(1500):
        raw = bytearray(dice.choice(kept)[: dice.choice((600, 3000, 100_000))])
        for _ in range(dice.randint(0, 5)):
            at = dice.randrange(len(raw))
            if dice.random() < 0.3:
                del raw[at : at + dice.randint(1, 40)]
            else:
                raw[at:at] = dice.choice(PIECES)
            if not raw:
                break
        taken += check(bytes(raw))
    assert taken > 200


def large(encoding: str, body: bytes) -> bytes:
    """A mail with one large file."""
    return (
        MIXED + b"--=_1\r\n\r\nSee the file.\r\n--=_1\r\nContent-Type: image/png; name=a.png\r\n"
        b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + body + b"\r\n--=_1--\r\n"
    )  # fmt: skip


LINES = base64.encodebytes(random.Random(4).randbytes(2_500_001)).replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("base64", LINES),
        ("base64", LINES + b" \r\n" * 600_000),
        ("base64", LINES + LINES),
        ("base64", LINES[:-1005]),
        ("base64", b"=" + LINES),
        ("base64", LINES.replace(b"A", b"*", 1)),
        ("base64", b"QUJD" * 300_000),
        ("8bit", random.Random(4).randbytes(2_000_000).replace(b"\r", b"\n")),
        ("quoted-printable", b"=C4=8Cesko =\r\n" * 100_000),
    ],
)
def test_a_large_file_is_measured_where_it_lies(encoding: str, body: bytes) -> None:
    raw = large(encoding, body)
    assert check(raw)
    part = list(leaves(parse(raw)))[1]
    assert part.message.view is not None
    (told,) = read_mail(raw).attachments
    content = attachment_bytes(raw, "2")
    assert (told.size, told.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    usual = read_parts(message_from_bytes(raw, _class=MailMessage))
    assert content == list(leaves(usual))[1].content()


def test_a_large_file_is_not_copied() -> None:
    raw = large("base64", b"QUJD" * 5_000_000)
    tracemalloc.start()
    try:
        read_mail(raw)
        assert tracemalloc.get_traced_memory()[1] < len(raw) / 2
    finally:
        tracemalloc.stop()


def test_most_mail_of_a_practice_is_ordinary() -> None:
    assert all(check(raw) for raw in mails(60))


def test_public_mail_is_read_the_same(corpora: Path) -> None:
    files = [file for file in corpora.rglob("*") if file.is_file()]
    taken = sum(check(file.read_bytes()) for file in files if file.stat().st_size < 2_000_000)
    assert taken > 200
