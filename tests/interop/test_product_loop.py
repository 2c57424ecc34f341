"""The whole loop over real servers: a patient writes, staff answers, the patient answers again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from inbox.address import email
from inbox.conversation import ConversationState, ListState
from inbox.errors import Blocked, NotSent, Refused
from inbox.message import Direction, MessageStatus, Nature
from inbox.patient import PointHealth
from inbox.reply_path import EvidenceKind, ProofState
from tests.badinput.test_mail import BAD, nested
from tests.interop.product import Mailboxes, a_line, mail, mailboxes, parsed, until

__all__ = ["mailboxes"]


async def test_a_patient_is_answered_and_answers_again(mailboxes: Mailboxes) -> None:
    own, theirs = mailboxes.own.address, mailboxes.theirs.address
    product = await mailboxes.open()
    asked = parsed(await mailboxes.arrive("Thursday", "Can I move Thursday’s visit?"))
    asked_id = str(asked["Message-ID"]).strip("<>")
    await product.sync()
    row = await product.only()
    assert row.patient_id == "p-rosa"
    assert row.state is ConversationState.NEEDS_REPLY
    assert (await product.proof()).state is ProofState.PROVEN

    sent = await product.answer(row.id, "Friday at nine is free. Dana")
    assert sent.status is MessageStatus.SENT
    assert sent.provider_id
    [raw] = mailboxes.dovecot.wait_for_mail(theirs)
    there = parsed(raw)
    assert there["Return-Path"] == f"<{own}>"
    assert there["From"].addresses[0].addr_spec == own
    assert there["Reply-To"].addresses[0].addr_spec == own
    assert there["To"].addresses[0].addr_spec == theirs
    assert there["In-Reply-To"] == f"<{asked_id}>"
    assert str(there["References"]).split() == [f"<{asked_id}>"]
    assert there["Message-ID"] == f"<{sent.rfc_id}>"
    assert there["Subject"] == "Re: Thursday"
    assert "Friday at nine is free." in raw.decode()
    assert (await product.only()).state is ConversationState.WAITING

    # The patient's program answers to Reply-To, as every program does.
    back = there["Reply-To"].addresses[0].addr_spec
    answer = mail(
        f"Rosa <{theirs}>", back, "Re: Thursday", "Nine is fine!",
        answers=sent.rfc_id, references=[asked_id],
    )  # fmt: skip
    # The server's clock (INTERNALDATE) counts whole seconds; no patient answers within one.
    await asyncio.sleep(1.1)
    mailboxes.postfix.arrive(theirs, [back], answer)
    mailboxes.dovecot.wait_for_mail(own, at_least=2)
    await product.sync()
    row = await product.only()
    assert row.state is ConversationState.NEEDS_REPLY
    messages = await product.messages(row.id)
    assert [one.direction for one in messages] == [
        Direction.INBOUND, Direction.OUTBOUND, Direction.INBOUND,
    ]  # fmt: skip
    assert messages[-1].text.strip() == "Nine is fine!"
    await product.back_office.record()
    recorded = await product.recorded("p-rosa")
    assert recorded == [
        (asked_id, "received"),
        (sent.rfc_id, "sent"),
        (messages[-1].message_id, "received"),
    ]


async def test_our_own_copy_in_sent_is_not_a_second_message(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open()
    await mailboxes.arrive("Refill")
    await product.sync()
    row = await product.only()
    sent = await product.answer(row.id, "It is ready. Dana")
    [copy] = mailboxes.dovecot.wait_for_mail(mailboxes.own.address, folder="Sent")
    assert parsed(copy)["Message-ID"] == f"<{sent.rfc_id}>"
    await product.sync()
    await product.sync()
    messages = await product.messages(row.id)
    assert [one.direction for one in messages] == [Direction.INBOUND, Direction.OUTBOUND]
    assert messages[-1].raw_id is not None
    assert (await product.repository.raw.content(messages[-1].raw_id)).content == copy


async def test_a_copy_the_provider_keeps_is_not_doubled(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open(save_sent=False)
    await mailboxes.arrive("Refill")
    await product.sync()
    row = await product.only()
    sent = await product.answer(row.id, "It is ready. Dana")
    # Providers add their trace headers to the copy they keep, so its bytes are not ours.
    content = (await product.repository.raw.content(
        (await product.messages(row.id))[-1].raw_id or 0
    )).content  # fmt: skip
    kept = b"Received: by mx.lakeside.example; Mon, 2 Mar 2026 15:00:00 +0000\r\n" + content
    mailboxes.dovecot.append_many(mailboxes.own, [kept], folder="Sent")
    await product.sync()
    assert [one.message_id for one in await product.messages(row.id)][1:] == [sent.rfc_id]


async def test_an_answer_from_another_program_counts_as_ours(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open()
    asked = parsed(await mailboxes.arrive("Form"))
    await product.sync()
    assert (await product.only()).state is ConversationState.NEEDS_REPLY
    answer = mail(
        f"Front desk <{mailboxes.own.address}>", mailboxes.theirs.address, "Re: Form",
        "It is at the desk.", answers=str(asked["Message-ID"]).strip("<>"),
    )  # fmt: skip
    mailboxes.dovecot.append_many(mailboxes.own, [answer], folder="Sent")
    await product.sync()
    row = await product.only()
    assert row.state is ConversationState.WAITING
    assert [one.status for one in await product.messages(row.id)] == [
        MessageStatus.RECEIVED, MessageStatus.SENT,
    ]  # fmt: skip
    await product.back_office.record()
    assert [state for _, state in await product.recorded("p-rosa")] == ["received", "sent"]


async def test_a_line_proves_itself_by_a_round_trip(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open()
    await product.sync()
    assert (await product.proof()).state is ProofState.UNVERIFIED
    steps: list[str] = []
    proof = await product.back_office.prove("front-desk", steps.append, patience=15)
    assert proof.state is ProofState.PROVEN
    assert proof.how == "round trip"
    [trip] = [
        seen
        for seen in await product.repository.lines.evidence()
        if seen.kind is EvidenceKind.ROUND_TRIP
    ]
    assert trip.detail == "From, Reply-To, envelope as sent"
    assert await product.rows() == []
    [probe] = mailboxes.dovecot.messages(mailboxes.own.address)
    assert parsed(probe)["Return-Path"] == f"<{mailboxes.own.address}>"


async def test_the_running_office_proves_a_new_line_by_itself(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open()

    async def proven() -> bool:
        return (await product.proof()).state is ProofState.PROVEN

    async with product.running():
        await until("the line to be proven", proven, seconds=20)
    assert await product.rows() == []


async def test_an_alias_that_may_not_send_fails_its_round_trip(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open(a_line("reception@lakeside.example"))
    with pytest.raises(NotSent) as refused:
        await product.back_office.prove("front-desk", lambda _: None)
    assert refused.value.sender_refused
    assert "553" in refused.value.sentence
    proof = await product.proof()
    assert proof.state is ProofState.FAILED
    assert "refused this sender" in proof.how


async def test_a_refused_sender_fails_the_line_at_once(mailboxes: Mailboxes) -> None:
    alias = "reception@lakeside.example"
    product = await mailboxes.open(a_line(alias))
    raw = mail(f"Rosa <{mailboxes.theirs.address}>", alias, "Hello")
    mailboxes.postfix.arrive(mailboxes.theirs.address, [mailboxes.own.address], raw)
    mailboxes.dovecot.wait_for_mail(mailboxes.own.address)
    await product.sync()
    row = await product.only()
    # Mail to the alias does arrive, so the line is proven until the provider says otherwise.
    assert (await product.proof()).state is ProofState.PROVEN
    sent = await product.answer(row.id, "We are here. Dana")
    assert sent.status is MessageStatus.FAILED
    assert "553" in sent.status_text
    assert (await product.proof()).state is ProofState.FAILED
    with pytest.raises(Blocked):
        await product.queue(row.id, "Once more, then. Dana")
    assert mailboxes.dovecot.count(mailboxes.theirs.address) == 0
    patient = await product.repository.patients.get("p-rosa")
    assert patient.points[0].health is PointHealth.GOOD


async def test_an_unknown_recipient_comes_back_as_failed(mailboxes: Mailboxes) -> None:
    nobody = email("nobody-at-all@example.com", "Rosa Jimenez")
    point = replace(mailboxes.patient.points[0], value=nobody.value)
    mailboxes.patient = replace(
        mailboxes.patient, points=(*mailboxes.patient.points, replace(point, rank=2))
    )
    product = await mailboxes.open()
    await mailboxes.arrive("To prove the line")
    await product.sync()
    sent = await product.write(nobody, "Your form is ready. Dana")
    assert sent.status is MessageStatus.SENT
    mailboxes.dovecot.wait_for_mail(mailboxes.own.address, at_least=2)
    await product.sync()
    row = await product.repository.outbox.get(sent.id)
    assert row.status is MessageStatus.FAILED
    assert "no such address" in row.status_text
    patient = await product.repository.patients.get("p-rosa")
    assert {one.value: one.health for one in patient.points} == {
        mailboxes.theirs.address: PointHealth.GOOD,
        nobody.value: PointHealth.BAD,
    }
    [failed] = await product.rows(ListState.UNDELIVERED)
    messages = await product.messages(failed.id)
    assert [(one.nature, one.status) for one in messages] == [
        (Nature.PERSONAL, MessageStatus.FAILED),
        (Nature.BOUNCE, MessageStatus.RECEIVED),
    ]
    with pytest.raises(Refused, match="no such address"):
        await product.write(nobody, "Your form is still ready. Dana")
    await product.back_office.record()
    assert (sent.rfc_id, "failed") in await product.recorded("p-rosa")
    mailboxes.postfix.wait_until_idle()


async def test_a_large_mail_comes_by_its_header_first(mailboxes: Mailboxes) -> None:
    product = await mailboxes.open(oversize=200_000)
    text = "\n".join(f"Line {number} of the long story." for number in range(40_000))
    await mailboxes.arrive("The long story", text)
    await mailboxes.arrive("A short one")
    await product.sync()
    large, small = sorted(await product.messages(), key=lambda one: one.subject, reverse=True)
    assert (large.subject, large.partial) == ("The long story", True)
    assert (small.subject, small.partial) == ("A short one", False)
    assert "Line 39999" not in large.whole
    await product.check()
    await product.back_office.fetch_whole(large)
    [whole] = [one for one in await product.messages() if one.id == large.id]
    assert not whole.partial
    assert whole.uuid == large.uuid
    assert "Line 39999 of the long story." in whole.whole
    assert len(await product.messages()) == 2


async def test_bad_mail_is_kept_byte_by_byte(mailboxes: Mailboxes) -> None:
    wrong = {name: raw for name, raw in BAD.items() if raw} | {"nested": nested(5000)}
    for raw in wrong.values():
        mailboxes.dovecot.append_many(mailboxes.own, [raw])
    product = await mailboxes.open()
    await product.sync()
    messages = await product.messages()
    assert len(messages) == len(wrong)
    kept = [(await product.repository.raw.content(one.raw_id or 0)).content for one in messages]
    assert sorted(kept) == sorted(mailboxes.dovecot.messages(mailboxes.own.address))


async def test_nothing_on_the_server_changes(mailboxes: Mailboxes) -> None:
    uids = mailboxes.put(f"Visit {number}" for number in range(20))
    mailboxes.put(["Sent before"], folder="Sent")
    mailboxes.dovecot.doveadm(
        "flags", "add", "-u", mailboxes.own.address, "\\Answered", "mailbox", "INBOX",
        "uid", str(uids[3]),
    )  # fmt: skip
    before = mailboxes.flags(), mailboxes.flags("Sent")
    assert before[0][uids[3]] == {"\\Answered"}
    folders = mailboxes.dovecot.doveadm("mailbox", "list", "-u", mailboxes.own.address)
    product = await mailboxes.open()
    await product.sync()
    for row in await product.rows():
        await product.desk.open(row.id)
        await product.desk.seen(row.id, 10**6)
        await product.desk.done(row.id, "answered on the phone")
    await product.sync()
    assert (mailboxes.flags(), mailboxes.flags("Sent")) == before
    assert mailboxes.dovecot.doveadm("mailbox", "list", "-u", mailboxes.own.address) == folders
