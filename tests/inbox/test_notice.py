"""A notice beside a portal message: neutral, by the gate, and only once that message has left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory.server import Trouble
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.errors import Blocked
from inbox.line import Line
from inbox.message import MessageStatus
from inbox.notice import notice_words
from inbox.outgoing import Category, Draft
from inbox.patient import Consent, ContactPoint, Patient, PrivacyForm, Proxy
from inbox.rules.patterns import SAYS_MUCH
from inbox.rules.wording import wording
from tests.inbox.conftest import House
from tests.inbox.making import ANN, FRONT_DESK, NOW, PORTAL, TEXTS, practice
from tests.inbox.test_portal import PATIENT, item, put

PHONE = "+15550100101"
ANN_EVERYWHERE = replace(
    ANN,
    points=(
        ContactPoint(AddressSystem.EMAIL, "ann@example.com"),
        ContactPoint(AddressSystem.PHONE, PHONE),
        ContactPoint(AddressSystem.PORTAL, PATIENT),
    ),
    form=PrivacyForm(email=Consent.ACCEPTED, sms=Consent.ACCEPTED, portal=Consent.ACCEPTED),
    preferred_channel=ChannelKind.SMS,
)


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, TEXTS, PORTAL)


async def asked(house: House, patient: Patient = ANN_EVERYWHERE, **more: str) -> Draft:
    """Ann asks in the portal, every line is proven; the draft of an answer."""
    await house.repository.patients.save([patient])
    await house.arrive("+15550100199", "hello", line=TEXTS, id="SMstranger")
    await house.arrive("somebody@example.com", "hello", id="x@y")
    put(house, item(2, "May I have my record?", can_reply=True, **more), -10)
    await house.sync()
    [row] = [one for one in await house.rows() if ChannelKind.PORTAL in one.channels]
    draft = await house.desk.reply_draft(row.id)
    return replace(draft, text="Here you are, Ann. Dana")


@pytest.mark.parametrize("channel", [ChannelKind.SMS, ChannelKind.EMAIL])
@pytest.mark.parametrize("category", Category)
async def test_the_gate_has_nothing_against_its_words(
    house: House, category: Category, channel: ChannelKind
) -> None:
    draft = await asked(house, replace(ANN_EVERYWHERE, preferred_channel=channel))
    draft = replace(draft, category=category)
    notice = await house.desk.noticing.plan(await house.desk.situation(draft))
    assert notice.draft is not None
    assert notice.verdict is not None
    assert notice.draft.channel is channel
    severe = [one for one in notice.verdict.findings if one.severity.value != "info"]
    assert severe == []
    assert notice.leaves
    said = wording(notice.draft.text)
    assert not any(said.says(one) for one in SAYS_MUCH)
    assert "ear" not in notice.draft.text.casefold().split()


def test_its_words_by_category() -> None:
    message = Draft(ChannelKind.PORTAL, "", (), "Your biopsy", category=Category.BILLING)
    ours = practice(lines=(FRONT_DESK, TEXTS, PORTAL))
    assert notice_words(message, ChannelKind.SMS, ours, TEXTS, NOW) == (
        "Lakeside Family Practice: a bill waits for you in our patient portal. You need not log in"
        " to answer: reply to this text and the front desk sees it by 5:00 PM."
    )
    night = NOW + timedelta(hours=10)
    assert "sees it tomorrow from 8:00 AM" in notice_words(
        replace(message, category=Category.RESULT), ChannelKind.EMAIL, ours, FRONT_DESK, night
    )


async def test_it_leaves_after_the_message_it_goes_with(house: House) -> None:
    draft = await asked(house)
    sent = await house.desk.noticing.send(draft)
    assert sent.why_not == ""
    assert sent.notice is not None
    assert sent.notice.after == sent.row.id
    assert sent.notice.conversation_id == sent.row.conversation_id
    assert [one.value for one in sent.notice.draft.to] == [PHONE]
    house.clock.advance(seconds=10)
    house.servers[PORTAL.id].fail(Trouble.BUSY)
    await house.outbox.deliver_due()
    assert house.servers[TEXTS.id].sent == []
    assert await house.repository.outbox.next_due() == house.clock() + timedelta(seconds=60)
    house.clock.advance(minutes=2)
    await house.outbox.deliver_due()
    assert [one.text for one in house.servers[TEXTS.id].sent] == [sent.notice.draft.text]


@pytest.mark.parametrize("ends", ["failed", "undone", "late"])
async def test_it_does_not_leave_without_it(house: House, ends: str) -> None:
    draft = await asked(house)
    sent = await house.desk.noticing.send(draft)
    assert sent.notice is not None
    if ends == "undone":
        assert await house.desk.undo(sent.row.id) is not None
    if ends == "failed":
        house.servers[PORTAL.id].fail(Trouble.REFUSED)
    if ends == "late":
        house.servers[PORTAL.id].fail(Trouble.LOST_TAKEN)
        house.clock.advance(seconds=10)
        await house.outbox.deliver_due()
        house.clock.advance(hours=2)
        await house.handed_over.reconcile()
        assert (await house.repository.outbox.get(sent.row.id)).status is MessageStatus.SENT
    house.clock.advance(seconds=10)
    await house.outbox.deliver_due()
    await house.outbox.deliver_due()
    assert house.servers[TEXTS.id].sent == []
    notice = await house.repository.outbox.get(sent.notice.id)
    assert notice.status is MessageStatus.CANCELLED
    assert await house.repository.outbox.next_due() is None


async def test_what_the_gate_holds_is_not_queued(house: House) -> None:
    draft = await asked(house)
    house.clock.advance(hours=12)
    await house.sync()
    draft = replace(draft, text="Here you are, Ann. Dana")
    sent = await house.desk.noticing.send(draft)
    assert sent.notice is None
    assert sent.why_not == "There is no notice: It is a time to rest where they may be."
    assert (await house.repository.outbox.get(sent.row.id)).status is MessageStatus.QUEUED


async def test_what_is_blocked_itself_brings_no_notice(house: House) -> None:
    draft = await asked(house)
    with pytest.raises(Blocked):
        await house.desk.noticing.send(replace(draft, text=""))
    assert await house.repository.outbox.open_rows(9) == []


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (PrivacyForm(), "they agreed to no text and no e-mail"),
        (PrivacyForm(sms=Consent.DECLINED), "they agreed to no text and no e-mail"),
        (
            PrivacyForm(confidential=Address(AddressSystem.PORTAL, PATIENT)),
            "they asked to be written to at one place only",
        ),
    ],
)
async def test_who_agreed_to_none_gets_none(house: House, form: PrivacyForm, why: str) -> None:
    draft = await asked(house, replace(ANN_EVERYWHERE, form=form))
    notice = await house.desk.noticing.plan(await house.desk.situation(draft))
    assert (notice.draft, notice.why_not) == (None, f"There is no notice: {why}.")


async def test_a_proxy_is_told_at_their_own_address(house: House) -> None:
    mother = Proxy(
        "Mia Lee",
        "mother",
        (
            ContactPoint(AddressSystem.PORTAL, "RelatedPerson/9"),
            ContactPoint(AddressSystem.PHONE, "+15550100155"),
        ),
    )
    child = replace(ANN_EVERYWHERE, proxies=(mother,))
    draft = await asked(house, child, **{"from": "RelatedPerson/9", "about": PATIENT})
    notice = await house.desk.noticing.plan(await house.desk.situation(draft))
    assert notice.draft is not None
    assert [(one.value, one.name) for one in notice.draft.to] == [("+15550100155", "Mia Lee")]


async def test_what_is_no_portal_message_has_none(house: House) -> None:
    await asked(house)
    mail = await house.desk.new_draft(
        Address(AddressSystem.EMAIL, "ann@example.com"), ChannelKind.EMAIL
    )
    notice = await house.desk.noticing.plan(await house.desk.situation(mail))
    assert notice.why_not == "A notice goes with a portal message only."
