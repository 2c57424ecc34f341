"""What is done to a conversation besides answering: note, assign, snooze, done, link."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from textual.screen import Screen

from inbox.conversation import ConversationRow
from inbox.desk import Desk
from inbox.errors import Held
from inbox.message import Message
from inbox.words import clock_words, leaves_words
from tui.screens.linking import choose_patient, link_patient
from tui.screens.moment import read_moment
from tui.screens.sending import NO_REASON
from tui.screens.telling import tell

_CUSTOM = "custom"


class Tending:
    """Carries out commands on one conversation."""

    def __init__(self, desk: Desk, screen: Screen[Any]) -> None:
        """Ask questions over `screen`."""
        self._desk = desk
        self._screen = screen

    async def note(self, row: ConversationRow) -> None:
        """Write a note."""
        from tui.screens.ask import AskText

        explain = "Only the practice sees this; it never leaves."
        text = await self._screen.app.push_screen_wait(AskText("NOTE", explain, classes="note"))
        if text:
            await self._desk.note(row.id, text)

    async def assign(self, row: ConversationRow) -> None:
        """Give it to somebody."""
        from tui.screens.choose import Choice, Choose

        me = self._desk.member.id
        staff = sorted(self._desk.practice.staff, key=lambda one: (one.id != me, one.name))
        choices = [Choice(one.id, one.name, "me" if one.id == me else one.id) for one in staff]
        choices.append(Choice("", "Nobody", "whoever is free"))
        chosen = await self._screen.app.push_screen_wait(Choose("Who looks after it?", choices))
        if chosen is not None:
            await self._desk.assign(row.id, chosen.value)
            tell(self._screen.app, f"Given to {chosen.words}." if chosen.value else "Given back.")

    async def set_aside(self, row: ConversationRow) -> None:
        """Say why nobody needs to look at what could not be read."""
        from tui.screens.ask import AskLine

        if not row.needs_look:
            tell(self._screen.app, "Everything in it could be read.")
            return
        explain = ("It stays here with its raw text. Linking it to a patient (l) files it too.",)
        asked = AskLine("Why does nobody need it?", explain, empty=NO_REASON)
        because = await self._screen.app.push_screen_wait(asked)
        if because is not None:
            await self._desk.looking.set_aside(row.id, because)
            tell(self._screen.app, "Set aside.")

    async def snooze(self, row: ConversationRow) -> None:
        """Hide it for a while."""
        from tui.screens.choose import Choice, Choose

        now = self._desk.clock()
        choices = [
            Choice(moment.isoformat(), words, clock_words(moment, now, self._desk.practice))
            for words, moment in snooze_presets(now, self._desk)
        ]
        choices.append(Choice(_CUSTOM, "Another time", "2 h, 3 days, 14:30, 2026-08-03 09:00"))
        title = "Hide it until … (or until they write)"
        chosen = await self._screen.app.push_screen_wait(Choose(title, choices))
        if chosen is None:
            return
        until = (
            await self._ask_time(now)
            if chosen.value == _CUSTOM
            else datetime.fromisoformat(chosen.value)
        )
        if until is not None:
            await self._desk.snooze(row.id, until)
            when = clock_words(until, now, self._desk.practice)
            tell(self._screen.app, f"Hidden until {when}, or until they write.")

    async def _ask_time(self, now: datetime) -> datetime | None:
        from tui.screens.ask import AskLine

        explain = ["Like: 30 min, 2 h, 3 days, 14:30, 2026-08-03 09:00"]
        typed = await self._screen.app.push_screen_wait(AskLine("Hide it until", explain))
        if typed is None:
            return None
        until = read_moment(typed, now, self._desk)
        if until is None:
            tell(self._screen.app, "That is no time ahead.", explain[0], trouble=True)
        return until

    async def done(self, row: ConversationRow) -> None:
        """Close it; with a reason, where something waits on us."""
        fresh = await self._desk.repository.conversations.row(row.id)
        if not await self._may_leave(fresh):
            return
        try:
            await self._desk.done(row.id)
        except Held as held:
            from tui.screens.ask import AskLine

            explain = [f"! {finding.reason}" for finding in held.findings]
            asked = AskLine("Close it all the same? The reason is kept.", explain, empty=NO_REASON)
            because = (await self._screen.app.push_screen_wait(asked) or "").strip()
            if not because:
                return
            await self._desk.done(row.id, because)
        more = "E opens it again; it opens by itself when they write."
        if fresh.leaves_at is not None:
            more = f"Your message still leaves; u takes it back until then. {more}"
        tell(self._screen.app, f"Closed. {more}")

    async def _may_leave(self, row: ConversationRow) -> bool:
        """Whether it may be closed although a message of ours leaves only later."""
        leaves = leaves_words(row.leaves_at, self._desk.clock(), self._desk.practice)
        if not leaves:
            return True
        from tui.screens.ask import AskYes

        asked = AskYes(
            f"A message of ours {leaves}: close all the same?",
            "It leaves all the same; u on the message takes it back.",
        )
        agreed: bool = await self._screen.app.push_screen_wait(asked)
        return agreed is True

    async def reopen(self, row: ConversationRow) -> None:
        """Open it again, or wake it."""
        if row.snoozed_until is not None:
            await self._desk.snooze(row.id, None)
        if row.done_at is not None:
            await self._desk.reopen(row.id)

    async def link(self, row: ConversationRow) -> None:
        """Say which patient it is about; of a shared address, whether that is always so."""
        await link_patient(self._screen, self._desk, row)

    async def link_message(self, row: ConversationRow, message: Message) -> None:
        """Say that one message is about another patient than its conversation."""
        found = await self._desk.linking.candidates(row, message.text)
        others = [one for one in found.patients if one.id != message.patient_id]
        chosen = await choose_patient(
            self._screen, self._desk, others, title="Whom is this one message about?"
        )
        if chosen:
            await self._desk.linking.link_message(message.id, chosen)
            tell(self._screen.app, "It goes to their record; elsewhere it is marked as an error.")

    async def accept(self, row: ConversationRow) -> int | None:
        """Do what a message asks for between its lines, or put together what seems to belong so.

        Returns the conversation to show, where two became one.
        """
        if row.suggested_merge is not None and await self._nothing_open(row):
            from tui.screens.main.moving import join

            return await join(self._screen, self._desk, row, row.suggested_merge)
        await self._desk.attention.accept(row.id)
        tell(self._screen.app, "Done, and kept with your name.")
        return None

    async def _nothing_open(self, row: ConversationRow) -> bool:
        signals = await self._desk.attention.of(row.id)
        return not any(one.open for one in signals)

    async def dismiss(self, row: ConversationRow) -> None:
        """What a message seems to ask for is nothing; of an emergency that is asked twice."""
        if row.urgent:
            from tui.screens.ask import AskYes

            asked = AskYes("Is it no emergency?", "Your name and the time are kept.")
            if not await self._screen.app.push_screen_wait(asked):
                return
        if row.suggested_merge is not None and await self._nothing_open(row):
            await self._desk.moving.dismiss_suggestion(row.id)
            tell(self._screen.app, "They stay apart; that is kept with your name.")
            return
        await self._desk.attention.dismiss(row.id)
        tell(self._screen.app, "It counts as nothing; that is kept with your name.")


def snooze_presets(now: datetime, desk: Desk) -> list[tuple[str, datetime]]:
    """Later today, tomorrow morning, next week: at times when somebody is there."""
    zone = desk.practice.timezone
    local = now.astimezone(zone)
    morning = local.replace(hour=8, minute=0, second=0, microsecond=0)
    hours = desk.practice.hours
    presets = []
    closes = hours.closes_at(now)
    later = now + timedelta(hours=3)
    if closes is not None and closes - now > timedelta(hours=1):
        presets.append(("Later today", min(later, closes - timedelta(minutes=30))))
    for words, days in (
        ("Tomorrow morning", 1),
        ("In three days", 3),
        ("Next week", 7 - local.weekday()),
    ):
        day = morning + timedelta(days=days)
        presets.append((words, hours.next_opening(day) or day))
    return presets
