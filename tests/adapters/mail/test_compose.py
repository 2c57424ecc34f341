"""What leaves: every header says what it should, nothing can be smuggled in, and it reads back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mail.address import valid_address, wire_address
from adapters.mail.compose import needs_smtputf8, write_mail
from adapters.mail.mime import attachment_bytes, read_mail
from inbox.address import ChannelKind, email
from inbox.errors import NotSent
from inbox.line import Line
from inbox.message import Nature
from inbox.outgoing import Outgoing, OutgoingAttachment
from inbox.plain import file_name, plain_line, plain_text

AT = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=-6)))
DESK = Line("front-desk", ChannelKind.EMAIL, "frontdesk@lakeside.example", "Lakeside front desk")


def outgoing(**changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "outbox_id": 1,
        "uuid": "u",
        "line": DESK,
        "to": (email("rosa@example.com", "Rosa Jimenez"),),
        "subject": "Thursday",
        "text": "See you at nine.",
        "message_id": "m1@lakeside.example",
        "created_at": AT,
    }
    return Outgoing(**(values | changes))


def written(**changes: Any) -> bytes:
    return write_mail(outgoing(**changes), user_agent="Twoway/0.1.0")


def test_every_address_of_ours_is_the_line() -> None:
    message = message_from_bytes(written())

    assert message["From"] == "Lakeside front desk <frontdesk@lakeside.example>"
    assert message["Reply-To"] == "frontdesk@lakeside.example"
    assert message["To"] == "Rosa Jimenez <rosa@example.com>"
    assert message["Date"] == "Mon, 02 Mar 2026 09:00:00 -0600"
    assert message["Message-ID"] == "<m1@lakeside.example>"
    assert message["User-Agent"] == "Twoway/0.1.0"
    assert message["Bcc"] is None
    assert message["Auto-Submitted"] is None


def test_an_answer_names_what_it_answers() -> None:
    references = tuple(f"{number}@example.com" for number in range(100))
    raw = written(in_reply_to="99@example.com", references=references)
    arrival = read_mail(raw)

    assert arrival.in_reply_to == ("99@example.com",)
    assert arrival.references[0] == "0@example.com"
    assert arrival.references[-1] == "99@example.com"
    assert len(arrival.references) == 30


def test_the_answered_id_is_the_last_reference() -> None:
    arrival = read_mail(written(in_reply_to="b@example.com", references=("a@example.com",)))

    assert arrival.references == ("a@example.com", "b@example.com")


def test_a_probe_says_that_a_machine_sent_it() -> None:
    raw = written(probe_token="abc123")
    message = message_from_bytes(raw)

    assert (message["X-Twoway-Probe"], message["Auto-Submitted"]) == ("abc123", "auto-generated")
    assert read_mail(raw).nature is Nature.PROBE


def test_lines_are_short_and_end_with_crlf() -> None:
    raw = written(text="x" * 5000 + "\ny", subject="s" * 900, message_id="i" * 300 + "@x.example")

    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@evil.example", "a\n\nbody", "a\rX: y", "a\x00b"])
def test_no_header_can_be_smuggled_in(evil: str) -> None:
    file = OutgoingAttachment(evil, "text/plain\r\nX: y", b"data")
    line = Line("front-desk", ChannelKind.EMAIL, "frontdesk@lakeside.example", evil)
    raw = written(
        subject=evil,
        line=line,
        to=(email("rosa@example.com", evil),),
        references=(evil, "ok@x.example"),
        in_reply_to=evil,
        attachments=(file,),
    )
    names = {name.lower() for name, _ in message_from_bytes(raw).items()}

    assert names == {
        "from", "reply-to", "to", "subject", "date", "message-id", "references", "user-agent",
        "mime-version", "content-type",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"to": (email("rosa@example.com\r\nBcc: x@y.example"),)},
        {"to": (email("no address"),)},
        {"to": (email("a@x.example, b@x.example"),)},
        {"to": ()},
        {"message_id": "a b"},
        {"message_id": "a>\r\nX: y"},
        {"message_id": ""},
        {"probe_token": "a\r\nX: y"},
    ],
)
def test_what_cannot_be_written_is_not_sent(changes: dict[str, Any]) -> None:
    with pytest.raises(NotSent) as caught:
        written(**changes)

    assert caught.value.hint


def test_addresses_of_every_script_are_written() -> None:
    to = (email("jürgen@müller.example", "Jürgen"), email("юзер@екзампл.example"))
    arrival = read_mail(written(to=to))

    assert [one.value for one in arrival.to] == [wire_address(one.value) for one in to]
    assert arrival.to[0].value == "jürgen@xn--mller-kva.example"
    assert needs_smtputf8(outgoing(to=to))
    assert not needs_smtputf8(outgoing(to=(email("a@müller.example"),)))


def test_the_same_message_is_the_same_bytes() -> None:
    files = (OutgoingAttachment("a.pdf", "application/pdf", b"%PDF"),)

    assert written(attachments=files) == written(attachments=files)


def test_a_message_as_a_file_arrives_as_it_is() -> None:
    inner = b"Subject: inner\n\nhi"
    raw = written(attachments=(OutgoingAttachment("a.eml", "message/rfc822", inner),))
    (file,) = read_mail(raw).attachments

    assert (file.name, attachment_bytes(raw, file.part)) == ("a.eml", inner)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(
    subject=TEXT,
    text=TEXT,
    name=TEXT,
    file=st.tuples(TEXT, st.binary(max_size=200)),
    ids=st.lists(
        st.from_regex(r"[a-z0-9.]{1,80}@[a-z]{1,20}\.example", fullmatch=True), max_size=8
    ),
)
@settings(max_examples=100)
def test_what_is_written_reads_back(
    subject: str, text: str, name: str, file: tuple[str, bytes], ids: list[str]
) -> None:
    raw = written(
        subject=subject,
        text=text,
        to=(email("rosa@example.com", name),),
        references=tuple(ids),
        attachments=(OutgoingAttachment(file[0], "application/pdf", file[1]),),
    )
    arrival = read_mail(raw)

    assert arrival.subject == plain_line(subject)
    assert arrival.whole.split() == plain_text(text).split()
    assert arrival.sender == DESK.as_address
    assert arrival.to[0].value == "rosa@example.com"
    assert arrival.to[0].name == _shown_name(name)
    assert arrival.references == tuple(dict.fromkeys(ids))
    assert arrival.sent_at == AT
    assert [one.name for one in arrival.attachments] == [file_name(file_name(file[0]))]
    assert attachment_bytes(raw, arrival.attachments[0].part) == file[1]


def _shown_name(name: str) -> str:
    """A name as it comes back: on one line, without the quotes some programs put around it."""
    return plain_line(name, 200).strip("'")


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("ann@example.com", True),
        ("ann+tag@sub.example.com", True),
        ('"odd one"@example.com', True),
        ("ann@müller.example", True),
        ("ann@localhost", False),
        ("ann.@example.com", False),
        ("ann@example.com\n", False),
        ("Ann <ann@example.com>", False),
        ("", False),
        ("@", False),
    ],
)
def test_addresses_are_checked(value: str, valid: bool) -> None:
    assert valid_address(value) is valid
