"""Writing: the draft, its facts, what the gate says, and sending it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from textual.screen import Screen
from textual.timer import Timer

from inbox.address import Address, ChannelKind
from inbox.conversation import ConversationRow
from inbox.desk import Desk
from inbox.errors import TwowayError
from inbox.finding import Fix, asks_whom
from inbox.outgoing import Draft
from inbox.situation import Situation
from inbox.view import Preview
from tui.reach import addresses_on
from tui.screens.main.advising import Advising
from tui.screens.main.room import Room
from tui.screens.sending import send_or_ask
from tui.screens.telling import guarded, tell

if TYPE_CHECKING:
    from tui.widgets.composer import Composer

_NOTHING_YET = "…"
"""Stands for the words of a draft without any."""
_KEEP_AFTER = 1.0
"""Seconds of quiet after which a draft is kept."""


class Writing:
    """One draft at a time."""

    def __init__(self, desk: Desk, screen: Screen[Any], room: Room) -> None:
        """Write on behalf of `desk` in the composer of `room`."""
        self._desk = desk
        self._screen = screen
        self._room = room
        self._composer: Composer | None = None
        self._first: Draft | None = None
        """The draft as it was opened."""
        self._situation: Situation | None = None
        self._preview: Preview | None = None
        self._assigned = ""
        self._timer: Timer | None = None
        self._judging = False
        self._gathered = 0
        self._sending = False
        self._advising = Advising(desk)

    # ------------------------------------------------------------ opening

    @property
    def draft(self) -> Draft | None:
        """What is being written."""
        return self._composer.draft if self._composer else None

    async def reply(self, row: ConversationRow) -> None:
        """Answer a conversation, or go on with the answer that was begun."""
        current = self.draft
        if current is not None and current.conversation_id == row.id:
            self._room.show_composer(shown=True)
            return
        await self.keep()
        await self.begin(await self._desk.reply_draft(row.id), row.assigned_to)

    async def write_new(self) -> None:
        """Begin a conversation; a draft that was kept comes first."""
        from tui.screens.choose import Choose
        from tui.screens.main.choosing import desk_recipients

        desk = self._desk
        kept = await desk.repository.drafts.load("new", desk.member.id)
        if kept is None:
            chosen = await self._screen.app.push_screen_wait(
                Choose(
                    "Write to",
                    find=desk_recipients(desk),
                    placeholder="A patient's name, or an e-mail address",
                )
            )
            if chosen is None:
                return
            channel, address, patient_id = chosen.value
            kept = await desk.new_draft(address, channel, patient_id)
        await self.keep()
        await self.begin(kept, "")

    async def begin(self, draft: Draft, assigned_to: str = "") -> None:
        """Open the composer with a draft."""
        composer = self._composer = await self._room.composer()
        self._first, self._assigned = draft, assigned_to
        self._advising.forget()
        self._situation = await self._desk.situation(draft)
        draft = self._situation.draft
        await self._load(composer, draft)
        self._judge()
        self._room.show_composer(shown=True)
        composer.focus_first()

    async def _load(self, composer: Composer, draft: Draft) -> None:
        subject = self._desk.capabilities(draft.line_id).subject
        patient = self._situation.patient if self._situation else None
        composer.load(
            draft,
            await self._channels(draft),
            patient.name if patient else "",
            subject=subject or draft.channel is ChannelKind.EMAIL,
        )
        self._advise()

    async def _channels(self, draft: Draft) -> tuple[ChannelKind, ...]:
        from tui.screens.main.choosing import channels_for

        patient = self._situation.patient if self._situation else None
        return await channels_for(self._desk, draft, patient)

    # ------------------------------------------------------------ while typing

    def edited(self) -> None:
        """The words changed: judge them at the next frame, keep them soon."""
        if not self._judging:
            self._judging = True
            self._screen.call_after_refresh(self._judge)
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(_KEEP_AFTER, self._keep_soon)

    def _judge(self) -> None:
        self._judging = False
        draft, situation = self.draft, self._situation
        if draft is None or situation is None or self._composer is None:
            return
        if not draft.text.strip():
            # Nothing written yet is no fault to point at; everything else is said at once.
            draft = replace(draft, text=_NOTHING_YET)
        self._preview = self._desk.judge(situation, draft, assigned_to=self._assigned)
        self._composer.show_preview(self._preview)

    async def gather(self) -> None:
        """Something changed: gather the facts again."""
        draft = self.draft
        if draft is None:
            return
        self._gathered += 1
        mine = self._gathered
        situation = await self._desk.situation(draft)
        current = self.draft
        if mine != self._gathered or current is None:
            return
        if situation.draft.patient_id != current.patient_id:
            # Somebody said meanwhile whom it is about.
            await self._reload(replace(current, patient_id=situation.draft.patient_id))
            return
        self._situation = situation
        self._judge()

    def _advise(self) -> None:
        """Look for a better channel and for a notice, while nobody waits for it."""
        looking = guarded(self._screen.app, self._look_for_advice())
        self._screen.run_worker(looking, group="advise", exclusive=True)

    async def _look_for_advice(self) -> None:
        draft, situation = self.draft, self._situation
        if draft is None or situation is None or self._composer is None:
            return
        advice = await self._advising.look(replace(situation, draft=draft))
        if self.draft is not None and self.draft.channel is draft.channel:
            self._composer.show_advice(advice.suggestion, advice.notice, noticed=self.draft.notice)

    async def take_suggestion(self) -> None:
        """Go on by the channel that is suggested."""
        draft, suggestion = self.draft, self._advising.advice.suggestion
        if draft is None or suggestion is None:
            tell(self._screen.app, "No other way is suggested.")
            return
        await self._apply(draft, suggestion.fix)

    async def notice(self) -> None:
        """Let a neutral notice go with a portal message, or leave it out again."""
        await self._look_for_advice()
        composer, draft = self._composer, self.draft
        if composer is None or draft is None:
            return
        against = self._advising.against_notice()
        if against and not draft.notice:
            tell(self._screen.app, against)
            return
        composer.notice(chosen=not draft.notice)
        self._keep_soon()

    def _keep_soon(self) -> None:
        self._advise()
        self._screen.run_worker(guarded(self._screen.app, self._save()), group="keep")

    async def _save(self) -> None:
        draft = self.draft
        if draft is None or self._sending:
            return
        if draft.text.strip() or draft.attachments:
            await self._desk.keep_draft(draft)
        elif self._first is not None and self._first.text.strip():
            await self._desk.drop_draft(draft)

    async def keep(self) -> bool:
        """Keep the draft and close the composer; whether there was something to keep."""
        draft = self.draft
        if draft is None:
            return False
        self._stop_timer()
        worth = bool(draft.text.strip() or draft.attachments)
        await self._save()
        self._close()
        return worth

    async def discard(self) -> None:
        """Throw the draft away."""
        draft = self.draft
        if draft is None:
            return
        if draft.text.strip():
            from tui.screens.ask import AskYes

            question = AskYes("Throw this draft away?", "It cannot be brought back.")
            if not await self._screen.app.push_screen_wait(question):
                return
        self._stop_timer()
        self._close()
        await self._desk.drop_draft(draft)

    def _close(self) -> None:
        if self._composer is not None:
            self._composer.empty()
        self._situation = self._preview = self._first = None
        self._room.show_composer(shown=False)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    # ------------------------------------------------------------ ways out

    @property
    def wants_patient(self) -> bool:
        """Whether the first way out is to choose whom it is about."""
        findings = self._preview.verdict.findings if self._preview else ()
        first = next((one for one in findings if one.fix or asks_whom(one)), None)
        return first is not None and first.fix is None

    async def fix(self) -> None:
        """Apply the first fix that is offered."""
        draft, preview = self.draft, self._preview
        if draft is None or preview is None:
            return
        fix = next((one.fix for one in preview.verdict.findings if one.fix), None)
        if fix is None:
            tell(self._screen.app, "There is nothing to fix by a key.")
            return
        await self._apply(draft, fix)

    async def other_fix(self) -> None:
        """Apply another way out than the first; ask when there are several."""
        from tui.screens.main.choosing import choose_way_out

        draft, preview = self.draft, self._preview
        if draft is None or preview is None:
            return
        fix = await choose_way_out(self._screen, preview.verdict.findings)
        current = self.draft
        if fix is not None and current is not None:
            await self._apply(current, fix)

    async def _apply(self, draft: Draft, fix: Fix) -> None:
        if fix.channel is ChannelKind.PHONE and fix.to:
            await self._call(draft, fix.to[0].value)
            return
        if fix.channel is not None and fix.channel is not draft.channel:
            await self._switch(draft, fix.channel, fix.to)
            return
        wanted: dict[str, Any] = {
            field.name: value
            for field in fields(fix)
            if field.name not in {"label", "channel"}
            and (value := getattr(fix, field.name)) is not None
        }
        if "line_id" in wanted:
            wanted["line_chosen"] = True
        if "text" in wanted and not draft.text.strip():
            wanted["text"] = wanted["text"].replace(_NOTHING_YET, "", 1).lstrip()
        await self._reload(replace(draft, **wanted))

    async def _call(self, draft: Draft, number: str) -> None:
        """Call in place of a text; its words are kept until they are sent or thrown away."""
        about = draft.patient_id if draft.conversation_id is None else draft.conversation_id
        if about is not None:
            await self.keep()
            await self._room.call(about, number)

    async def choose_time(self) -> None:
        """Choose when it leaves."""
        from tui.screens.main.leaving import choose_time

        draft = self.draft
        if draft is None:
            return
        chosen = await choose_time(self._screen, self._desk, draft.send_at)
        current = self.draft
        if chosen is not None and current is not None:
            await self._reload(replace(current, send_at=chosen.send_at))

    async def choose_line(self) -> None:
        """Choose the line by hand, among those of the channel, each with its proof."""
        from tui.screens.main.choosing import choose_line

        draft = self.draft
        if draft is None:
            return
        chosen = await choose_line(self._screen, self._desk, draft)
        current = self.draft
        if chosen is not None and current is not None:
            await self._reload(replace(current, line_id=chosen, line_chosen=True))

    async def choose_channel(self) -> None:
        """Answer another way."""
        from tui.screens.main.choosing import choose_channel

        draft = self.draft
        if draft is None:
            return
        kinds = await self._channels(draft)
        chosen = await choose_channel(self._screen, kinds, draft.channel)
        if chosen is ChannelKind.PHONE:
            await self._call(draft, "")
        elif chosen is not None:
            await self._switch(draft, chosen)

    async def _switch(
        self, draft: Draft, channel: ChannelKind, to: tuple[Address, ...] | None = None
    ) -> None:
        """Go on by another channel, to the address a way out names, else to the one known."""
        if to is not None:
            fresh = replace(draft, channel=channel, line_id="", line_chosen=False, to=to, cc=())
        elif draft.conversation_id is not None:
            fresh = await self._desk.reply_draft(draft.conversation_id, channel)
        else:
            situation = self._situation
            patient = situation.patient if situation else None
            known = addresses_on(channel, patient, self._desk.practice) if patient else []
            if not known:
                raise TwowayError(f"No {channel.words} address of them is known.")
            fresh = await self._desk.new_draft(known[0], channel, draft.patient_id)
        fresh = replace(
            fresh,
            text=draft.text,
            subject=fresh.subject or draft.subject,
            category=draft.category,
            attachments=draft.attachments,
        )
        await self.begin(fresh, self._assigned)
        # It takes the place of the one it was made from, also among the kept ones.
        await self._save()

    async def attach(self) -> None:
        """Add a file."""
        draft = self.draft
        if draft is None:
            return
        if not self._desk.capabilities(draft.line_id).attachments:
            from tui.screens.main.texting import choose_carrier

            known = await self._channels(draft)
            carrier = await choose_carrier(self._screen, draft.channel, known)
            current = self.draft
            if carrier is not None and current is not None:
                await self._switch(current, carrier)
                await self.attach()
            return
        from tui.screens.main.attaching import choose_file

        changed = await choose_file(self._screen, self._desk, draft)
        current = self.draft
        if changed is not None and current is not None:
            await self._reload(replace(current, attachments=changed))

    async def plain_characters(self) -> None:
        """Write typographic characters as plain ones, so that a text takes fewer parts."""
        from inbox.segment import with_plain_characters

        draft = self.draft
        if draft is None:
            return
        plain = with_plain_characters(draft.text)
        if plain == draft.text:
            tell(self._screen.app, "There is nothing to make plain.")
            return
        await self._reload(replace(draft, text=plain))

    async def confidential(self) -> None:
        """For the patient alone, or for everybody who reads there."""
        draft = self.draft
        if draft is not None:
            await self._reload(replace(draft, confidential=not draft.confidential))

    async def about(self, patient_id: str | None) -> None:
        """Say whom it is about."""
        draft = self.draft
        if draft is not None:
            await self._reload(replace(draft, patient_id=patient_id))

    async def replace_text(self, text: str) -> None:
        """Put another text into the draft."""
        draft = self.draft
        if draft is not None:
            await self._reload(replace(draft, text=text))

    async def template(self) -> None:
        """Choose a template for the channel, and put it in filled."""
        from tui.screens.templates import choose_template

        draft, situation = self.draft, self._situation
        if draft is None:
            return
        patient = situation.patient if situation else None
        chosen = await choose_template(self._screen, self._desk, draft.channel, patient)
        if chosen is None or self._composer is None or self.draft is None:
            return
        template, filled = chosen
        self._composer.insert_template(filled, template.category)
        self._composer.focus_text()
        await self.gather()

    async def _reload(self, draft: Draft) -> None:
        if self._composer is None:
            return
        before = self._situation.patient if self._situation else None
        self._situation = await self._desk.situation(draft)
        patient = self._situation.patient
        if patient is not None and (before is None or before.id != patient.id):
            # A template that was put in sooner can be filled in now.
            fill = self._desk.templating.fill_gaps
            draft = self._situation.draft
            draft = replace(
                draft, text=fill(draft.text, patient), subject=fill(draft.subject, patient)
            )
            self._situation = replace(self._situation, draft=draft)
        draft = self._situation.draft
        await self._load(self._composer, draft)
        self._judge()
        self._composer.focus_text()
        self.edited()

    # ------------------------------------------------------------ promises

    async def promise(self) -> None:
        """Set a promise that no words make, or take one off."""
        from tui.screens.main.promising import promise_by_hand

        draft = self.draft
        changed = await promise_by_hand(self._screen, self._desk, draft) if draft else None
        current = self.draft
        if changed is not None and current is not None:
            await self._reload(
                replace(current, promises=changed.promises, not_promised=changed.not_promised)
            )

    async def _promised(self, draft: Draft) -> Draft | None:
        """The draft with a yes or no to all it promises; None when it is not to be sent."""
        if not self._desk.promises.unconfirmed(draft):
            return draft
        from tui.screens.main.promising import settle_promises

        settled = await settle_promises(self._screen, self._desk, draft)
        if settled is not None and self._composer is not None:
            self._composer.promise(settled)
        return settled

    # ------------------------------------------------------------ sending

    async def send(self) -> None:
        """Send the draft, with a reason where the gate holds it."""
        draft = self.draft
        if draft is None or self._sending:
            return
        if not draft.text.strip() and not draft.attachments:
            tell(self._screen.app, "There is nothing in it yet.", "Write something first.")
            return
        self._sending = True
        self._stop_timer()
        try:
            promising = await self._promised(draft)
            if promising is None:
                return
            draft = promising
            row = await send_or_ask(
                self._screen, lambda because: self._advising.send(draft, because)
            )
            if row is not None:
                # Before anything can keep its words again: queueing has dropped the kept copy.
                self._close()
        finally:
            self._sending = False
        if row is None:
            await self.gather()
            return
        await self._room.sent(row)
        if self._advising.why_not:
            tell(self._screen.app, "Sent without a notice.", self._advising.why_not)
