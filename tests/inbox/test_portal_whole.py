"""The practice and a real portal on loopback: what is asked there is answered there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.backoffice import BackOffice
from inbox.channel import Channel
from inbox.conversation import ConversationRow, ListState
from inbox.desk import Desk
from inbox.errors import Blocked, Held
from inbox.gate import Gate
from inbox.message import MessageStatus
from inbox.patient import Consent, ContactPoint, Patient, PrivacyForm, Proxy
from inbox.repository import Repository
from inbox.rules import RULES
from store.database import open_repository
from tests.adapters.portal.world import LUIS, MRN, ROSA, PortalHandle
from tests.clock import FakeClock
from tests.fhir.structure import problems, read_definitions
from tests.inbox.making import NOW, practice

CAN_REPLY = "https://twoway.example/fhir/can-reply"
ROSA_HERE = Patient(
    id="rosa",
    given="Rosa",
    family="Jimenez",
    points=(ContactPoint(AddressSystem.EMAIL, "rosa@example.com"),),
    proxies=(Proxy("Luis Jimenez", "father", (ContactPoint(AddressSystem.PORTAL, LUIS),)),),
    form=PrivacyForm(email=Consent.ACCEPTED, portal=Consent.ACCEPTED),
    identifiers=(f"{MRN}|7",),
)


@dataclass
class Whole:
    """A practice whose one line is a portal on loopback."""

    world: PortalHandle
    repository: Repository
    desk: Desk
    office: BackOffice
    clock: FakeClock

    async def sync(self) -> None:
        """Read the portal; nothing must go wrong."""
        assert await self.office.sync_once() == {}

    async def rows(self, state: ListState = ListState.ALL) -> list[ConversationRow]:
        """The list."""
        return list((await self.desk.page(state)).rows)

    async def texts(self, conversation_id: int) -> list[str]:
        """The texts of a conversation."""
        found = await self.repository.conversations.messages(conversation_id)
        return [one.text.strip() for one in found]

    async def answer(self, conversation_id: int, text: str, **more: Any) -> int:
        """Answer in the portal; the message's id."""
        draft = await self.desk.reply_draft(conversation_id)
        row = await self.desk.send(replace(draft, text=text, **more), "they wait", undo=False)
        await self.office.deliver_due()
        kept = await self.repository.outbox.get(row.id)
        assert kept.status in {MessageStatus.SENT, MessageStatus.DELIVERED}, kept
        return kept.message_id


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def world(clock: FakeClock) -> Iterator[PortalHandle]:
    with PortalHandle(clock) as handle:
        yield handle


@pytest.fixture
async def whole(tmp_path: Path, world: PortalHandle, clock: FakeClock) -> AsyncIterator[Whole]:
    ours = practice(lines=(world.line,))
    repository = await open_repository(tmp_path / "data", clock)
    await repository.patients.save([ROSA_HERE])
    channel = world.channel()
    channels: dict[str, Channel] = {world.line.id: channel}
    gate = Gate(RULES)
    desk = Desk(
        repository, ours, gate, clock, "dana", {world.line.id: channel.capabilities}, timedelta()
    )
    office = BackOffice(repository, ours, gate, channels, clock, "test")
    yield Whole(world, repository, desk, office, clock)
    await office.close()
    await repository.close()


def thread(world: PortalHandle, topic: str, *, can_reply: bool | None = None) -> str:
    """A thread with nothing in it; its reference."""
    said = [{"url": CAN_REPLY, "valueBoolean": can_reply}] if can_reply is not None else None
    header = world.write(status="in-progress", topic={"text": topic}, extension=said)
    return f"Communication/{header}"


def part_of(header: str) -> dict[str, Any]:
    return {"partOf": [{"reference": header}]}


async def test_a_question_is_answered_where_it_was_asked(whole: Whole, corpora: Path) -> None:
    world = whole.world
    header = thread(world, "My ear", can_reply=True)
    asked = world.write("It hurts. May I come?", **part_of(header))
    await whole.sync()
    [row] = await whole.rows(ListState.NEEDS_REPLY)
    assert (row.subject, row.patient_id) == ("My ear", "rosa")
    [question] = await whole.repository.conversations.messages(row.id)
    assert question.match_reason == "matched by identifier 7"

    whole.clock.advance(minutes=2)
    sent = await whole.answer(row.id, "Yes, today at ten. Dana")
    [posted] = world.ours()
    assert posted["partOf"] == [{"reference": header}]
    assert posted["inResponseTo"] == [{"reference": f"Communication/{asked}"}]
    assert posted["subject"]["reference"] == ROSA
    assert [one["reference"] for one in posted["recipient"]] == [ROSA]
    await whole.sync()
    assert [one.id for one in await whole.rows(ListState.WAITING)] == [row.id]
    assert await whole.texts(row.id) == ["It hurts. May I come?", "Yes, today at ten. Dana"]

    whole.clock.advance(minutes=2)
    world.write("Thank you, which door?", **part_of(header))
    await whole.sync()
    [again] = await whole.rows(ListState.NEEDS_REPLY)
    assert again.id == row.id
    await whole.office.record()
    definitions = read_definitions(corpora / "fhir-r4" / "structure")
    entries = await whole.repository.records.entries("rosa")
    assert len(entries) >= 3
    assert [problem for entry in entries for problem in problems(entry, definitions)] == []
    own = await whole.repository.conversations.message(sent)
    assert own.thread_key == header


async def test_a_proxy_asks_and_is_answered(whole: Whole) -> None:
    whole.world.write("May she go to school?", by=LUIS, at=NOW - timedelta(minutes=3))
    await whole.sync()
    [row] = await whole.rows()
    assert (row.patient_id, row.person) == ("rosa", "Luis Jimenez")
    await whole.answer(row.id, "Yes, on Monday, Luis. Dana")
    [posted] = whole.world.ours()
    assert [one["reference"] for one in posted["recipient"]] == [LUIS]
    assert posted["subject"]["reference"] == ROSA
    await whole.sync()
    assert len(await whole.rows()) == 1


async def test_a_question_about_another_child_is_not_answered_about_the_first(
    whole: Whole,
) -> None:
    """A father asks about both children in one thread; the answer must not mistake them."""
    world = whole.world
    eva = replace(ROSA_HERE, id="eva", given="Eva", identifiers=(f"{MRN}|8",))
    await whole.repository.patients.save([eva])
    world.add("Patient", "eva", name="Eva Jimenez", identifier=[{"system": MRN, "value": "8"}])
    header = thread(world, "Ears", can_reply=True)
    world.write("Rosa's ear hurts.", by=LUIS, **part_of(header))
    await whole.sync()
    whole.clock.advance(minutes=2)
    about: dict[str, Any] = {"subject": {"reference": "Patient/eva"}}
    world.write("And now Eva's too.", by=LUIS, **about, **part_of(header))
    await whole.sync()
    [row] = await whole.rows(ListState.NEEDS_REPLY)
    draft = replace(await whole.desk.reply_draft(row.id), text="Come at ten. Dana")
    with pytest.raises(Held, match="wrote last is about Eva, and this is about Rosa"):
        await whole.desk.send(draft)
    assert world.posted() == []
    await whole.repository.conversations.link(row.id, "eva", "chosen by Dana")
    draft = replace(await whole.desk.reply_draft(row.id), text="Come at ten. Dana")
    assert (await whole.desk.situation(draft)).newest_about is None


async def test_a_closed_thread_is_not_answered(whole: Whole) -> None:
    header = thread(whole.world, "Your results", can_reply=False)
    before = NOW - timedelta(minutes=9)
    dana = "Practitioner/dana"
    whole.world.write("Your results are in.", by=dana, at=before, **part_of(header))
    whole.world.write("What do they mean?", **part_of(header))
    await whole.sync()
    [row] = await whole.rows(ListState.NEEDS_REPLY)
    draft = replace(await whole.desk.reply_draft(row.id), text="All is well. Dana")
    with pytest.raises(Blocked, match="cannot answer in this portal thread"):
        await whole.desk.send(draft, "please", undo=False)
    assert whole.world.posted() == []


async def test_a_new_thread_is_begun_once_and_answered(whole: Whole) -> None:
    """The answer is read together with our own message, in a thread that was not there before."""
    world = whole.world
    world.write("Hello from Rosa", at=NOW - timedelta(hours=1))
    await whole.sync()
    to = Address(AddressSystem.PORTAL, ROSA, "Rosa Jimenez")
    draft = await whole.desk.new_draft(to, ChannelKind.PORTAL, "rosa")
    row = await whole.desk.send(
        replace(draft, text="Please bring your card. Dana", subject="Your card"),
        "they know the portal",
        undo=False,
    )
    await whole.office.deliver_due()
    [ours] = world.ours()
    [header] = [one["reference"] for one in ours["partOf"]]
    whole.clock.advance(minutes=1)
    world.write("I will", **part_of(header))
    await whole.sync()
    assert await whole.texts(row.conversation_id) == ["Please bring your card. Dana", "I will"]
    assert len(await whole.rows()) == 2


async def test_what_is_corrected_and_taken_back_there_shows_here(whole: Whole) -> None:
    world = whole.world
    asked = world.write("My leftt ear", at=NOW - timedelta(minutes=5))
    await whole.sync()
    [row] = await whole.rows()
    whole.clock.advance(minutes=1)
    world.revise(asked, payload=[{"contentString": "My left ear"}])
    await whole.sync()
    assert await whole.texts(row.id) == ["My left ear"]
    whole.clock.advance(minutes=1)
    world.revise(asked, status="entered-in-error")
    await whole.sync()
    [message] = await whole.repository.conversations.messages(row.id)
    assert message.retracted
    assert await whole.rows(ListState.NEEDS_REPLY) == []


async def test_ours_is_taken_back_in_the_portal(whole: Whole) -> None:
    world = whole.world
    header = thread(world, "My ear", can_reply=True)
    world.write("May I come?", **part_of(header))
    await whole.sync()
    [row] = await whole.rows()
    sent = await whole.answer(row.id, "Yes, at ten, Omar. Dana")
    await whole.desk.retracting.ask(sent)
    await whole.office.deliver_due()
    assert [one["status"] for one in world.ours()] == ["entered-in-error"]
    assert (await whole.repository.conversations.message(sent)).retracted
    await whole.sync()
    assert len(await whole.texts(row.id)) == 2
    assert [one.id for one in await whole.rows(ListState.NEEDS_REPLY)] == [row.id]


async def test_a_portal_proves_itself_by_a_test_patient(
    tmp_path: Path, world: PortalHandle, clock: FakeClock
) -> None:
    world.add("Patient", "test", name="Test Patient")
    line = replace(world.line, test_patient="Patient/test")
    repository = await open_repository(tmp_path / "data", clock)
    channel = world.channel(line=line)
    gate = Gate(RULES)
    ours = practice(lines=(line,))
    office = BackOffice(repository, ours, gate, {line.id: channel}, clock, "test")
    desk = Desk(repository, ours, gate, clock, "dana", {}, timedelta())
    assert channel.capabilities.proves_itself
    steps: list[str] = []
    await office.prove(line.id, steps.append, patience=0)
    [probe] = world.ours()
    assert [one["reference"] for one in probe["recipient"]] == ["Patient/test"]
    [header] = [one["reference"] for one in probe["partOf"]]
    clock.advance(minutes=5)
    answer = {"subject": {"reference": "Patient/test"}, **part_of(header)}
    world.write("yes", by="Patient/test", **answer)
    assert await office.sync_once() == {}
    [view] = await desk.lines()
    assert view.proof_words == "replies proven just now (round trip)"
    assert list((await desk.page(ListState.ALL)).rows) == []
    await office.close()
    await repository.close()


async def test_a_portal_that_completes_whatever_is_created_can_be_answered(whole: Whole) -> None:
    """As Canvas does: there `completed` closes nothing."""
    world = whole.world
    head = f"Communication/{world.write(status='completed', topic={'text': 'My ear'})}"
    world.write("May I come?", **part_of(head))
    await whole.sync()
    [row] = await whole.rows(ListState.NEEDS_REPLY)
    draft = replace(await whole.desk.reply_draft(row.id), text="Yes, at ten. Dana")
    with pytest.raises(Held, match="completed"):
        await whole.desk.send(draft)
    await whole.answer(row.id, "Yes, at ten. Dana")
    whole.clock.advance(minutes=2)
    world.write("Thanks, which door?", **part_of(head))
    await whole.sync()
    draft = replace(await whole.desk.reply_draft(row.id), text="The blue one. Dana")
    assert (await whole.desk.situation(draft)).can_reply is True

    # A portal that keeps others open means it.
    world.write("Another matter", **part_of(thread(world, "Other")))
    await whole.sync()
    with pytest.raises(Blocked, match="closed"):
        await whole.desk.send(draft, "please")
