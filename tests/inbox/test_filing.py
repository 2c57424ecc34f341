"""Where arrivals go: nothing is dropped, nobody's message lands with somebody else."""

from __future__ import annotations

from dataclasses import replace

from inbox.address import Address, AddressSystem, email
from inbox.conversation import ConversationState, ListState
from inbox.message import Direction, MessageStatus, Nature
from inbox.patient import ContactPoint, Patient, PointHealth, Proxy
from inbox.reply_path import ProofState
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN, FRONT_DESK, NURSE


async def test_a_known_address_is_linked_and_the_reason_shown(house: House) -> None:
    await house.arrive("ann@example.com", "Can I come on Thursday?", subject="Visit")

    [row] = await house.rows(ListState.NEEDS_REPLY)
    [message] = await house.messages(row.id)
    assert row.patient_name == "Ann Lee"
    assert row.unread
    assert message.match_reason == "matched by e-mail address"


async def test_an_unknown_sender_is_kept(house: House) -> None:
    await house.arrive("who@example.com", "Hello?", name="W. Ho")

    [row] = await house.rows(ListState.UNKNOWN)
    assert row.patient_id is None
    assert row.title == "W. Ho"
    assert row.state is ConversationState.NEEDS_REPLY


async def test_a_shared_address_is_not_filed_with_either(house: House) -> None:
    await house.repository.patients.save([BEN])

    await house.arrive("ann@example.com", "About the little one")

    [row] = await house.rows(ListState.UNKNOWN)
    view = await house.desk.open(row.id)
    assert {patient.id for patient in view.candidates} == {"p1", "p2"}


async def test_the_choice_is_remembered_for_the_conversation(house: House) -> None:
    await house.repository.patients.save([BEN])
    await house.arrive("ann@example.com", "About the little one", id="1@example.com")
    [row] = await house.rows()
    await house.desk.link(row.id, "p2")

    await house.arrive(
        "ann@example.com", "And another thing", id="2@example.com", references=["1@example.com"]
    )

    [row] = await house.rows()
    assert row.patient_id == "p2"
    assert [message.patient_id for message in await house.messages(row.id)] == ["p2", "p2"]


async def test_a_guardian_is_shown_as_the_writer(house: House) -> None:
    mother = Proxy("Mia Lee", "mother", (ContactPoint(AddressSystem.EMAIL, "mia@example.com"),))
    await house.repository.patients.save([replace(ANN, proxies=(mother,))])

    await house.arrive("mia@example.com", "Ann has a fever", name="Mia Lee")

    [row] = await house.rows()
    assert (row.patient_name, row.person) == ("Ann Lee", "Mia Lee")


async def test_what_cannot_be_read_is_shown_raw(house: House) -> None:
    house.servers["front-desk"].put(b"\xff\x00 not JSON", house.clock())

    await house.sync()

    [row] = await house.rows()
    [message] = await house.messages(row.id)
    assert row.needs_look
    assert message.nature is Nature.UNREADABLE
    assert "not JSON" in message.text
    health = (await house.repository.lines.health())["front-desk"]
    [inbox_count] = [count for count in health.folders if count.server]
    assert (inbox_count.stored, inbox_count.quarantined, inbox_count.missing) == (0, 1, 0)


async def test_a_stranger_who_quotes_our_id_gets_a_conversation_of_their_own(
    house: House,
) -> None:
    await house.arrive("ann@example.com", "Thursday?", id="1@example.com")
    [ann] = await house.rows()

    await house.arrive("eve@example.com", "Hi", id="2@example.com", references=["1@example.com"])

    rows = await house.rows()
    stranger = next(row for row in rows if row.id != ann.id)
    assert len(rows) == 2
    assert stranger.suggested_merge == ann.id


async def test_a_mail_to_two_of_our_lines_is_shown_once(house: House) -> None:
    both = [FRONT_DESK.address, NURSE.address]
    await house.arrive("ann@example.com", "To you both", id="1@example.com", to=both)
    await house.arrive(
        "ann@example.com", "To you both", id="1@example.com", to=both, line=NURSE, hop=2
    )

    [row] = await house.rows()
    assert len(await house.messages(row.id)) == 1


async def test_forty_mails_with_one_message_id_are_forty_messages(house: House) -> None:
    for number in range(40):
        await house.arrive("ann@example.com", f"Mail number {number}", id="same@example.com")

    shown = [message for row in await house.rows() for message in await house.messages(row.id)]
    assert len({message.text for message in shown}) == 40


async def test_bulk_and_auto_replies_do_not_wait_for_an_answer(house: House) -> None:
    await house.arrive("news@shop.example", "Buy!", nature="bulk")
    await house.arrive("ann@example.com", "I am away", nature="auto-reply")

    assert await house.rows(ListState.NEEDS_REPLY) == []
    assert len(await house.rows()) == 2


async def test_a_reply_from_another_program_counts_as_ours(house: House) -> None:
    await house.arrive("ann@example.com", "Thursday?", id="1@example.com")
    sent = (
        b'{"from": "frontdesk@lakeside.example", "to": ["ann@example.com"], "text": "Yes",'
        b' "id": "2@lakeside.example", "references": ["1@example.com"]}'
    )
    house.clock.advance(minutes=5)
    house.servers["front-desk"].put(sent, house.clock(), folder="sent")

    await house.sync()

    [row] = await house.rows()
    assert row.state is ConversationState.WAITING
    assert [message.direction for message in await house.messages(row.id)] == [
        Direction.INBOUND,
        Direction.OUTBOUND,
    ]


async def test_mail_proves_the_line_it_was_addressed_to(house: House) -> None:
    before = {view.line.id: view.proof.state for view in await house.desk.lines()}

    await house.arrive("ann@example.com", "Hello")
    await house.arrive("ann@example.com", "Hidden copy", to=["list@example.com"], line=NURSE)

    after = {view.line.id: view.proof.state for view in await house.desk.lines()}
    assert before == {"front-desk": ProofState.UNVERIFIED, "nurse": ProofState.UNVERIFIED}
    assert after == {"front-desk": ProofState.PROVEN, "nurse": ProofState.UNVERIFIED}


async def test_a_forged_round_trip_hides_nothing(house: House) -> None:
    await house.arrive("eve@example.com", "Please read", probe="0" * 32)

    [row] = await house.rows(ListState.NEEDS_REPLY)
    assert row.person_address == "eve@example.com"


async def test_a_change_of_epoch_loses_nothing_and_doubles_nothing(house: House) -> None:
    for number in range(5):
        await house.arrive("ann@example.com", f"Mail {number}", id=f"{number}@example.com")
    house.servers["front-desk"].renumber()

    await house.arrive("ann@example.com", "After", id="after@example.com")

    shown = [message for row in await house.rows() for message in await house.messages(row.id)]
    assert len(shown) == 6
    health = (await house.repository.lines.health())["front-desk"]
    assert [(count.server, count.stored) for count in health.folders if count.server] == [(6, 6)]


async def test_a_bounce_marks_the_message_and_the_address(house: House) -> None:
    await house.arrive("ann@example.com", "Thursday?", id="1@example.com")
    [row] = await house.rows()
    sent = await house.answer(row.id, "Yes, at ten.")
    bounce = _bounce(sent.rfc_id)
    house.servers["front-desk"].put(b"bounce", house.clock())
    _read_as(house, b"bounce", bounce)

    await house.sync()

    [row] = await house.rows(ListState.UNDELIVERED)
    messages = await house.messages(row.id)
    ours = next(message for message in messages if message.direction is Direction.OUTBOUND)
    assert ours.status is MessageStatus.FAILED
    assert "no such address" in ours.status_text
    ann = await house.repository.patients.get("p1")
    assert ann.points[0].health is PointHealth.BAD


async def test_a_bounce_that_came_before_the_copy_of_what_it_speaks_of(house: House) -> None:
    house.servers["front-desk"].put(b"bounce", house.clock())
    _read_as(house, b"bounce", _bounce("7@lakeside.example"))
    await house.sync()
    sent = (
        b'{"from": "frontdesk@lakeside.example", "to": ["ann@example.com"], "text": "Hello",'
        b' "id": "7@lakeside.example"}'
    )
    house.servers["front-desk"].put(sent, house.clock(), folder="sent")

    await house.sync()

    [row] = await house.rows(ListState.UNDELIVERED)
    ours, told = sorted(await house.messages(row.id), key=lambda one: one.direction.value)[::-1]
    assert ours.status is MessageStatus.FAILED
    assert told.nature is Nature.BOUNCE
    assert row.patient_name == "Ann Lee"
    assert len(await house.rows()) == 1


async def test_our_address_as_the_sender_hides_nothing(house: House) -> None:
    await house.arrive("ann@example.com", "Thursday?", id="1@example.com")

    await house.arrive(
        FRONT_DESK.address,
        "A forged answer",
        to=[FRONT_DESK.address, "ann@example.com"],
        references=["1@example.com"],
        id="2@example.com",
    )

    assert len(await house.rows(ListState.NEEDS_REPLY)) == len(await house.rows())
    shown = [message for row in await house.rows() for message in await house.messages(row.id)]
    assert {message.direction for message in shown} == {Direction.INBOUND}


async def test_one_message_that_cannot_be_filed_stops_no_other(house: House) -> None:
    original = house.repository.patients.by_address

    async def by_address(address: Address) -> list[Patient]:
        if address.value == "odd@example.com":
            raise ValueError("cannot be filed")
        return await original(address)

    house.repository.patients.by_address = by_address  # type: ignore[method-assign]  # the bug in question
    server = house.servers["front-desk"]
    server.deliver("odd@example.com", "Odd", to=[FRONT_DESK.address])
    await house.arrive("ann@example.com", "Plain")

    rows = await house.rows()
    assert sorted((row.person_address, row.needs_look) for row in rows) == [
        ("", True),
        ("ann@example.com", False),
    ]
    health = (await house.repository.lines.health())["front-desk"]
    [count] = [count for count in health.folders if count.server]
    assert (count.server, count.stored, count.quarantined) == (2, 1, 1)


async def test_a_bounce_that_names_where_their_mail_is_passed_on_to(house: House) -> None:
    await house.arrive("ann@example.com", "Thursday?", id="1@example.com")
    [row] = await house.rows()
    sent = await house.answer(row.id, "Yes, at ten.")
    house.servers["front-desk"].put(b"bounce", house.clock())
    _read_as(house, b"bounce", _bounce(sent.rfc_id, "ann.lee@elsewhere.example"))

    await house.sync()

    assert len(await house.rows(ListState.UNDELIVERED)) == 1
    ann = await house.repository.patients.get("p1")
    assert ann.points[0].health is PointHealth.GOOD


def _bounce(original: str, failed: str = "Ann@example.com") -> object:
    from inbox.address import ChannelKind
    from inbox.message import Arrival, DeliveryReport, FailedRecipient, MessageKind

    return Arrival(
        channel=ChannelKind.EMAIL,
        kind=MessageKind.EMAIL,
        sender=email("mailer-daemon@lakeside.example"),
        to=(FRONT_DESK.as_address,),
        text="Could not be delivered",
        whole="Could not be delivered",
        nature=Nature.BOUNCE,
        report=DeliveryReport(
            (FailedRecipient(failed, "failed", "5.1.1", "no such user"),), original
        ),
    )


def _read_as(house: House, content: bytes, arrival: object) -> None:
    """Let the channel read one raw item as this arrival; memory items hold no reports."""
    channel = house.channels["front-desk"]
    plain = channel.convert

    def convert(raw: object) -> object:
        return arrival if getattr(raw, "content", b"") == content else plain(raw)  # type: ignore[arg-type]  # a RawItem

    channel.convert = convert  # type: ignore[method-assign,assignment]  # for this one item
