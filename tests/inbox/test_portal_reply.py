"""Whether a portal message can be answered, what proves a portal, and which channel fits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.capability import Capabilities
from inbox.errors import Blocked, Held
from inbox.line import Line, LineHealth, LineState
from inbox.outgoing import Category, DraftAttachment
from inbox.patient import Consent, ContactPoint, PortalState, PrivacyForm
from inbox.portal_reply import judge_reply
from inbox.proving import Prover
from inbox.reply_path import Evidence, EvidenceKind, ProofState
from inbox.repository import PortalThread
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, NOW, PORTAL, TEXTS
from tests.inbox.test_notice import ANN_EVERYWHERE
from tests.inbox.test_portal import ANN_THERE, PATIENT, item, put

TESTED = replace(PORTAL, test_patient="Patient/test")


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, TEXTS, TESTED)


def word(thread: PortalThread | None, answerable: bool | None = None, *seen: Evidence) -> Any:
    return judge_reply(thread, Capabilities(answerable=answerable), seen, PORTAL.id, NOW).can_reply


def test_the_thread_says_it_first() -> None:
    home = Evidence(PORTAL.id, EvidenceKind.ROUND_TRIP, NOW - timedelta(days=2))
    old = replace(home, at=NOW - timedelta(days=31))
    elsewhere = replace(home, line_id="other")
    assert word(PortalThread(can_reply=False, answered=True), True, home) is False
    assert word(PortalThread(can_reply=True), False) is True
    assert word(PortalThread(answered=True), False) is True
    assert word(PortalThread(), False, home) is False
    assert word(PortalThread(), True) is True
    assert word(None, None, home) is True
    assert word(None, None, old, elsewhere) is None
    assert word(PortalThread()) is None


async def thread(house: House, **more: Any) -> int:
    """Ann's question in the portal; the conversation."""
    await house.repository.patients.save([ANN_EVERYWHERE])
    await house.arrive("+15550100199", "hello", line=TEXTS, id="SMstranger")
    put(house, item(2, "May I come?", **more), -10)
    await house.sync()
    [row] = [one for one in await house.rows() if ChannelKind.PORTAL in one.channels]
    return row.id


async def test_a_thread_that_is_closed_is_blocked_with_the_way_out(house: House) -> None:
    conversation = await thread(house, can_reply=False)
    draft = replace(await house.desk.reply_draft(conversation), text="Yes, at ten. Dana")
    preview = house.desk.judge(await house.desk.situation(draft), draft)
    [finding] = [one for one in preview.verdict.findings if one.rule == "TW10"]
    assert finding.reason == "They cannot answer in this portal thread. Choose another channel."
    assert finding.fix is not None
    assert finding.fix.label == "Send it by text instead"
    assert preview.answer_words == "Ann can NOT answer in the portal."
    with pytest.raises(Blocked):
        await house.desk.send(draft, "please")


async def test_a_thread_of_which_nobody_knows_is_held(house: House) -> None:
    conversation = await thread(house)
    draft = replace(await house.desk.reply_draft(conversation), text="Yes, at ten. Dana")
    preview = house.desk.judge(await house.desk.situation(draft), draft)
    assert preview.answer_words == "Nobody knows whether Ann can answer in the portal."
    with pytest.raises(Held, match="Neither this thread nor the portal says"):
        await house.desk.send(draft)
    await house.desk.send(draft, "she asked there", undo=False)
    await house.outbox.deliver_due()
    put(house, item(4, "Thanks, which door?"), 1)
    await house.sync()
    again = replace(await house.desk.reply_draft(conversation), text="The blue one. Dana")
    facts = await house.desk.situation(again)
    assert (facts.can_reply, facts.reply_words) == (True, "They have answered in this thread.")
    assert house.desk.judge(facts, again).answer_words.startswith("Ann can answer in the portal;")
    await house.desk.send(again)


def test_a_completed_thread_is_closed_where_the_portal_keeps_others_open() -> None:
    home = Evidence(PORTAL.id, EvidenceKind.ROUND_TRIP, NOW - timedelta(days=2))
    closed = PortalThread(completed=True, keeps_open=True, answered=True)
    assert word(closed, True, home) is False
    assert word(replace(closed, can_reply=True), True) is False
    always = PortalThread(completed=True)
    assert word(always) is None
    assert "completed" in judge_reply(always, None, (), PORTAL.id, NOW).words
    assert word(always, True) is word(replace(always, answered=True)) is True
    assert word(always, None, home) is True
    assert word(always, False) is False


async def test_what_completed_means_is_told_by_the_portals_other_threads(house: House) -> None:
    await thread(house, thread_completed=True)
    read = house.repository.portal.thread
    first = await read(PORTAL.id, "Communication/h1")
    assert (first.completed, first.keeps_open) == (True, False)
    other = item(5, "Another matter", thread="Communication/h2")
    put(house, {**other, "thread_completed": False, "version": "1"}, -9)
    await house.sync()
    assert (await read(PORTAL.id, "Communication/h1")).keeps_open
    assert not (await read("another", "Communication/h1")).keeps_open
    # It was open once, so that being completed now means something, there as well.
    header = item(6, "", nature="thread", id="Communication/h2", thread="Communication/h2")
    put(house, {**header, "thread_completed": True, "version": "2"}, -8)
    await house.sync()
    closed = await read(PORTAL.id, "Communication/h2")
    assert (closed.completed, closed.keeps_open) == (True, True)


async def test_the_latest_word_of_a_thread_counts(house: House) -> None:
    header = item(1, "", nature="thread", id="Communication/h1")
    put(house, {**header, "version": "2", "can_reply": False}, -5)
    await house.sync()
    put(house, {**header, "version": "1", "can_reply": True, "subject": "Ears"}, -6)
    await house.sync()
    known = await house.repository.portal.thread(PORTAL.id, "Communication/h1")
    assert (known.can_reply, known.subject) == (False, "Ears")


async def test_who_agreed_to_nothing_else_is_called(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    put(house, item(2, "May I come?", can_reply=False), -10)
    await house.sync()
    [row] = await house.rows()
    await house.repository.patients.save(
        [replace(ANN_THERE, form=PrivacyForm(email=Consent.DECLINED))]
    )
    draft = replace(await house.desk.reply_draft(row.id), text="Yes. Dana")
    verdict = house.desk.judge(await house.desk.situation(draft), draft).verdict
    [finding] = [one for one in verdict.findings if one.rule == "TW10"]
    assert finding.reason.endswith("Call them: they agreed to no other channel.")
    assert finding.fixes == ()


async def test_a_test_patients_answer_proves_the_portal(house: House) -> None:
    line = TESTED
    token = await house.outbox.send_probe(line)
    [probe] = house.servers[PORTAL.id].sent
    assert ([one.value for one in probe.to], probe.probe_token) == (["Patient/test"], token)
    await house.sync()
    assert await house.rows() == []

    async def state() -> ProofState:
        return {one.line.id: one.proof.state for one in await house.desk.lines()}[PORTAL.id]

    assert await state() is ProofState.PROVING
    name = f"Communication/{probe.uuid}"
    other = {"from": "Patient/test", "name": "Test Patient"}
    put(house, item(70, "Unrelated", thread="Communication/zz", **other), 1)
    await house.sync()
    assert len(await house.rows()) == 1, "what answers no test message is a message like any other"
    put(house, item(71, "yes", thread="", in_reply_to=[name], **other), 2)
    await house.sync()
    assert len(await house.rows()) == 1
    evidence = await house.repository.lines.evidence()
    [home] = [one for one in evidence if one.kind is EvidenceKind.ROUND_TRIP]
    assert home.detail == "the test patient's answer arrived"
    assert await state() is ProofState.PROVEN
    draft = await house.desk.new_draft(Address(AddressSystem.PORTAL, PATIENT), ChannelKind.PORTAL)
    assert (await house.desk.situation(draft)).can_reply is True


async def test_a_test_patient_may_take_days_and_is_asked_again(house: House) -> None:
    """That nobody logged in says nothing of the portal: it fails by that no more than it did."""
    prover = Prover(house.repository, house.outbox, house.clock)

    async def tend() -> int:
        health = LineHealth(PORTAL.id, LineState.READY, house.clock())
        await prover.tend(TESTED, health)
        return len(house.servers[PORTAL.id].sent)

    assert await tend() == 1
    house.clock.advance(hours=71)
    assert await tend() == 1
    proof = await prover.proof(TESTED)
    assert proof.state is ProofState.PROVING
    steps: list[str] = []
    await prover.prove(TESTED, steps.append, lambda: None, patience=0)
    assert steps[0].startswith("A test message is on its way already. It proves the line once")
    house.clock.advance(hours=2)
    assert await tend() == 2
    kinds = {one.kind for one in await house.repository.lines.evidence()}
    assert kinds == {EvidenceKind.PROBE_SENT}
    house.clock.advance(hours=73)
    await prover.prove(TESTED, steps.append, lambda: None, patience=0)
    assert "Sending a test message to the test patient, Patient/test." in steps


async def test_a_test_message_of_long_ago_stays_out_of_the_list(house: House) -> None:
    await house.outbox.send_probe(TESTED)
    await house.outbox.send_probe(TESTED)
    await house.sync()
    first, _ = house.servers[PORTAL.id].sent
    content = next(iter(house.servers[PORTAL.id].folders["sent"].items.values()))[0]
    put(house, {**json.loads(content), "version": "2", "told": ["delivered", ""]}, ours=True)
    await house.sync()
    assert first.probe_token
    assert await house.rows() == []


async def test_nobody_hides_by_the_mark_of_a_test_message(house: House) -> None:
    put(house, item(5, "Call me!", probe="0123456789abcdef"), 1)
    await house.sync()
    assert len(await house.rows()) == 1


async def test_a_stranger_proves_nothing_by_the_names_of_a_test_message(house: House) -> None:
    await house.outbox.send_probe(TESTED)
    [probe] = house.servers[PORTAL.id].sent
    put(house, item(71, "yes", thread="", in_reply_to=[f"Communication/{probe.uuid}"]), 2)
    await house.sync()
    kinds = {one.kind for one in await house.repository.lines.evidence()}
    assert EvidenceKind.ROUND_TRIP not in kinds
    assert len(await house.rows()) == 1


async def test_results_and_documents_go_to_the_portal(house: House) -> None:
    await thread(house, can_reply=True)
    await house.repository.lines.add_evidence(Evidence(PORTAL.id, EvidenceKind.ROUND_TRIP, NOW))
    to = Address(AddressSystem.EMAIL, "ann@example.com", "Ann Lee")
    await house.repository.lines.add_evidence(Evidence(FRONT_DESK.id, EvidenceKind.ROUND_TRIP, NOW))
    draft = await house.desk.new_draft(to, ChannelKind.EMAIL, "p1")
    plain = await house.desk.situation(replace(draft, text="See you at ten."))
    assert await house.desk.suggesting.suggest(plain) is None

    letter = DraftAttachment("letter.pdf", "application/pdf", 10, "0" * 64)
    with_file = await house.desk.situation(replace(draft, attachments=(letter,)))
    found = await house.desk.suggesting.suggest(with_file)
    assert found is not None
    assert found.why == "Documents are safer in the portal, and they can answer there."
    assert found.fix.to == (Address(AddressSystem.PORTAL, PATIENT, "Ann Lee"),)
    result = await house.desk.situation(replace(draft, category=Category.RESULT))
    found = await house.desk.suggesting.suggest(result)
    assert found is not None
    assert found.channel is ChannelKind.PORTAL

    for form in (
        replace(ANN_EVERYWHERE.form, portal_state=PortalState.INVITED),
        replace(ANN_EVERYWHERE.form, portal=Consent.DECLINED),
    ):
        await house.repository.patients.save([replace(ANN_EVERYWHERE, form=form)])
        again = await house.desk.situation(replace(draft, category=Category.RESULT))
        assert await house.desk.suggesting.suggest(again) is None


async def test_no_portal_is_suggested_that_may_take_no_answer(house: House) -> None:
    await thread(house)
    to = Address(AddressSystem.EMAIL, "ann@example.com", "Ann Lee")
    draft = replace(
        await house.desk.new_draft(to, ChannelKind.EMAIL, "p1"), category=Category.RESULT
    )
    assert await house.desk.suggesting.suggest(await house.desk.situation(draft)) is None


async def test_a_reminder_goes_straight_to_them(house: House) -> None:
    conversation = await thread(house, can_reply=True)
    draft = await house.desk.reply_draft(conversation)
    reminder = replace(draft, text="Reminder: your appointment is on Friday at ten.")
    found = await house.desk.suggesting.suggest(await house.desk.situation(reminder))
    assert found is not None
    assert found.channel is ChannelKind.SMS
    assert found.why == "A reminder by text needs no log-in, and they prefer texts."
    talk = replace(draft, text="Thank you for asking.")
    assert await house.desk.suggesting.suggest(await house.desk.situation(talk)) is None


async def test_a_patient_without_a_point_is_reached_by_what_the_portal_calls_them(
    house: House,
) -> None:
    known = replace(
        ANN_EVERYWHERE,
        points=(ContactPoint(AddressSystem.EMAIL, "ann@example.com"),),
        sources=(f"{PORTAL.address}/Patient/44",),
    )
    await house.repository.patients.save([known])
    await house.arrive("ann@example.com", "Could you send my letter?")
    [row] = await house.rows()
    draft = await house.desk.reply_draft(row.id, ChannelKind.PORTAL)
    assert [one.value for one in draft.to] == ["Patient/44"]
