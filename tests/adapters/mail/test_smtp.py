"""Handing mail over to a real SMTP server that misbehaves at each step."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from adapters.mail.settings import SmtpSettings
from adapters.mail.smtp import Envelope, Submitted, speaks_of_sender, submit
from adapters.mail.trouble import client_context, server_words
from demo.proxy import Fault, FaultProxy
from demo.smtp import SmtpServer, Trouble
from inbox.errors import ConfigurationError, NotSent, OutcomeUnknown

SENDER = "frontdesk@lakeside.example"
ROSA, OMAR = "rosa@example.com", "omar@example.com"
RAW = b"From: frontdesk@lakeside.example\r\nSubject: x\r\n\r\n.dots\r\n..\r\nFrom here\r\n"
SECRET = "s3cret-pw"


class Line:
    """A server, a proxy before it, and what happened at the point of no return."""

    def __init__(self, server: SmtpServer, proxy: FaultProxy) -> None:
        self.server = server
        self.proxy = proxy
        self.settings = SmtpSettings(
            "127.0.0.1", proxy.port, "none", None, True, 0.5, read_timeout=0.4, data_timeout=0.4
        )
        self.handed_over = 0
        self.password: str | None = None
        self.context: ssl.SSLContext | None = None

    async def _handing_over(self) -> None:
        assert self.server.accepted == []
        self.handed_over += 1

    async def submit(self, *recipients: str, sender: str = SENDER, raw: bytes = RAW) -> Submitted:
        return await submit(
            self.settings,
            Envelope(sender, recipients or (ROSA,), raw),
            password=self.password,
            context=self.context,
            handing_over=self._handing_over,
        )

    async def fails(self, *recipients: str, **more: str) -> NotSent:
        """Submit, make sure that nothing left, and give the error."""
        with pytest.raises(NotSent) as caught:
            await self.submit(*recipients, **more)  # type: ignore[arg-type]  # texts only here
        assert self.server.accepted == []
        text = str(caught.value)
        assert SECRET not in text
        assert "@" not in text
        assert caught.value.hint
        return caught.value


@pytest.fixture
def line(smtp_server: SmtpServer, fault_proxy: Callable[[int], FaultProxy]) -> Line:
    return Line(smtp_server, fault_proxy(smtp_server.port))


@pytest.fixture
def cafile(tls_authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    tls_authority.cert_pem.write_to_path(str(path))
    return str(path)


async def test_takes_the_steps_in_order(line: Line) -> None:
    submitted = await line.submit(ROSA, OMAR)
    assert line.handed_over == 1
    assert submitted == Submitted("", (), 35_000_000)
    (mail,) = line.server.accepted
    assert (mail.sender, mail.recipients, mail.raw) == (SENDER, (ROSA, OMAR), RAW)


async def test_logs_in(line: Line) -> None:
    line.server.add_user("frontdesk", SECRET)
    line.settings = replace(line.settings, user="frontdesk")
    line.password = SECRET
    await line.submit()
    assert line.server.accepted[0].user == "frontdesk"


async def test_wrong_password(line: Line) -> None:
    line.server.add_user("frontdesk", "another")
    line.settings = replace(line.settings, user="frontdesk")
    line.password = SECRET
    error = await line.fails()
    assert "password" in error.sentence
    assert (error.temporary, error.sender_refused, line.handed_over) == (False, False, 0)
    assert error.__cause__ is None


async def test_a_server_without_logins_is_told_apart_from_a_wrong_password(line: Line) -> None:
    line.settings = replace(line.settings, user="frontdesk")
    line.password = SECRET
    line.server.add_user("other", "x")
    line.server.passwords.clear()
    error = await line.fails()
    assert not error.temporary


async def test_a_login_that_is_missing(line: Line) -> None:
    line.server.add_user("frontdesk", SECRET)
    error = await line.fails()
    assert "login" in error.sentence
    assert not error.sender_refused


@pytest.mark.parametrize(
    ("reply", "temporary", "sender_refused"),
    [
        ("451 4.3.0 Try again later", True, False),
        ("553 5.7.1 Sender address rejected: not owned by user", False, True),
        ("550 5.1.8 <frontdesk@lakeside.example> Unknown", False, True),
        ("550 5.7.1 Service unavailable; client host blocked", False, False),
        ("552 5.3.4 Message size exceeds fixed limit", False, False),
    ],
)
async def test_refused_at_mail_from(
    line: Line, reply: str, temporary: bool, sender_refused: bool
) -> None:
    line.server.script(Trouble("mail", reply=reply))
    error = await line.fails()
    assert (error.temporary, error.sender_refused) == (temporary, sender_refused)
    assert line.handed_over == 0


@pytest.mark.parametrize(
    ("reply", "temporary", "sender_refused", "recipients"),
    [
        ("450 4.2.0 Greylisted", True, False, (ROSA,)),
        ("550 5.1.1 <rosa@example.com> no such user", False, False, (ROSA,)),
        ("553 5.7.1 <x@y.example>: Sender address rejected: not owned", False, True, ()),
    ],
)
async def test_refused_at_rcpt_to(
    line: Line, reply: str, temporary: bool, sender_refused: bool, recipients: tuple[str, ...]
) -> None:
    line.server.script(Trouble("rcpt", reply=reply))
    error = await line.fails()
    assert (error.temporary, error.sender_refused) == (temporary, sender_refused)
    assert (error.recipients, line.handed_over) == (recipients, 0)


async def test_some_refused_and_some_taken(line: Line) -> None:
    line.server.script(Trouble("rcpt", reply="550 5.1.1 no such user", recipient=OMAR))
    submitted = await line.submit(ROSA, OMAR)
    assert submitted.refused == (OMAR,)
    assert line.server.accepted[0].recipients == (ROSA,)


async def test_all_refused_for_now_and_for_good_is_for_good(line: Line) -> None:
    line.server.script(
        Trouble("rcpt", reply="550 5.1.1 no such user", recipient=OMAR),
        Trouble("rcpt", reply="450 4.2.0 later", recipient=ROSA),
    )
    error = await line.fails(ROSA, OMAR)
    assert (error.temporary, error.recipients) == (False, (ROSA, OMAR))


@pytest.mark.parametrize("step", ["data", "end"])
@pytest.mark.parametrize(
    ("reply", "temporary", "sender_refused"),
    [
        ("451 4.3.0 Later", True, False),
        ("554 5.6.0 Refused", False, False),
        ("554 5.2.252 SendAsDenied; not allowed to send as", False, True),
        ("552 5.3.4 Too big", False, False),
    ],
)
async def test_a_clear_no_at_data_is_certain(
    line: Line, step: str, reply: str, temporary: bool, sender_refused: bool
) -> None:
    line.server.script(Trouble(step, reply=reply))  # type: ignore[arg-type]  # one of its steps
    error = await line.fails()
    assert (error.temporary, error.sender_refused) == (temporary, sender_refused)
    assert line.handed_over == 1


@pytest.mark.parametrize("step", ["mail", "rcpt"])
@pytest.mark.parametrize("then", ["drop", "hang"])
async def test_lost_before_data_is_certain_and_passes(line: Line, step: str, then: str) -> None:
    line.server.script(Trouble(step, then=then))  # type: ignore[arg-type]  # one of its steps
    error = await line.fails()
    assert (error.temporary, line.handed_over) == (True, 0)


@pytest.mark.parametrize("step", ["data", "end"])
@pytest.mark.parametrize("then", ["drop", "hang"])
@pytest.mark.parametrize("accept", [True, False])
async def test_lost_at_data_is_unknown(line: Line, step: str, then: str, accept: bool) -> None:
    line.server.script(Trouble(step, then=then, accept=accept and step == "end"))  # type: ignore[arg-type]  # same
    with pytest.raises(OutcomeUnknown) as caught:
        await line.submit()
    assert line.handed_over == 1
    assert len(line.server.accepted) == (accept and step == "end")
    assert "@" not in str(caught.value)


@pytest.mark.parametrize(
    ("seen", "handed_over"),
    [(b"EHLO", 0), (b"MAIL FROM", 0), (b"RCPT TO", 0), (b"DATA\r\n", 1)],
)
@pytest.mark.parametrize("reset", [True, False])
async def test_a_cut_line(line: Line, seen: bytes, handed_over: int, reset: bool) -> None:
    line.proxy.add(Fault("cut", after_seen=seen, forward=False, reset=reset, times=1))
    with pytest.raises((NotSent, OutcomeUnknown)) as caught:
        await line.submit()
    assert line.handed_over == handed_over
    assert isinstance(caught.value, OutcomeUnknown if handed_over else NotSent)
    assert line.server.accepted == []
    await line.submit()
    assert len(line.server.accepted) == 1


@pytest.mark.parametrize("kind", ["cut", "hole"])
async def test_the_answer_to_the_final_dot_is_lost(line: Line, kind: str) -> None:
    line.proxy.add(Fault(kind, after_seen=b"\r\n.\r\n"))  # type: ignore[arg-type]  # one of its kinds
    with pytest.raises(OutcomeUnknown):
        await line.submit()
    for _ in range(200):
        if line.server.accepted:
            break
        await asyncio.sleep(0.005)
    assert len(line.server.accepted) == 1


async def test_nobody_listens(line: Line) -> None:
    line.server.stop()
    line.settings = replace(line.settings, port=line.server.port)
    error = await line.fails()
    assert error.temporary
    assert "127.0.0.1" in error.sentence


async def test_the_host_does_not_exist(line: Line) -> None:
    line.settings = SmtpSettings("smtp.nowhere.invalid", 465, "tls")
    line.context = client_context(None)
    error = await line.fails()
    assert error.temporary
    assert "smtp.nowhere.invalid was not found" in error.sentence


async def test_a_server_that_says_nothing(line: Line) -> None:
    line.proxy.black_hole()
    begun = time.monotonic()
    error = await line.fails()
    assert error.temporary
    assert time.monotonic() - begun < 1.5


async def test_too_large_is_said_before_anything_is_sent(
    fault_proxy: Callable[[int], FaultProxy],
) -> None:
    with SmtpServer(size_limit=2_000_000) as server:
        line = Line(server, fault_proxy(server.port))
        with pytest.raises(NotSent, match="2 MB at most"):
            await line.submit(raw=b"x" * 2_000_001)
        assert (line.handed_over, server.accepted) == (0, [])


async def test_addresses_in_other_scripts(line: Line) -> None:
    await line.submit("rósa@example.com")
    assert line.server.accepted[0].recipients == ("rósa@example.com",)


async def test_handing_over_that_fails_leaves_nothing(line: Line) -> None:
    async def full() -> None:
        raise OSError("disk full")

    envelope = Envelope(SENDER, (ROSA,), RAW)
    with pytest.raises(OSError, match="disk full"):
        await submit(line.settings, envelope, password=None, context=None, handing_over=full)
    assert line.server.accepted == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_private_connections(
    security: str,
    server_tls: ssl.SSLContext,
    cafile: str,
    fault_proxy: Callable[[int], FaultProxy],
) -> None:
    with SmtpServer(security=security, ssl_context=server_tls) as server:  # type: ignore[arg-type]  # one of its kinds
        server.add_user("frontdesk", SECRET)
        line = Line(server, fault_proxy(server.port))
        line.settings = replace(line.settings, security=security, user="frontdesk")  # type: ignore[arg-type]  # same
        line.password = SECRET
        line.context = client_context(cafile)
        await line.submit()
        assert len(server.accepted) == 1
        line.context = client_context(None)
        with pytest.raises(NotSent) as caught:
            await line.submit()
        assert "could not prove who it is" in caught.value.sentence
        assert not caught.value.temporary
        assert len(server.accepted) == 1


async def test_starttls_that_was_taken_out_is_not_done_without(line: Line, cafile: str) -> None:
    line.server.add_user("frontdesk", SECRET)
    line.settings = replace(line.settings, security="starttls", user="frontdesk")
    line.password = SECRET
    line.context = client_context(cafile)
    error = await line.fails()
    assert "STARTTLS" in error.sentence
    assert not error.temporary


async def test_tls_against_a_plain_port(line: Line, cafile: str) -> None:
    line.settings = replace(line.settings, security="tls")
    line.context = client_context(cafile)
    error = await line.fails()
    assert error.hint
    assert line.handed_over == 0


def test_trust_in_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        client_context(str(tmp_path / "none.pem"))
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        client_context(str(tmp_path / "bad.pem"))


@pytest.mark.parametrize(
    ("words", "about_us"),
    [
        ("5.7.1 <a@b.example>: Sender address rejected: not owned by user x", True),
        ("5.7.60 SMTP; Client does not have permissions to send as this sender", True),
        ("5.1.8 Bad sender's system address", True),
        ("5.1.1 User unknown", False),
        ("5.7.1 Sender rate limit exceeded", False),
        ("5.7.1 Client host [1.2.3.4] blocked using a list; sender", False),
        ("5.2.2 mailbox full", False),
    ],
)
def test_whose_address_a_refusal_is_about(words: str, about_us: bool) -> None:
    assert speaks_of_sender(words) is about_us


def test_a_servers_words_are_shown_without_addresses_and_escapes() -> None:
    said = "5.1.1 <rosa@example.com>: \x1b[31mno such\r\nuser rosa@example.com here. "
    assert server_words(said) == "5.1.1 …: no such user … here"
