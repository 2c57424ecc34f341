"""Conversations put together, parted and sorted out on the screen, with one key each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inbox.address import AddressSystem
from inbox.patient import ContactPoint, Patient, Proxy
from tests.tui.screen.conftest import gone, see, stage, type_text
from tests.tui.screen.lakeside import ERIK, OMAR, Lakeside

SIZES = [(80, 24), (120, 36)]
HOME = "home@example.com"


async def texts(office: Lakeside, conversation_id: int) -> list[str]:
    messages = await office.repository.conversations.messages(conversation_id)
    return [one.text.split("\n")[0] for one in messages]


@pytest.mark.parametrize("size", SIZES)
async def test_a_wrong_merge_is_undone(office: Lakeside, size: tuple[int, int]) -> None:
    rosa, marta = await office.row_of("Rosa"), await office.row_of("Marta")
    before = await texts(office, rosa.id)
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "Any morning is fine")
        await pilot.press("t")
        await see(pilot, "Which one belongs together with this one?")
        await type_text(pilot, "marta")
        await see(pilot, "Marta Novak ·")
        await pilot.press("enter")
        await see(pilot, "Put together.", "Do you take new patients?")
        assert (await office.repository.conversations.row(marta.id)).id == rosa.id

        await pilot.press("B")
        await see(pilot, "came in here from another conversation", "Dana Reyes")
        await pilot.press("y")
        await see(pilot, "Undone: everything is where it was.", "Any morning is fine")
        await gone(pilot, "Do you take new patients? My")
        assert await texts(office, rosa.id) == before
        assert len(await texts(office, marta.id)) == 1
        # The unknown person is unknown again.
        assert (await office.repository.conversations.row(marta.id)).patient_id is None


async def test_two_patients_are_not_put_together_unawares(office: Lakeside) -> None:
    rosa, omar = await office.row_of("Rosa"), await office.row_of("Omar")
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("t")
        await see(pilot, "Which one belongs")
        await type_text(pilot, "omar")
        await see(pilot, "Omar Haddad ·")
        await pilot.press("enter")
        await see(pilot, "They are about Rosa Jimenez and Omar Haddad")
        await pilot.press("enter")
        await gone(pilot, "They are about")
        assert (await office.repository.conversations.row(omar.id)).id == omar.id != rosa.id


async def family(office: Lakeside) -> tuple[Patient, Patient]:
    """Two children with their mother's address."""
    mother = Proxy("Ida Haddad", "mother", (ContactPoint(AddressSystem.EMAIL, HOME),))
    lea = replace(OMAR, id="c1", given="Lea", points=(), proxies=(mother,))
    max_ = replace(OMAR, id="c2", given="Max", points=(), proxies=(mother,))
    await office.repository.patients.save([lea, max_])
    return lea, max_


@pytest.mark.parametrize("size", SIZES)
async def test_a_family_is_sorted_out(office: Lakeside, size: tuple[int, int]) -> None:
    await family(office)
    await office.arrive(HOME, "Lea has a fever.", name="Ida Haddad", subject="Lea", id="h1@x")
    office.clock.advance(minutes=1)
    more = {"name": "Ida Haddad", "subject": "Re: Lea", "references": ["h1@x"]}
    await office.arrive(HOME, "And Max needs his shot.", id="h2@x", **more)
    both = await office.row_of("Ida")
    async with stage(office, size=size) as pilot:
        await see(pilot, "Ida Haddad")
        await pilot.press("enter")
        await see(pilot, "And Max needs his shot.", "? About whom: Max, Lea")
        # The second message is a matter of its own.
        await pilot.press("right", "S")
        await see(pilot, "Part it here")
        await pilot.press("y")
        # Named in what is left here.
        await see(pilot, "Parted: 1 message to conversation", "About whom: Lea, Max")
        await pilot.press("l")
        await see(pilot, "Which patient is it about?")
        await pilot.press("enter")
        await see(pilot, "this time, or always?")
        await pilot.press("enter")
        await gone(pilot, "? About whom")
        # Matched alike, but it is about the other child.
        await see(pilot, "1 message in 1 other", "matched alike")
        await pilot.press("n")
        rows = {row.id: row for row in await office.rows() if row.person_address == HOME}
        assert rows[both.id].patient_id == "c1"
        [other] = [row for row in rows.values() if row.id != both.id]
        assert (other.patient_id, other.snippet) == (None, "And Max needs his shot.")
        # Their answer to it follows it.
        more["references"] = ["h1@x", "h2@x"]
        await office.arrive(HOME, "Is Friday possible?", id="h3@x", **more)
        assert await texts(office, other.id) == ["And Max needs his shot.", "Is Friday possible?"]


async def test_correcting_a_match_corrects_its_siblings_and_back(office: Lakeside) -> None:
    for number in range(3):
        office.clock.advance(minutes=1)
        await office.arrive("e.l@example.com", f"From my phone {number}", subject=f"S{number}")
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "e.l@example.com")
        await pilot.press("l")
        await see(pilot, "Which patient is it about?")
        await type_text(pilot, "erik")
        await see(pilot, "Erik Lindqvist")
        await pilot.press("enter")
        await see(pilot, "Link these to Erik Lindqvist too?", "matched alike")
        await pilot.press("y")
        await see(pilot, "2 more linked.")

        rows = [row for row in await office.rows() if row.person_address == "e.l@example.com"]
        assert {row.patient_id for row in rows} == {ERIK.id}

        await pilot.press("B")
        await see(pilot, "Undo it? 2 messages linked to somebody else")
        await pilot.press("y")
        await see(pilot, "Undone")
        rows = [row for row in await office.rows() if row.person_address == "e.l@example.com"]
        assert sorted(str(row.patient_id) for row in rows) == ["None", "None", ERIK.id]


@pytest.mark.parametrize(("key", "said"), [("x", "Put together."), ("X", "They stay apart")])
async def test_a_suggestion_is_taken_or_dismissed(office: Lakeside, key: str, said: str) -> None:
    rosa = await office.row_of("Rosa")
    await office.arrive(
        "luis@example.com", "About Rosa's visit", name="Luis", id="l1@x", references=["r1@x"]
    )
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "Luis")
        await pilot.press("enter")
        await see(pilot, "? Belongs to another one: x joins, X not")
        await pilot.press(key)
        await see(pilot, said)
        await gone(pilot, "? Belongs to another")
        luis = next(row for row in await office.rows() if "Rosa's visit" in row.snippet)
        assert (luis.id == rosa.id) == (key == "x")
        assert luis.suggested_merge is None


async def test_a_message_is_moved_to_a_new_conversation(office: Lakeside) -> None:
    rosa = await office.row_of("Rosa")
    await office.arrive(
        "rosa.jimenez@example.com", "The bill is wrong.", id="r2@x", references=["r1@x"]
    )
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "The bill is wrong.")
        await pilot.press("G", "T")
        await see(pilot, "Where does this one message belong?", "A new conversation")
        await pilot.press("enter")
        await see(pilot, "Moved: 1 message to conversation")
        await gone(pilot, "The bill is wrong.")
        await pilot.press("B")
        await see(pilot, "Undo it?")
        await pilot.press("y")
        await see(pilot, "The bill is wrong.")
        assert len(await texts(office, rosa.id)) == 2
