"""Whoever called is answered in writing where it can be; words never ring a telephone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inbox.address import ChannelKind
from inbox.errors import NotFound, TwowayError
from inbox.patient import Consent
from inbox.practice import Practice
from tests.inbox.conftest import House
from tests.inbox.making import FRONT_DESK, PHONE, TEXTS, practice
from tests.inbox.test_calling import MOBILE, ann, late


@pytest.fixture
def the_practice() -> Practice:
    """Lakeside with texts and a phone."""
    return practice(lines=(FRONT_DESK, TEXTS, PHONE))


async def test_whoever_called_is_texted_back(house: House) -> None:
    draft = await house.desk.reply_draft(await late(house))
    assert (draft.channel, draft.to[0].value) == (ChannelKind.SMS, MOBILE)


async def test_who_wants_mail_or_no_texts_gets_a_mail(house: House) -> None:
    conversation = await late(house, sms=Consent.DECLINED)
    draft = await house.desk.reply_draft(conversation)
    assert (draft.channel, draft.to[0].value) == (ChannelKind.EMAIL, "ann@example.com")
    await house.repository.patients.save([replace(ann(), preferred_channel=ChannelKind.EMAIL)])
    draft = await house.desk.reply_draft(conversation)
    assert draft.channel is ChannelKind.EMAIL


async def test_a_number_that_opted_out_is_not_the_first_choice(house: House) -> None:
    conversation = await late(house)
    await house.arrive(MOBILE, "STOP", line=TEXTS)
    await house.arrive(MOBILE, "Call me please.", line=PHONE)
    row = await house.repository.conversations.row(conversation)
    assert row.channels[0] is ChannelKind.PHONE
    draft = await house.desk.reply_draft(conversation)
    assert draft.channel is ChannelKind.EMAIL


@pytest.mark.parametrize("the_practice", [practice(lines=(PHONE,))])
async def test_where_there_is_only_a_telephone_that_is_said(house: House) -> None:
    await house.repository.patients.save([ann()])
    await house.arrive(MOBILE, "Please call me back.", line=PHONE)
    (row,) = await house.rows()
    with pytest.raises(NotFound, match="by telephone only"):
        await house.desk.reply_draft(row.id)


async def test_words_do_not_ring_a_telephone(house: House) -> None:
    draft = await house.desk.reply_draft(await late(house), ChannelKind.PHONE)
    with pytest.raises(TwowayError, match="would only ring"):
        await house.desk.send(replace(draft, text="See you on Friday."), because="asked")
    assert await house.repository.outbox.open_rows(5) == []
