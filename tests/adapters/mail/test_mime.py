"""Raw bytes in, an `Arrival` out, whatever the bytes are."""

from __future__ import annotations

import base64
import hashlib
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.mail.charset import decode_text
from adapters.mail.header import date, decode_words, message_ids, parameters
from adapters.mail.mime import LARGE, attachment_bytes, read_mail
from inbox.address import email
from inbox.errors import ServerRefused
from inbox.message import Nature

HEAD = b"From: Rosa Jimenez <rosa@example.com>\r\nTo: frontdesk@lakeside.example\r\n"


def mail(header: bytes, body: bytes = b"Hello.\r\n") -> bytes:
    return HEAD + header.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body


@given(st.binary(max_size=600))
@example(b"")
@example(b"\r\n\r\n")
@example(b"From: \xff\xfe\x1b[31m\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x")
@settings(max_examples=150)
def test_any_bytes_become_an_arrival(raw: bytes) -> None:
    arrival = read_mail(raw)

    assert "\x1b" not in arrival.whole
    assert arrival.nature is Nature.UNREADABLE or arrival.whole is not None


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_message_is_still_read(data: st.DataObject) -> None:
    raw = bytearray(TREE)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))

    read_mail(bytes(raw))


def test_a_message_without_a_header_is_shown_raw() -> None:
    arrival = read_mail(b"just some words\nand more")

    assert arrival.nature is Nature.UNREADABLE
    assert "just some words" in arrival.whole
    assert arrival.sender is None


def test_nothing_at_all_is_an_arrival_too() -> None:
    assert read_mail(b"").nature is Nature.UNREADABLE


def test_a_header_alone_says_that_the_message_is_large() -> None:
    arrival = read_mail(mail(b"Subject: Scans"), complete=False)

    assert (arrival.subject, arrival.text) == ("Scans", LARGE)
    assert arrival.sender == email("rosa@example.com", "Rosa Jimenez")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?q?Caf=C3=A9?=", "Café"),
        ("=?UTF-8?B?Q2Fmw6k=?= today", "Café today"),
        ("=?utf-8?b?Q2Fmww==?= =?utf-8?b?qQ==?=", "Café"),  # one character in two words
        ("=?iso-8859-1?q?a?= =?utf-8?q?b?= c", "ab c"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8*de?q?gr=C3=BCn?=", "grün"),
        ("=?utf-8?q?two words?=", "two words"),
        ("=?no-such-charset?q?caf=C3=A9?=", "café"),
        ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?gb2312?b?xOO6ww==?=", "你好"),
        ("=?utf-8?b?broken", "=?utf-8?b?broken"),
        ("=?utf-8?q??=", ""),
    ],
)
def test_encoded_words_are_decoded(written: str, read: str) -> None:
    assert decode_words(written) == read


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        (b"Subject: caf\xc3\xa9", "café"),
        (b"Subject: caf\xe9", "café"),
        (b"Subject: folded\n\tsubject", "folded subject"),
        (b"Subject: =?utf-8?q?evil=1B[2Jtext?=", "eviltext"),
        (b"Subject: \xe2\x80\xaeoverride", "override"),
        (b"Subject : blanks before the colon", "blanks before the colon"),
    ],
)
def test_subjects_are_read_and_made_safe(header: bytes, subject: str) -> None:
    assert read_mail(mail(header)).subject == subject


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('attachment; filename="a b.pdf"', "a b.pdf"),
        ("attachment; filename=a.pdf", "a.pdf"),
        ("attachment; filename*=utf-8''%C3%A4.pdf", "ä.pdf"),
        ("attachment; filename*0*=utf-8''%C3%A4; filename*1=b; filename*2*=%20c.pdf", "äb c.pdf"),
        ('attachment; filename="=?utf-8?b?w6QucGRm?="', "ä.pdf"),
        ('attachment; filename="a\\"b.pdf"; size=3', 'a"b.pdf'),
        ("attachment; filename*=iso-8859-1''%E4.pdf; filename=x.pdf", "ä.pdf"),
    ],
)
def test_file_names_are_read(value: str, name: str) -> None:
    assert parameters(value)["filename"] == name


def test_a_file_name_is_safe_to_save() -> None:
    header = b'Content-Disposition: attachment; filename="../../etc/\x1b[31mpasswd"'
    arrival = read_mail(mail(header))

    assert [file.name for file in arrival.attachments] == ["passwd"]


@pytest.mark.parametrize(
    ("header", "people"),
    [
        (b"To: A <a@x.example>, b@x.example", ["a@x.example", "b@x.example"]),
        (b"To: Team: a@x.example, B <b@x.example>;", ["a@x.example", "b@x.example"]),
        (b"To: undisclosed-recipients:;", []),
        (b'To: "Lee, Ann" <a@x.example>; b@x.example', ["a@x.example", "b@x.example"]),
        (b"To: =?utf-8?q?Lee=2C_Ann?= <a@x.example>", ["a@x.example"]),
        (b"To: Ann Lee a@x.example", ["a@x.example"]),
        (b"To: a@x.example (Ann (and Bo))", ["a@x.example"]),
        (b"To: <@route,@other:a@x.example>", ["a@x.example"]),
        (b"To: a @ x . example", ["a@x.example"]),
        (b'To: "odd local"@x.example', ['"odd local"@x.example']),
    ],
)
def test_recipients_are_read(header: bytes, people: list[str]) -> None:
    raw = b"From: rosa@example.com\r\n" + header + b"\r\n\r\nHi\r\n"

    assert [one.value for one in read_mail(raw).to] == people


def test_the_first_usable_from_is_the_sender() -> None:
    raw = b"From: Nobody\r\nFrom: Ann <ann@example.com>\r\nSubject: x\r\n\r\n"
    arrival = read_mail(raw)

    assert arrival.sender == email("ann@example.com", "Ann")
    assert "It has more than one From." in arrival.defects


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 2 Mar 2026 09:00:00 -0600", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("2 Mar 2026 09:00", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("Mon, 2 Mar 26 09:00:00 EST", datetime(2026, 3, 2, 14, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 09:00:00 -0000", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02T09:00:00+01:00", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("yesterday", None),
        ("Mon, 99 Mar 2026 99:00:00 +9999", None),
        ("", None),
    ],
)
def test_dates_are_aware_or_none(value: str, expected: datetime | None) -> None:
    assert date([value]) == expected


def test_the_offset_of_the_sender_is_kept() -> None:
    told = read_mail(mail(b"Date: Mon, 2 Mar 2026 09:00:00 -0600")).sent_at

    assert told is not None
    assert told.tzinfo == timezone(timedelta(hours=-6))


def test_ids_are_cleaned_and_capped() -> None:
    many = " ".join(f"<{number}@example.com>" for number in range(5000))
    ids = message_ids(many)

    assert (len(ids), ids[0], ids[-1]) == (101, "0@example.com", "4999@example.com")
    assert message_ids("<a@x>\r\n <b\t@x> <> <a@x>") == ("a@x", "b@x")
    assert message_ids('"your message" of <a@x>') == ("a@x",)
    assert message_ids("a@x b@x") == ("a@x", "b@x")


def test_addresses_are_kept_as_received() -> None:
    arrival = read_mail(
        b"Return-Path: <Bounce@Example.com>\r\nDelivered-To: frontdesk@lakeside.example\r\n"
        b"X-Original-To: Desk@lakeside.example\r\nReply-To: Rosa <R@example.com>\r\n"
        + mail(b"X-Twoway-Probe: abc-123")
    )

    assert arrival.nature is Nature.PROBE
    assert arrival.received.return_path == "Bounce@Example.com"
    assert arrival.received.reply_to == "R@example.com"
    assert arrival.received.from_ == "rosa@example.com"
    assert arrival.received.delivered_to == (
        "frontdesk@lakeside.example",
        "Desk@lakeside.example",
    )
    assert arrival.received.probe_token == "abc-123"


def test_the_null_path_is_told_from_no_path() -> None:
    assert read_mail(b"Return-Path: <>\r\n" + mail(b"Subject: x")).received.return_path == ""
    assert read_mail(mail(b"Subject: x")).received.return_path is None


PDF = b"%PDF-1.7\x00\xff binary"
TREE = mail(
    b'Subject: Forms\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="out"',
    b"--out\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
    b"--in\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nSch\xf6n.\r\n"
    b"--in\r\nContent-Type: text/html\r\n\r\n<p>Sch&ouml;n.</p>\r\n--in--\r\n"
    b"--out\r\nContent-Type: text/plain\r\n\r\nSecond text.\r\n"
    b"--out\r\nContent-Type: application/pdf; name=form.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n"
    + base64.encodebytes(PDF)
    + b"\r\n--out\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\nInside.\r\n"
    b"--out--\r\n",
)


def test_texts_are_joined_and_files_listed() -> None:
    arrival = read_mail(TREE)

    assert arrival.text == "Schön.\n\nSecond text."
    assert [(f.part, f.name, f.media_type) for f in arrival.attachments] == [
        ("3", "form.pdf", "application/pdf"),
        ("4", "Inner.eml", "message/rfc822"),
    ]
    assert arrival.attachments[0].sha256 == hashlib.sha256(PDF).hexdigest()
    assert arrival.attachments[0].size == len(PDF)
    assert attachment_bytes(TREE, "3") == PDF
    assert b"Inside." in attachment_bytes(TREE, "4")


@pytest.mark.parametrize("part", ["9", "", "3.1", "nonsense"])
def test_a_part_that_is_not_there_is_refused(part: str) -> None:
    with pytest.raises(ServerRefused, match="no such attachment"):
        attachment_bytes(TREE, part)


def test_html_speaks_when_the_plain_text_says_nothing() -> None:
    page = b"<p>" + b"Your results are in and we should talk about them. " * 60 + b"</p>"
    body = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nThis mail needs HTML.\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n" + page + b"\r\n--b--\r\n"
    )
    arrival = read_mail(mail(b"Content-Type: multipart/alternative; boundary=b", body))

    assert "Your results are in" in arrival.text


@pytest.mark.parametrize(
    ("header", "body", "text"),
    [
        (b"Content-Transfer-Encoding: base64", b"SGVsbG8\r\n", "Hello"),
        (b"Content-Transfer-Encoding: base64", b"SGVs!!bG8=\r\n", "Hello"),
        (b"Content-Transfer-Encoding: quoted-printable", b"a=3Db=\r\nc =XY", "a=bc =XY"),
        (
            b"Content-Transfer-Encoding: x-uuencode",
            b"begin 644 a\r\n%2&5L;&\\ \r\n`\r\nend\r\n",
            "Hello",
        ),
        (b"Content-Type: text/plain; charset=klingon", "grün".encode(), "grün"),
        (b"Content-Type: text/plain; charset=us-ascii", b"gr\xfcn", "grün"),
        (b"Content-Type: text/plain; charset=utf-16", b"plain", "plain"),
        (b"Content-Type: text/plain; charset=x-sjis", "日本".encode("cp932"), "日本"),
        (b"Content-Type: text/plain; charset=rot13", b"hello", "hello"),
        (
            b"Content-Type: text/plain; format=flowed",
            b"one \r\ntwo\r\n> q \r\n> r\r\n-- \r\nRosa\r\n",
            "one two\n> q r\n-- \nRosa",
        ),
        (b"Content-Type: text/plain; format=flowed; delsp=yes", b"ab \r\ncd\r\n", "abcd"),
    ],
)
def test_bodies_are_decoded(header: bytes, body: bytes, text: str) -> None:
    assert read_mail(mail(header, body)).whole.rstrip() == text


@given(st.binary(max_size=200), st.text(max_size=30))
@settings(max_examples=80)
def test_any_charset_label_yields_text(data: bytes, label: str) -> None:
    decode_text(data, label).encode("utf-8", "surrogatepass")


def test_a_calendar_is_a_file() -> None:
    body = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nPlease come.\r\n--b\r\n"
        b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n"
    )
    arrival = read_mail(mail(b"Content-Type: multipart/alternative; boundary=b", body))

    assert arrival.text == "Please come."
    assert [file.name for file in arrival.attachments] == ["attachment.ics"]


def _nest(depth: int) -> bytes:
    levels = (b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
              for n in range(depth))  # fmt: skip
    return HEAD + b"Subject: deep\r\n" + b"".join(levels) + b"\r\nthe end"


@pytest.mark.parametrize("depth", [100, 3000, 30_000])
def test_a_nesting_bomb_is_shown_raw(depth: int) -> None:
    started = time.perf_counter()
    arrival = read_mail(_nest(depth))

    assert time.perf_counter() - started < 2
    assert (arrival.nature, arrival.subject) == (Nature.UNREADABLE, "deep")
    assert "boundary" in arrival.whole
    assert arrival.sender is not None


def test_many_forwarded_messages_are_no_bomb() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=i%d\r\n\r\n--i%d\r\n\r\nx\r\n--i%d--\r\n"
    parts = (b"--out\r\nContent-Type: message/rfc822\r\n\r\nSubject: s\r\n" + inner % (n, n, n)
             for n in range(120))  # fmt: skip
    raw = mail(b"Content-Type: multipart/mixed; boundary=out", b"".join(parts) + b"--out--\r\n")

    assert len(read_mail(raw).attachments) == 120


def test_ten_thousand_recipients_are_read() -> None:
    people = b",\r\n ".join(b'"Person %d" <p%d@example.com>' % (n, n) for n in range(10_000))
    started = time.perf_counter()
    arrival = read_mail(b"From: a@example.com\r\nTo: " + people + b"\r\n\r\nHi\r\n")

    assert len(arrival.to) == 10_000
    assert arrival.to[-1] == email("p9999@example.com", "Person 9999")
    assert time.perf_counter() - started < 2


def test_twenty_megabytes_of_html_are_read() -> None:
    page = b"<p>Hello <b>there</b>, <a href='https://x.example/a'>look</a>.</p>\r\n" * 300_000
    raw = mail(b"Content-Type: text/html", b"<html><body>" + page)
    assert len(raw) > 20_000_000

    started = time.process_time()
    arrival = read_mail(raw)

    assert time.process_time() - started < 3
    assert arrival.text.startswith("Hello there, look <https://x.example/a>.")


@pytest.mark.parametrize(
    "hostile",
    [b"=?utf-8?q?a" * 20_000, b"(" * 200_000, b'"\\' * 100_000, b"<" * 200_000, b"a@b " * 50_000],
    ids=["words", "comments", "quotes", "angles", "sizes"],
)
def test_hostile_headers_take_no_time(hostile: bytes) -> None:
    started = time.process_time()
    read_mail(
        b"From: " + hostile + b"\r\nTo: " + hostile + b"\r\nSubject: " + hostile + b"\r\n\r\n"
    )

    assert time.process_time() - started < 3
