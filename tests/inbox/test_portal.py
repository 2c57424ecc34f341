"""Portal messages in the practice: their threads, whom they are about, their versions."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inbox.address import AddressSystem, ChannelKind
from inbox.conversation import ListState
from inbox.line import Line
from inbox.message import Message, Nature
from inbox.patient import ContactPoint, Proxy
from inbox.reply_path import EvidenceKind
from inbox.version import version_key, version_time
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN, FRONT_DESK, NOW, PORTAL

PATIENT = "Patient/12"
MRN = "urn:oid:1.2.3|12"
ANN_THERE = replace(
    ANN,
    points=(*ANN.points, ContactPoint(AddressSystem.PORTAL, PATIENT)),
    identifiers=(MRN,),
)
MOTHER = Proxy("Mia Lee", "mother", (ContactPoint(AddressSystem.PORTAL, "RelatedPerson/9"),))


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return (FRONT_DESK, PORTAL)


def item(number: int, text: str, **more: Any) -> dict[str, Any]:
    """A portal message of Ann's as the portal in memory has it."""
    return {
        "from": PATIENT,
        "name": "Ann Lee",
        "text": text,
        "to": ["Organization/1"],
        "id": f"Communication/{number}",
        "thread": "Communication/h1",
        **more,
    }


def put(house: House, one: dict[str, Any], minutes: float = 0, *, ours: bool = False) -> None:
    """Let it lie on the server since so long after the present moment."""
    at = house.clock() + timedelta(minutes=minutes)
    folder = "sent" if ours else "messages"
    house.servers[PORTAL.id].put(json.dumps(one).encode(), at, folder)


async def stored(house: House) -> list[list[Message]]:
    """Messages by conversation, in the order of the first message of each."""
    found = [await house.messages(row.id) for row in await house.rows()]
    return sorted(found, key=lambda one: (one[0].at, one[0].message_id))


async def told(house: House) -> list[tuple[str, str, list[tuple[Any, ...]]]]:
    """Everything that must not hang on the order of arrival."""
    found = []
    for row in await house.rows():
        messages = [
            (one.message_id, one.text, one.patient_id, one.nature, one.status, one.at, one.version)
            for one in await house.messages(row.id)
        ]
        found.append((row.subject, row.state.value, messages))
    return sorted(found, key=lambda one: one[2][0])


HEADER = item(1, "", subject="Ear pain", nature="thread", id="Communication/h1", can_reply=True)
THREAD: list[tuple[dict[str, Any], float, bool]] = [
    (HEADER, -30, False),
    (item(2, "My ear hurts", version=version_key(NOW, "1"), identifiers=[MRN]), -29, False),
    (item(2, "My left ear hurts", version=version_key(NOW, "2"), identifiers=[MRN]), -28, False),
    (item(3, "Since when?", **{"from": "Practitioner/1", "to": [PATIENT]}), -20, True),
    (item(4, "Since Monday", in_reply_to=["Communication/3"]), -10, False),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(THREAD))))[::7])
async def test_the_order_of_arrival_changes_nothing(house: House, order: tuple[int, ...]) -> None:
    await house.repository.patients.save([ANN_THERE])
    for place in order:
        one, minutes, ours = THREAD[place]
        put(house, one, minutes, ours=ours)
        await house.sync()
    [(subject, state, messages)] = await told(house)
    assert (subject, state) == ("Ear pain", "needs-reply")
    assert [(name, text) for name, text, *_ in messages] == [
        ("Communication/2", "My left ear hurts"),
        ("Communication/3", "Since when?"),
        ("Communication/4", "Since Monday"),
    ]
    assert {about for _, _, about, *_ in messages} == {"p1"}
    assert messages[0][5] == NOW - timedelta(minutes=29)


async def test_what_is_read_again_is_not_filed_again(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    for _ in range(2):
        for one, minutes, ours in THREAD:
            put(house, one, minutes, ours=ours)
        house.servers[PORTAL.id].renumber()
        await house.sync()
    assert [len(messages) for messages in await stored(house)] == [3]


async def test_without_threads_it_joins_what_it_answers(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    chain = [item(n, f"text {n}", thread="", in_reply_to=[f"Communication/{n - 1}"] * (n > 1))
             for n in range(1, 5)]  # fmt: skip
    for one in (chain[0], chain[3], chain[2], chain[1]):
        put(house, one, int(one["id"][-1]))
        await house.sync()
    [messages] = await stored(house)
    assert [one.text for one in messages] == ["text 1", "text 2", "text 3", "text 4"]


async def test_a_thread_that_a_person_parted_stays_parted(house: House) -> None:
    """Nothing parts conversations by itself; what has been parted is kept so."""
    from inbox.portal_thread import join_thread
    from inbox.storage.portal import ThreadMember

    arrival = replace(
        house.channels[PORTAL.id].convert(_raw(item(9, "more", thread="T"))), in_reply_to=("a",)
    )

    def member(id_: int, name: str, conversation: int, key: str = "T") -> ThreadMember:
        at = NOW + timedelta(minutes=id_)
        return ThreadMember(id_, name, key, conversation, at, (), None, chosen=False, ours=False)

    parted = [member(1, "a", 5), member(2, "b", 6)]
    assert join_thread(arrival, parted) == (5,)
    assert join_thread(replace(arrival, in_reply_to=()), parted) == (6,)
    # That these two belong together nothing showed before.
    other = member(3, "c", 7, "U")
    assert join_thread(replace(arrival, in_reply_to=("c",)), [*parted[:1], other]) == (5, 7)


def _raw(one: dict[str, Any]) -> Any:
    from inbox.channel import RawItem, RemoteId

    content = json.dumps(one).encode()
    return RawItem(RemoteId("messages", "1", "1"), content, NOW, len(content))


async def test_the_same_names_on_another_portal_are_others(
    house: House,
) -> None:
    put(house, item(1, "here"))
    await house.sync()
    assert await house.repository.portal.known("elsewhere", "Communication/1") is None
    assert await house.repository.portal.members("elsewhere", ["Communication/h1"], "", []) == []


async def test_what_was_taken_back_asks_for_nothing(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    put(house, item(2, "Wrong practice", version="1"), -5)
    await house.sync()
    assert len(await house.rows(ListState.NEEDS_REPLY)) == 1
    put(house, item(2, "Wrong practice", version="2", retracted=True), -4)
    await house.sync()
    put(house, item(2, "Wrong", version="0"), -6)
    await house.sync()
    [[message]] = await stored(house)
    assert message.retracted
    assert message.nature is Nature.RETRACTED
    assert await house.rows(ListState.NEEDS_REPLY) == []
    await house.recorder.drain()
    [*_, entry] = await house.repository.records.entries("p1")
    assert entry["status"] == "entered-in-error"


async def test_an_identifier_tells_whom_it_is_about(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    put(house, item(2, "Hello", identifiers=["urn:oid:9|x", MRN], **{"from": "Patient/unknown"}))
    await house.sync()
    [[message]] = await stored(house)
    assert (message.patient_id, message.match_reason) == ("p1", "matched by identifier 12")


async def test_two_patients_with_one_identifier_are_for_a_person(house: House) -> None:
    twin = replace(BEN, identifiers=(MRN,))
    await house.repository.patients.save([ANN_THERE, twin])
    put(house, item(2, "Hello", identifiers=[MRN]))
    await house.sync()
    [[message]] = await stored(house)
    assert (message.patient_id, message.match_reason) == (None, "2 patients have its identifiers")
    [row] = await house.rows(ListState.UNKNOWN)
    assert row.person == "Ann Lee"
    view = await house.desk.open(row.id)
    assert {one.id for one in view.candidates} == {"p1", "p2"}
    await house.desk.link(row.id, "p2")
    put(house, item(3, "Hello again", identifiers=[MRN]), 1)
    await house.sync()
    assert {one.patient_id for one in await house.messages(row.id)} == {"p2"}


async def test_a_reference_of_another_server_is_somebody_else(house: House) -> None:
    known = replace(ANN, sources=(PATIENT, f"https://other.example/fhir/{PATIENT}"))
    await house.repository.patients.save([known])
    put(house, item(2, "Hello"))
    await house.sync()
    [[message]] = await stored(house)
    assert (message.patient_id, message.match_reason) == (None, "nobody with this address")
    known = replace(known, sources=(PATIENT, f"{PORTAL.address}/{PATIENT}"))
    await house.repository.patients.save([known])
    put(house, item(5, "Hello", thread="Communication/h2"), 1)
    await house.sync()
    _, [message] = await stored(house)
    assert (message.patient_id, message.match_reason) == ("p1", "matched by portal account")


@pytest.mark.parametrize("about", ["", PATIENT, "Patient/404"])
async def test_a_proxy_writes_and_the_patient_is_the_subject(house: House, about: str) -> None:
    child = replace(ANN_THERE, proxies=(MOTHER,))
    await house.repository.patients.save([child])
    put(house, item(2, "She has a fever", about=about, **{"from": "RelatedPerson/9"}, name="Mia"))
    await house.sync()
    [[message]] = await stored(house)
    assert message.patient_id == "p1"
    expected = "matched by portal account" + " of their mother" * (about != PATIENT)
    assert message.match_reason == expected
    draft = await house.desk.reply_draft(message.conversation_id)
    assert [one.value for one in draft.to] == ["RelatedPerson/9"]


async def test_a_parents_own_account_is_not_the_child(house: House) -> None:
    await house.repository.patients.save([ANN_THERE])
    put(house, item(2, "About my son", about="Patient/404"))
    await house.sync()
    [[message]] = await stored(house)
    assert message.patient_id is None


async def test_access_that_ended_is_said(house: House) -> None:
    past = replace(MOTHER, until=NOW.date() - timedelta(days=1))
    await house.repository.patients.save([replace(ANN_THERE, proxies=(past,))])
    put(house, item(2, "Hello", identifiers=[MRN], **{"from": "RelatedPerson/9"}))
    await house.sync()
    [[message]] = await stored(house)
    assert message.match_reason.startswith("matched by identifier 12; mother's access ended")


@pytest.mark.parametrize("named_first", [True, False])
async def test_what_names_nobody_is_about_whom_its_thread_is(
    house: House, named_first: bool
) -> None:
    await house.repository.patients.save([ANN_THERE])
    nameless = item(2, "from the web", **{"from": "RelatedPerson/77"})
    named = item(3, "from me", identifiers=[MRN])
    for one in (named, nameless) if named_first else (nameless, named):
        put(house, one, int(one["id"][-1]))
        await house.sync()
    [messages] = await stored(house)
    assert [(one.patient_id, one.match_reason) for one in messages] == [
        ("p1", "as this conversation"), ("p1", "matched by identifier 12"),
    ]  # fmt: skip


async def test_a_later_subject_moves_it_to_the_other_record(house: House) -> None:
    await house.repository.patients.save([ANN_THERE, replace(BEN, identifiers=("s|b",))])
    put(house, item(2, "Hello", version="1", identifiers=[MRN]))
    await house.sync()
    await house.recorder.drain()
    put(house, item(2, "Hello", version="2", identifiers=["s|b"]))
    await house.sync()
    await house.recorder.drain()
    [*_, wrong] = await house.repository.records.entries("p1")
    [right] = await house.repository.records.entries("p2")
    assert (wrong["status"], right["status"]) == ("entered-in-error", "completed")


async def test_what_cannot_be_read_is_kept_and_shown(house: House) -> None:
    house.servers[PORTAL.id].put(b"<html>Sign in</html>", house.clock())
    await house.sync()
    [[message]] = await stored(house)
    assert (message.nature, message.text) == (Nature.UNREADABLE, "<html>Sign in</html>")
    evidence = await house.repository.lines.evidence()
    assert [one for one in evidence if one.kind is EvidenceKind.INBOUND] == []


async def test_what_a_patient_wrote_proves_the_line(house: House) -> None:
    put(house, item(2, "Hello"))
    await house.sync()
    view = {one.line.id: one for one in await house.desk.lines()}[PORTAL.id]
    assert "replies proven" in view.proof_words


async def answer(house: House, conversation_id: int, text: str, because: str = "they wait") -> int:
    """Answer in the portal and let it leave; the outbox row."""
    draft = await house.desk.reply_draft(conversation_id, ChannelKind.PORTAL)
    row = await house.desk.send(replace(draft, text=text), because, undo=False)
    await house.outbox.deliver_due()
    return row.id


def test_a_later_version_is_the_greater_one() -> None:
    later = NOW + timedelta(microseconds=1)
    assert version_key(NOW, "9") < version_key(NOW, "10") < version_key(later, "1")
    assert version_key(None) == "" < version_key(None, "1") < version_key(NOW)
    assert version_time(version_key(later, "1")) == later
    assert version_time("") is version_time(version_key(None, "7")) is version_time("x") is None
