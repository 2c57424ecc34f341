"""Reading: what each kind of message looks like, and what can be done with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inbox.address import ChannelKind, email
from inbox.message import Arrival, MessageKind, Nature
from tests.tui.screen.conftest import gone, lines, see, shown, stage, type_text, until
from tests.tui.screen.lakeside import ROSA_ADDRESS, Lakeside
from tui.widgets.messages_view import MessagesView


def mail(text: str, **more: Any) -> Arrival:
    plain: dict[str, Any] = {
        "channel": ChannelKind.EMAIL,
        "kind": MessageKind.EMAIL,
        "sender": ROSA_ADDRESS,
        "to": (email("frontdesk@lakeside.example"),),
        "subject": "Moving Thursday's visit",
        "text": text,
        "whole": text,
    }
    return Arrival(**{**plain, **more})


async def test_open_and_back_on_a_narrow_terminal(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "◂ e-mail 09:48  Rosa Jimenez", "Any morning is fine", "Needs reply")
        assert "Omar Haddad" not in shown(pilot)
        await pilot.press("p")
        await see(pilot, "born 1984-07-02", "Luis Jimenez", "spouse")
        await pilot.press("escape")
        await see(pilot, "Any morning is fine")
        await pilot.press("escape")
        await see(pilot, "Omar Haddad")
        row = await office.row_of("Rosa")
        assert not row.unread


async def test_three_panes_on_a_wide_terminal_and_resize(office: Lakeside) -> None:
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "Omar Haddad", "Any morning is fine", "born 1984-07-02")
        await pilot.press("r")
        await see(pilot, "Reply to")
        await type_text(pilot, "Still here")
        await pilot.resize_terminal(80, 24)
        await gone(pilot, "Omar Haddad")
        await see(pilot, "Still here", "✓ From frontdesk", "↩ Rosa can answer")
        await pilot.resize_terminal(140, 40)
        await see(pilot, "Omar Haddad", "Still here", "born 1984-07-02")
        assert all(len(line.rstrip()) <= 140 for line in lines(pilot))


async def test_notes_look_different_from_messages(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("n")
        await see(pilot, "Only the practice sees this; it never leaves.")
        await type_text(pilot, "She sounded worried.")
        await pilot.press("f9", "enter")
        await see(pilot, "NOTE 10:00  Dana Reyes · stays in the practice", "┃ She sounded worried.")
        assert not office.servers["front-desk"].sent[1:]


async def test_quoted_history_is_folded_and_one_key_away(office: Lakeside) -> None:
    row = await office.row_of("Rosa")
    whole = "Thursday then.\n\nOn Monday Dana wrote:\n> Which day\n> suits you?"
    await office.file(mail("Thursday then.", whole=whole), conversations=(row.id,))
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "Thursday then.", "4 lines of earlier text folded; q shows them")
        assert "suits you?" not in shown(pilot)
        await pilot.press("right", "q")
        await see(pilot, "> suits you?", "q folds the earlier text again")
        await pilot.press("q")
        await gone(pilot, "> suits you?")


async def test_machines_are_small_and_unreadable_mail_needs_a_look(office: Lakeside) -> None:
    row = await office.row_of("Erik")
    about = (await office.repository.conversations.messages(row.id))[1]
    bounce = mail(
        "This is the mail system. User unknown.", nature=Nature.BOUNCE,
        sender=email("mailer-daemon@example.com"), in_reply_to=(about.message_id,),
    )  # fmt: skip
    await office.file(bounce, conversations=(row.id,))
    broken = mail("", nature=Nature.UNREADABLE, subject="")
    await office.file(broken, conversations=(row.id,), quarantined=True)
    async with stage(office, size=(80, 30)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("7")
        await see(pilot, "Erik Lindqvist")
        await pilot.press("enter")
        await see(pilot, "· delivery report 10:00, about ours of 10:00")
        await see(pilot, "! NEEDS A LOOK", "It could not be read; v shows it")
        await pilot.press("right", "right", "right", "right", "v")
        await see(pilot, "As it arrived", "raw text of 2")
        await pilot.press("escape")
        await gone(pilot, "As it arrived")


async def test_huge_text_is_capped_and_read_in_the_reader(office: Lakeside) -> None:
    row = await office.row_of("Rosa")
    text = "\n".join(f"line {number} " + "x" * 90 for number in range(100_000))
    await office.file(mail(text), conversations=(row.id,))
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "line 0")
        view = pilot.app.screen.query_one(MessagesView)
        assert view.virtual_size.height < 1000
        await pilot.press("G", "q")
        await see(pilot, "The whole text", "line 3 ")
        await pilot.press("G")
        await see(pilot, "line 99999")


async def test_earlier_messages_on_demand(office: Lakeside) -> None:
    row = await office.row_of("Rosa")
    for number in range(130):
        await office.file(mail(f"message {number}"), conversations=(row.id,))
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        view = pilot.app.screen.query_one(MessagesView)
        await until(pilot, lambda: len(view.messages) == 100)
        await pilot.press("g")
        await until(pilot, lambda: len(view.messages) == 131)
        await pilot.press("g")
        await see(pilot, "Any morning is fine")


async def test_save_an_attachment_without_writing_over_anything(
    office: Lakeside, fresh_home: Path
) -> None:
    folder = fresh_home / "Downloads"
    folder.mkdir(parents=True)
    (folder / "school-form.pdf").write_bytes(b"mine")
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Omar Haddad")
        await pilot.press("j", "enter")
        await see(pilot, "◫ school-form.pdf  13 B  d saves it")
        await pilot.press("d")
        await see(pilot, "Save it in which folder?")
        await pilot.press("enter")
        await until(pilot, (folder / "school-form (1).pdf").exists)
    assert (folder / "school-form.pdf").read_bytes() == b"mine"
    assert (folder / "school-form (1).pdf").read_bytes() == b"%PDF-1.4 form"
    assert (folder / "school-form (1).pdf").stat().st_mode & 0o077 == 0


async def test_unknown_person_is_linked_to_a_patient(office: Lakeside) -> None:
    async with stage(office, size=(120, 36)) as pilot:
        await see(pilot, "Marta Novak")
        await pilot.press("5")
        await see(pilot, "[Unknown 1]")
        await pilot.press("enter")
        await see(pilot, "? unknown: l links", "? Not linked to a patient")
        await pilot.press("l")
        await see(pilot, "Which patient is it about?")
        await type_text(pilot, "erik")
        await see(pilot, "Erik Lindqvist")
        await pilot.press("enter")
        await gone(pilot, "? Not linked")
        await see(pilot, "Privacy form")
        row = next(one for one in await office.rows() if one.subject == "New patient?")
        assert row.patient_id == "p3"


async def test_copy_reaches_the_clipboard(office: Lakeside) -> None:
    async with stage(office, size=(80, 24)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("enter")
        await see(pilot, "Any morning is fine")
        await pilot.press("y")
        await see(pilot, "Copied.")
        assert "Any morning is fine" in pilot.app.clipboard


async def test_details_of_a_message(office: Lakeside) -> None:
    async with stage(office, size=(80, 30)) as pilot:
        await see(pilot, "Rosa Jimenez")
        await pilot.press("2", "enter")
        await see(pilot, "✓ sent")
        await pilot.press("left", "h")
        await see(pilot, "Message-ID", "Proof")
