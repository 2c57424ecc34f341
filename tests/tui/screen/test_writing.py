"""Answering: the two lines, the gate's word, sending, taking back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Paste

from tests.clock import FakeClock
from tests.tui.screen.conftest import gone, see, shown, stage, type_keys, type_text, until
from tests.tui.screen.lakeside import NOW, PRACTICE, ROSA, Lakeside
from tui.widgets.composer import Composer, DraftText


async def test_reply_shows_where_it_leaves_from_and_who_sees_the_answer(office: Lakeside) -> None:
    for size in ((80, 24), (120, 36)):
        async with stage(office, size=size) as pilot:
            await see(pilot, "Rosa Jimenez")
            await pilot.press("r")
            await see(
                pilot,
                "Reply to Rosa Jimenez <rosa.",
                "✓ From frontdesk@lakeside.example · replies",
                "↩ Rosa can answer this e-mail;",
                "17:00",
                "Re: Moving Thursday's visit",
            )
            await pilot.press("escape")
        await office.open()


async def test_send_undo_and_send_again(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter", "r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Tuesday at nine.")
        await pilot.press("f9")
        await see(pilot, "Sending in 8 s", "u takes it back", "queued")
        await pilot.press("u")
        await see(pilot, "Reply to", "taken back")
        composer = pilot.app.screen.query_one(Composer)
        assert composer.draft is not None
        assert composer.draft.text == "Tuesday at nine."
        assert not office.servers["front-desk"].sent[1:]
        await pilot.press("f9")
        await see(pilot, "Sending in")
        office.clock.advance(seconds=9)
        await office.deliver()
        await see(pilot, "✓ sent")
        await gone(pilot, "Sending in")
        sent = office.servers["front-desk"].sent[-1]
        assert sent.text == "Tuesday at nine."
        assert sent.line.address == "frontdesk@lakeside.example"


async def test_undo_comes_too_late(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Yes.")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        office.clock.advance(seconds=9)
        await office.deliver()
        await see(pilot, "✓ sent")
        await gone(pilot, "Sending in")
        await pilot.press("u")
        await see(pilot, "Nothing can be taken back")


async def test_block_prevents_sending_and_names_the_way_out(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Friday is fine. Please do not reply to this message.")
        await see(pilot, "✗ cannot leave", "F2 Take the sentence out")
        await pilot.press("f9")
        await see(pilot, "It cannot leave:")
        assert not await office.repository.outbox.open_rows(10)
        await pilot.press("f2")
        await gone(pilot, "✗ cannot leave")
        draft = pilot.app.screen.query_one(Composer).draft
        assert draft is not None
        assert draft.text.strip() == "Friday is fine."
        await pilot.press("f9")
        await see(pilot, "Sending in")


async def test_newer_message_appears_and_is_read_before_sending(office: Lakeside) -> None:
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Tuesday at nine.")
        office.clock.advance(minutes=1)
        await office.arrive(
            "rosa.jimenez@example.com", "Not Tuesday, please.", name="Rosa Jimenez",
            subject="Re: Moving Thursday's visit", id="r2@x", in_reply_to=["r1@x"],
        )  # fmt: skip
        await see(pilot, "Not Tuesday, please.", "! needs a reason", "They wrote again")
        await pilot.press("f2")
        await gone(pilot, "! needs a reason")
        await pilot.press("f9")
        await see(pilot, "Sending in")


async def test_hold_asks_for_a_reason_and_keeps_it(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Tuesday at nine.")
        await office.arrive(
            "rosa.jimenez@example.com", "Hello?", name="Rosa Jimenez", subject="Hello",
            id="r2@x", in_reply_to=["r1@x"],
        )  # fmt: skip
        await see(pilot, "They wrote again")
        await pilot.press("f9")
        await see(pilot, "Send it all the same? The reason is kept.")
        await pilot.press("escape")
        await gone(pilot, "Send it all the same?")
        assert not await office.repository.outbox.open_rows(10)
        await pilot.press("f9")
        await see(pilot, "Send it all the same?")
        await type_text(pilot, "agreed by phone")
        await pilot.press("enter")
        await see(pilot, "Sending in")
        (row,) = await office.repository.outbox.open_rows(10)
        assert row.because == "agreed by phone"
        assert row.draft.covered_message_id > row.draft.seen_message_id


async def test_draft_survives_leaving_and_a_second_start(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Half a thought")
        await pilot.press("escape")
        await see(pilot, "The draft is kept", "Needs reply")
        await pilot.press("escape")
        await see(pilot, "✎ draft")
    again = Lakeside(office.folder, office.clock)
    async with stage(again, size=(80, 24)) as pilot:
        await see(pilot, "✎ draft")
        await pilot.press("r")
        await see(pilot, "Half a thought", "✓ From frontdesk@lakeside.example")


async def test_draft_is_kept_while_typing_pauses(office: Lakeside) -> None:
    row = await office.row_of("Rosa")
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_keys(pilot, "Not lost")
        await pilot.pause(1.3)
        kept = await office.repository.drafts.load(f"c{row.id}", "dana")
        assert kept is not None
        assert kept.text == "Not lost"


async def test_pasted_control_sequences_stay_out_of_the_draft(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        field = pilot.app.screen.query_one(DraftText)
        pilot.app.post_message(Paste("one\x1b[31m\ntwo\u202e\nthree"))
        await see(pilot, "three")
        assert field.text == "one\ntwo\nthree"


async def test_unproven_line_is_said_and_another_can_be_chosen(tmp_path: Path) -> None:
    office = await Lakeside(tmp_path / "data", FakeClock(NOW)).open()
    await office.furnish()
    office.practice = replace(
        PRACTICE, lines=(*PRACTICE.lines[:1], replace(PRACTICE.lines[1], id="new-line"))
    )
    await office.close()
    async with stage(Lakeside(office.folder, office.clock), size=(120, 36)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await pilot.press("f3")
        await see(pilot, "Which line does it leave from?", "nurse@lakeside.example")
        await pilot.press("down", "enter")
        await see(pilot, "✓ From nurse@lakeside.example")


async def test_write_new_to_a_patient(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("w")
        await see(pilot, "Write to")
        await type_text(pilot, "mei")
        await see(pilot, "mei.chen@example.com")
        await pilot.press("enter")
        await see(pilot, "New message to Mei Chen", "✓ From")
        await type_text(pilot, "Your referral")
        await pilot.press("enter")
        await type_text(pilot, "Your referral is ready.")
        await pilot.press("f9")
        await see(pilot, "Sending in", "Mei Chen", "queued")


async def test_editor_hands_back_without_sending(
    office: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await pilot.press("f4")
        await see(pilot, "No editor is chosen.")


async def test_attach_a_file(office: Lakeside, tmp_path: Path) -> None:
    file = tmp_path / "map.pdf"
    file.write_bytes(b"%PDF-1.4")
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await pilot.press("f7")
        await see(pilot, "Which file?")
        pilot.app.post_message(Paste(str(file)))
        await until(pilot, lambda: "map.pdf" in shown(pilot))
        await pilot.press("enter")
        await see(pilot, "map.pdf (8 B)")
        await pilot.press("f7")
        await see(pilot, "Take off map.pdf")
        await pilot.press("down", "enter")
        await gone(pilot, "map.pdf (8 B)")


async def test_shared_address_is_blocked_until_a_patient_is_chosen(office: Lakeside) -> None:
    twin = replace(ROSA, id="p9", given="Luisa")
    await office.repository.patients.save([twin])
    await office.arrive(
        "rosa.jimenez@example.com", "It is about the little one.", name="Rosa Jimenez",
        subject="Fever", id="f1@x",
    )  # fmt: skip
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Fever")
        await pilot.press("g", "r")
        await see(pilot, "about ? nobody chosen Ctrl+L", "✗ cannot leave")
        await type_text(pilot, "Please bring her in at ten.")
        await pilot.press("f9")
        await see(pilot, "It cannot leave:")
        await pilot.press("ctrl+l")
        await see(pilot, "Which patient is it about?", "Luisa Jimenez", "Rosa Jimenez")
        await type_text(pilot, "luisa")
        await gone(pilot, "Rosa Jimenez  born")
        await pilot.press("enter")
        await see(pilot, "This conversation", "Always for this address")
        await pilot.press("enter")
        await see(pilot, "about Luisa Jimenez", "Please bring her in at ten.")
        await gone(pilot, "✗ cannot leave")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_taking_back_loses_nothing_that_was_begun_since(
    office: Lakeside, size: tuple[int, int]
) -> None:
    async with stage(office, size=size) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Tuesday at nine.")
        await pilot.press("f9")
        await see(pilot, "Sending in")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "And bring your card.")
        await pilot.press("escape")
        await see(pilot, "The draft is kept")
        await pilot.press("u")
        await see(pilot, "Which one do you go on with?")
        await pilot.press("down", "enter")
        await see(pilot, "And bring your card.", "Reply to")
        draft = pilot.app.screen.query_one(Composer).draft
        assert draft is not None
        assert draft.text == "And bring your card."
        assert await office.desk.drafts_below(draft) == 1
        await pilot.press("f9")
        await see(pilot, "Sending in")
        await pilot.press("r")
        await see(pilot, "Tuesday at nine.", "Reply to")
