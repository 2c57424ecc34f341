"""Mail that is submitted arrives, or comes back, as through a real provider."""

from __future__ import annotations

import email
import email.policy
import smtplib
import ssl
import time
from email.message import EmailMessage, Message
from typing import cast

import pytest

from demo.bounce import Failure
from demo.world import MailWorld, Treatment
from tests.clock import FakeClock
from tests.demo.clients import MAIL, imap, smtp, wait_for

DESK = "frontdesk@lakeside.example"
ROSA = "rosa.jimenez@mail.example"
NOBODY = "nobody@mail.example"


@pytest.fixture
def world(mail_world: MailWorld) -> MailWorld:
    mail_world.add_user("frontdesk", "right", DESK)
    mail_world.add_address(ROSA)
    return mail_world


def submit(world: MailWorld, to: str, raw: bytes = MAIL, sender: str = DESK) -> None:
    with smtp(world.smtp.port, "frontdesk", "right") as client:
        client.sendmail(sender, [to], raw)


def read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def status_of(report: EmailMessage) -> list[Message]:
    """The groups of fields of a report's message/delivery-status part."""
    part = list(report.iter_parts())[1]
    assert part.get_content_type() == "message/delivery-status"
    return cast("list[Message]", part.get_payload())


def test_a_mail_arrives_with_its_trace(world: MailWorld, clock: FakeClock) -> None:
    submit(world, ROSA.upper())
    [raw] = world.inbox(ROSA)
    assert raw.endswith(MAIL)
    mail = read(raw)
    assert mail["Return-Path"] == f"<{DESK}>"
    assert mail["Delivered-To"] == ROSA.upper()
    assert "Mon, 02 Mar 2026 15:00:00 +0000" in mail["Received"]
    [stored] = world.imap.messages(ROSA)
    assert world.imap.internal_date(ROSA, stored.uid) == clock()


def test_a_mail_is_announced_by_idle_within_milliseconds(world: MailWorld) -> None:
    with (
        imap(world.imap.port, ROSA, ROSA) as rosa,
        smtp(world.smtp.port, "frontdesk", "right") as desk,
    ):
        rosa.select_folder("INBOX")
        rosa.idle()
        began = time.monotonic()
        desk.sendmail(DESK, [ROSA], MAIL)
        assert (1, b"EXISTS") in rosa.idle_check(timeout=3)
        assert time.monotonic() - began < 0.5
        rosa.idle_done()


def test_a_patient_writes_and_an_alias_leads_home(world: MailWorld) -> None:
    world.add_alias("desk@lakeside.example", "frontdesk")
    world.send(ROSA, ["desk@lakeside.example", DESK], MAIL)
    assert [read(raw)["Delivered-To"] for raw in world.inbox(DESK)] == [
        "desk@lakeside.example",
        DESK,
    ]


def test_unknown_address_bounces_with_a_report(world: MailWorld) -> None:
    submit(world, NOBODY)
    [raw] = world.inbox(DESK)
    report = read(raw)
    assert report["Return-Path"] == "<>"
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    words, _, original = report.iter_parts()
    assert NOBODY in words.get_content()
    about_mail, about_recipient = status_of(report)
    assert about_mail["Reporting-MTA"] == "dns; mx.lakeside.example"
    assert about_recipient["Final-Recipient"] == f"rfc822; {NOBODY}"
    assert about_recipient["Action"] == "failed"
    assert about_recipient["Status"] == "5.1.1"
    assert original.get_content_type() == "message/rfc822"
    assert original.get_content()["Message-ID"] == "<1.visit@lakeside.example>"
    assert [failure.recipient for failure in world.bounced] == [NOBODY]


def test_a_known_address_can_be_made_to_bounce(world: MailWorld) -> None:
    full = Failure("", "5.2.2", "552 5.2.2 <{recipient}>: mailbox full")
    world.treat(ROSA, Treatment(bounce=full))
    submit(world, ROSA)
    assert world.inbox(ROSA) == []
    status = status_of(read(world.inbox(DESK)[0]))
    assert status[1]["Diagnostic-Code"] == f"smtp; 552 5.2.2 <{ROSA}>: mailbox full"


def test_a_report_is_never_reported(world: MailWorld) -> None:
    world.send("", [NOBODY], MAIL)
    world.send("stranger@elsewhere.example", [NOBODY], MAIL)
    assert world.inbox(DESK) == []
    assert len(world.bounced) == 2


def test_provider_rewrites_from(world: MailWorld) -> None:
    world.treat(DESK, Treatment(rewrite_from="office@host.example"))
    submit(world, ROSA)
    [raw] = world.inbox(ROSA)
    assert read(raw)["From"] == "Lakeside front desk <office@host.example>"
    assert read(raw)["To"] == "Rosa Jimenez <rosa.jimenez@mail.example>"


@pytest.mark.parametrize(
    ("treatment", "left"),
    [
        (Treatment(strip_reply_to=True), None),
        (Treatment(rewrite_reply_to="other@host.example"), "other@host.example"),
        (Treatment(), "desk@lakeside.example"),
    ],
)
def test_provider_touches_reply_to(
    world: MailWorld, treatment: Treatment, left: str | None
) -> None:
    world.treat(DESK, treatment)
    folded = b"Reply-To: Desk\r\n <desk@lakeside.example>\r\n" + MAIL
    submit(world, ROSA, folded)
    mail = read(world.inbox(ROSA)[0])
    addresses = mail["Reply-To"].addresses if mail["Reply-To"] else ()
    assert [address.addr_spec for address in addresses] == ([left] if left else [])
    assert mail.get_content().strip() == "Would Friday at 9:15 suit you?"


def test_provider_rewrites_the_envelope(world: MailWorld) -> None:
    world.treat(DESK, Treatment(rewrite_envelope="bulk@host.example"))
    submit(world, ROSA)
    assert read(world.inbox(ROSA)[0])["Return-Path"] == "<bulk@host.example>"


def test_nobody_receives_at_a_discarding_address(world: MailWorld) -> None:
    world.add_user("noreply", "right", "noreply@lakeside.example")
    world.treat("noreply@lakeside.example", Treatment(discard=True))
    submit(world, "noreply@lakeside.example")
    assert world.inbox("noreply@lakeside.example") == []
    assert world.bounced == []
    # Nor do the reports on what it sent.
    world.send("noreply@lakeside.example", [NOBODY], MAIL)
    assert world.inbox("noreply@lakeside.example") == []


def test_a_sender_is_refused_until_it_is_not(world: MailWorld) -> None:
    world.treat(DESK, Treatment(refuse="553 5.7.1 Sender address rejected: not owned"))
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        submit(world, ROSA)
    assert refused.value.smtp_code == 553
    world.treat(DESK, Treatment())
    submit(world, ROSA)
    assert len(world.inbox(ROSA)) == 1


def test_a_delayed_mail_arrives_later_and_holds_up_nobody(world: MailWorld) -> None:
    world.add_address("quick@mail.example")
    world.treat(ROSA, Treatment(delay=0.15))
    submit(world, ROSA)
    submit(world, "quick@mail.example")
    assert world.inbox(ROSA) == []
    assert len(world.inbox("quick@mail.example")) == 1
    assert wait_for(lambda: world.inbox(ROSA))


def test_listeners_hear_of_deliveries(world: MailWorld) -> None:
    heard: list[str] = []
    world.listen(ROSA, lambda delivered: heard.append(delivered.sender))
    submit(world, ROSA)
    assert wait_for(lambda: heard) == [DESK]


def test_a_listener_that_fails_harms_nobody(clock: FakeClock) -> None:
    def fail(_: object) -> None:
        raise LookupError("listener")

    with MailWorld(clock=clock) as world:
        world.add_user("frontdesk", "right", DESK)
        world.add_address(ROSA)
        world.listen(ROSA, fail)
        submit(world, ROSA)
        assert len(world.inbox(ROSA)) == 1
        assert "listener" in str(wait_for(lambda: world.thread.failures)[0])


def test_mail_with_a_null_sender_is_taken_and_never_reported(world: MailWorld) -> None:
    with smtp(world.smtp.port, "frontdesk", "right") as client:
        client.sendmail("", [ROSA, NOBODY], MAIL)
    assert read(world.inbox(ROSA)[0])["Return-Path"] == "<>"
    assert world.smtp.accepted[0].sender == ""
    assert world.inbox(DESK) == []


def test_a_world_with_tls(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with MailWorld(security="tls", ssl_context=server_tls) as world:
        world.add_user("frontdesk", "right", DESK)
        with imap(world.imap.port, "frontdesk", "right", tls=client_tls) as client:
            assert client.select_folder("INBOX")[b"EXISTS"] == 0


def test_a_world_is_up_at_once() -> None:
    with MailWorld():
        pass
    began = time.monotonic()
    with MailWorld() as world:
        world.add_user("frontdesk", "right", DESK)
        up = time.monotonic() - began
    assert up < 0.5
