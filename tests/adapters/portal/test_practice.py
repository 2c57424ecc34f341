"""Portal messages from the desk to the server and back, with all that lies between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.portal.channel import PortalChannel
from demo.portal.fault import Fault
from inbox.backoffice import BackOffice
from inbox.conversation import ConversationRow, ConversationState, ListState
from inbox.desk import Desk
from inbox.errors import Blocked, Held
from inbox.gate import Gate
from inbox.message import Direction, Message, MessageStatus
from inbox.outbox import Outbox
from inbox.patient import Patient
from inbox.practice import Practice
from inbox.repository import OutboxRow, Repository
from inbox.rules import RULES
from store.database import open_repository
from tests.adapters.portal.world import DANA, LUIS, MRN, OFFICE, ROSA, PortalHandle
from tests.inbox.making import FRONT_DESK, practice

ROSA_JIMENEZ = Patient(id="p1", given="Rosa", family="Jimenez", identifiers=(f"{MRN}|7",))
SAID = "See you Thursday at ten. Answer here and Dana sees it by 5 PM."


@dataclass
class Lakeside:
    """The practice between its desk and the portal."""

    world: PortalHandle
    repository: Repository
    practice: Practice
    desk: Desk
    outbox: Outbox
    back_office: BackOffice
    channel: PortalChannel

    async def sync(self, **later: float) -> None:
        """Let time go by, and read the portal."""
        self.world.clock.advance(**later)
        await self.back_office.sync_once()

    async def rows(self) -> list[ConversationRow]:
        """The list."""
        return list((await self.desk.page(ListState.ALL)).rows)

    async def messages(self) -> list[Message]:
        """Of the only conversation."""
        (row,) = await self.rows()
        return await self.repository.conversations.messages(row.id)

    async def answer(self, text: str = SAID, because: str = "") -> OutboxRow:
        """Answer the only conversation, and let it leave."""
        (row,) = await self.rows()
        draft = await self.desk.reply_draft(row.id)
        queued = await self.desk.send(replace(draft, text=text), because, undo=False)
        await self.outbox.deliver_due()
        return await self.repository.outbox.get(queued.id)

    async def counts(self) -> tuple[int, int, int]:
        """What the server holds, and what is stored and quarantined of it."""
        health = (await self.repository.lines.health())[self.world.line.id]
        (folder,) = health.folders
        return folder.server, folder.stored, folder.quarantined


@pytest.fixture
async def lakeside(world: PortalHandle, tmp_path: Path) -> AsyncIterator[Lakeside]:
    async with AsyncExitStack() as stack:
        clock, line = world.clock, world.line
        the_practice = practice(lines=(FRONT_DESK, line))
        repository = await open_repository(tmp_path / "data", clock)
        stack.push_async_callback(repository.close)
        channel = world.channel(world.settings(answerable=None))
        channels = {line.id: channel}
        gate = Gate(RULES)
        back_office = BackOffice(repository, the_practice, gate, channels, clock, "test")
        stack.push_async_callback(back_office.close)
        await repository.patients.save([ROSA_JIMENEZ])
        abilities = {line.id: channel.capabilities}
        desk = Desk(repository, the_practice, gate, clock, "dana", abilities)
        outbox = Outbox(repository, the_practice, gate, channels, clock, "test")
        opened = Lakeside(world, repository, the_practice, desk, outbox, back_office, channel)
        await opened.sync()
        yield opened


def thread(world: PortalHandle, *, can_reply: bool | None = True) -> str:
    """A thread about Thursday's visit; give its name."""
    said = {"url": "https://twoway.example/fhir/can-reply", "valueBoolean": can_reply}
    more: dict[str, Any] = {"extension": [said]} if can_reply is not None else {}
    head = world.write(
        by=OFFICE, status="in-progress", sent=None, topic={"text": "Thursday's visit"}, **more
    )
    return f"Communication/{head}"


async def test_a_question_in_the_portal_is_answered_in_the_portal(lakeside: Lakeside) -> None:
    world = lakeside.world
    head = thread(world)
    asked = world.write("Can I come on Thursday?", partOf=[{"reference": head}])
    await lakeside.sync(minutes=1)
    (row,) = await lakeside.rows()
    assert (row.patient_id, row.state) == ("p1", ConversationState.NEEDS_REPLY)
    assert row.subject == "Thursday's visit"

    sent = await lakeside.answer()
    assert sent.status is MessageStatus.SENT
    (ours,) = world.ours()
    assert ours["partOf"] == [{"reference": head}]
    assert ours["inResponseTo"] == [{"reference": f"Communication/{asked}"}]
    assert ours["subject"]["reference"] == ours["recipient"][0]["reference"] == ROSA

    await lakeside.sync(minutes=1)
    world.revise(ours["id"], status="completed")
    world.write("Thank you", partOf=[{"reference": head}])
    await lakeside.sync(minutes=1)
    said = [(one.direction, one.status) for one in await lakeside.messages()]
    assert said == [
        (Direction.INBOUND, MessageStatus.RECEIVED),
        (Direction.OUTBOUND, MessageStatus.DELIVERED),
        (Direction.INBOUND, MessageStatus.RECEIVED),
    ]
    server, stored, quarantined = await lakeside.counts()
    assert (server, stored, quarantined) == (4, 4, 0)


async def test_what_is_sent_comes_back_as_one_message(lakeside: Lakeside) -> None:
    world = lakeside.world
    world.write("Can I come on Thursday?", partOf=[{"reference": thread(world)}])
    await lakeside.sync(minutes=1)
    world.server.fail(Fault("drop", "POST", "Communication$", accept=True))
    assert (await lakeside.answer()).status is MessageStatus.UNKNOWN
    await lakeside.sync(minutes=1)
    said = [one.direction for one in await lakeside.messages()]
    assert said == [Direction.INBOUND, Direction.OUTBOUND]
    assert len(world.ours()) == 1


async def test_a_proxy_writes_about_the_patient(lakeside: Lakeside) -> None:
    world = lakeside.world
    head = thread(world)
    world.write("She has a fever.", by=LUIS, partOf=[{"reference": head}])
    await lakeside.sync(minutes=1)
    (row,) = await lakeside.rows()
    assert row.patient_id == "p1"
    await lakeside.answer()
    (ours,) = world.ours()
    assert ours["subject"]["reference"] == ROSA
    assert ours["recipient"][0]["reference"] == LUIS


async def test_a_thread_that_cannot_be_answered_is_blocked(lakeside: Lakeside) -> None:
    world = lakeside.world
    world.write("Your form.", partOf=[{"reference": thread(world, can_reply=False)}])
    await lakeside.sync(minutes=1)
    with pytest.raises(Blocked):
        await lakeside.answer()
    assert world.posted() == []


async def test_a_thread_nobody_says_anything_about_is_held(lakeside: Lakeside) -> None:
    world = lakeside.world
    world.write("Hello", partOf=[{"reference": thread(world, can_reply=None)}])
    await lakeside.sync(minutes=1)
    with pytest.raises(Held):
        await lakeside.answer()
    assert (await lakeside.answer(because="She asked for it")).status is MessageStatus.SENT


async def test_a_message_is_taken_back_and_shown_so(lakeside: Lakeside) -> None:
    world = lakeside.world
    there = world.write("Meant for somebody else", by=DANA)
    await lakeside.sync(minutes=1)
    (message,) = await lakeside.messages()
    assert not message.retracted
    world.revise(there, status="entered-in-error")
    await lakeside.sync(days=3)
    (message,) = await lakeside.messages()
    assert message.retracted


async def test_what_is_no_message_is_counted_as_quarantined(lakeside: Lakeside) -> None:
    world = lakeside.world
    world.server.manners.strangers = [{"resourceType": "Task", "id": "t1"}]
    world.write("Hello")
    await lakeside.sync(minutes=1)
    assert await lakeside.counts() == (2, 1, 1)
    await lakeside.sync(minutes=20)
    assert await lakeside.counts() == (2, 1, 1)


async def test_what_every_list_leaves_out_is_fetched_by_the_count(lakeside: Lakeside) -> None:
    world = lakeside.world
    # It was changed on the server long ago, and is shown only now.
    world.server.holdings.index_lag = world.clock() - world.clock().replace(hour=0)
    world.write("shown late")
    await lakeside.sync(minutes=1)
    assert await lakeside.rows() == []
    for _ in range(3):
        world.server.holdings.index_lag -= world.server.holdings.index_lag
        world.write("in time")
        await lakeside.sync(hours=12)
    texts = [
        message.text
        for row in await lakeside.rows()
        for message in await lakeside.repository.conversations.messages(row.id)
    ]
    assert sorted(texts) == ["in time", "in time", "in time", "shown late"]
    server, stored, _ = await lakeside.counts()
    assert server == stored == 4


async def test_somebody_nobody_knows_is_shown_and_not_dropped(lakeside: Lakeside) -> None:
    lakeside.world.add("Patient", "ann", name="Ann Lee")
    lakeside.world.write("Hello", by="Patient/ann", subject={"reference": "Patient/ann"})
    await lakeside.sync(minutes=1)
    (row,) = await lakeside.rows()
    assert (row.patient_id, row.person) == (None, "Ann Lee")
