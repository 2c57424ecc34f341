"""A conversation that is linked to somebody else: no word written for one goes out for another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from inbox.address import Address, AddressSystem
from inbox.errors import Blocked, TwowayError
from inbox.message import MessageStatus
from inbox.outgoing import Draft
from inbox.patient import Consent, ContactPoint, PrivacyForm
from inbox.repository import OutboxRow
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN

FAMILY = "family@example.com"


async def family(house: House, *, private: str = "") -> int:
    """A mail from an address that Ann and Ben share, linked to Ann; its conversation."""
    point = ContactPoint(AddressSystem.EMAIL, FAMILY)
    own = ContactPoint(AddressSystem.EMAIL, private) if private else point
    form = PrivacyForm(
        email=Consent.ACCEPTED,
        confidential=Address(AddressSystem.EMAIL, private) if private else None,
    )
    ben = replace(BEN, points=(point, own) if private else (point,), form=form)
    await house.repository.patients.save([replace(ANN, points=(point,)), ben])
    await house.arrive(FAMILY, "Is Thursday ok?", id="f1@x", subject="Thursday")
    (row,) = await house.rows()
    await house.desk.link(row.id, ANN.id)
    return row.id


async def written(house: House, conversation_id: int, text: str = "Thursday is fine.") -> Draft:
    return replace(await house.desk.reply_draft(conversation_id), text=text)


async def queued(house: House, conversation_id: int, text: str = "Thursday is fine.") -> OutboxRow:
    draft = await written(house, conversation_id, text)
    later = house.clock() + timedelta(hours=3)
    return await house.desk.send(replace(draft, send_at=later), undo=False)


async def leave(house: House, row: OutboxRow) -> OutboxRow:
    house.clock.advance(hours=3, minutes=1)
    await house.sync()
    await house.outbox.deliver_due()
    return await house.repository.outbox.get(row.id)


@pytest.mark.parametrize("private", ["", "ben.private@example.com"])
async def test_what_was_queued_for_one_does_not_leave_for_another(
    house: House, private: str
) -> None:
    conversation = await family(house, private=private)
    row = await queued(house, conversation)
    await house.desk.link(conversation, BEN.id)
    row = await leave(house, row)
    assert row.status is MessageStatus.FAILED
    assert house.servers["front-desk"].sent == []
    if private:
        assert "somebody else" in row.status_text
        with pytest.raises(Blocked, match=r"confidential|[Oo]nly"):
            await house.desk.retry(row.id)
        return
    again = await house.desk.retry(row.id, "I read it again: it is for Ben as well.")
    await house.outbox.deliver_due()
    again = await house.repository.outbox.get(again.id)
    assert (again.status, again.draft.patient_id) == (MessageStatus.SENT, BEN.id)


async def test_what_was_queued_leaves_when_the_link_stays(house: House) -> None:
    conversation = await family(house)
    row = await queued(house, conversation)
    await house.desk.link(conversation, ANN.id)
    assert (await leave(house, row)).status is MessageStatus.SENT


async def test_a_kept_draft_is_about_whom_its_conversation_is_about(house: House) -> None:
    conversation = await family(house, private="ben.private@example.com")
    await house.desk.keep_draft(await written(house, conversation))
    await house.desk.link(conversation, BEN.id)
    draft = await house.desk.reply_draft(conversation)
    assert (draft.text, draft.patient_id) == ("Thursday is fine.", BEN.id)
    with pytest.raises(Blocked):
        await house.desk.send(draft, undo=False)


async def test_a_link_that_changed_while_writing_is_told(house: House) -> None:
    conversation = await family(house)
    draft = await written(house, conversation)
    await house.desk.link(conversation, BEN.id)
    with pytest.raises(Blocked, match="linked to somebody else"):
        await house.desk.send(draft, undo=False)
    fresh = (await house.desk.situation(draft)).draft
    assert fresh.patient_id == BEN.id
    assert (await house.desk.send(fresh, undo=False)).draft.patient_id == BEN.id


async def test_a_reason_covers_the_words_that_were_there_only(house: House) -> None:
    await house.arrive("ann@example.com", "Is Thursday ok?", id="a1@x", subject="Thursday")
    (row,) = await house.rows()
    draft = await written(house, row.id)
    house.clock.advance(minutes=1)
    await house.arrive(
        "ann@example.com", "Thanks already!", id="a2@x", references=["a1@x"], subject="Re: Thursday"
    )
    with pytest.raises(TwowayError, match="wrote again"):
        await house.desk.send(draft, undo=False)
    later = replace(draft, send_at=house.clock() + timedelta(hours=3))
    out = await house.desk.send(later, "She only said thanks.", undo=False)
    assert "TW31" not in out.overridden
    house.clock.advance(minutes=5)
    await house.arrive(
        "ann@example.com",
        "No, I cannot come!",
        id="a3@x",
        references=["a1@x"],
        subject="Re: Thursday",
    )
    assert (await leave(house, out)).status is MessageStatus.FAILED
    assert house.servers["front-desk"].sent == []


async def test_with_a_reason_it_leaves_when_nothing_newer_came(house: House) -> None:
    await house.arrive("ann@example.com", "Is Thursday ok?", id="a1@x", subject="Thursday")
    (row,) = await house.rows()
    draft = await written(house, row.id)
    house.clock.advance(minutes=1)
    await house.arrive(
        "ann@example.com", "Thanks already!", id="a2@x", references=["a1@x"], subject="Re: Thursday"
    )
    out = await house.desk.send(draft, "She only said thanks.", undo=False)
    await house.outbox.deliver_due()
    assert (await house.repository.outbox.get(out.id)).status is MessageStatus.SENT
