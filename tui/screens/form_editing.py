"""Changing one row of the privacy form: what is asked, and what the answer makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from inbox.address import AddressSystem, ChannelKind
from inbox.answer import Answer, answer, read_day
from inbox.patient import Consent, ContactPoint, Patient, PointUse
from inbox.reaching import add_point, add_proxy, change_point, end_proxy, mark_old, mark_works
from tui.phone_number import international
from tui.screens.ask import AskLine
from tui.screens.choose import Choice, Choose
from tui.screens.form_rows import ADD_POINT, ADD_PROXY
from tui.screens.telling import tell
from tui.widgets.cells import one_line
from tui.widgets.form_words import channels_of, plural

if TYPE_CHECKING:
    from datetime import date

    from textual.app import App

    from inbox.desk import Desk

_OTHER = "another address"


class FormRoom(Protocol):
    """The screen of the form, as those see it who ask over it."""

    @property
    def app(self) -> App[Any]:
        """Where questions are shown."""
        ...

    @property
    def patient(self) -> Patient:
        """As they were changed so far."""
        ...

    async def reread(self) -> None:
        """What was said about an address changed."""
        ...


class FormEditing:
    """Asks over the form's screen; gives the changed patient, or None."""

    def __init__(self, desk: Desk, screen: FormRoom) -> None:
        """Change what `screen` shows."""
        self._desk = desk
        self._screen = screen

    async def edit(self, subject: str) -> Patient | None:
        """Change the row that is about `subject`."""
        patient = self._screen.patient
        if subject == ADD_POINT:
            return await self._add_point(patient)
        if subject == ADD_PROXY:
            return await self._add_proxy(patient)
        kind, _, name = subject.partition(" ")
        if kind == "contact":
            return await self._point(patient, name)
        if kind == "proxy":
            return await self._proxy(patient, name)
        if subject == "confidential":
            return await self._confidential(patient)
        if subject == "voicemail_on":
            return await self._voicemail_on(patient)
        one = answer(subject)
        return await (self._choose if one.choices else self._write)(patient, one)

    # ------------------------------------------------------------ answers

    async def _choose(self, patient: Patient, one: Answer) -> Patient | None:
        at = [value for value, _ in one.choices].index(one.read(patient))
        choices = [Choice(value, words) for value, words in one.choices]
        chosen = await self._ask(Choose(one.title.strip(), choices, marked=at))
        if chosen is None:
            return None
        changed = one.write(patient, chosen)
        warned = f"{one.id}_warned"
        asks = chosen == Consent.ACCEPTED.value and one.id in {"email", "sms"}
        if not asks or answer(warned).read(patient):
            return changed
        return await self._write(changed, answer(warned), self._today()) or changed

    async def _write(self, patient: Patient, one: Answer, value: str = "") -> Patient | None:
        def read(text: str) -> Patient:
            return one.write(patient, text)

        return await self._line(
            one.title.strip(), [f"Like: {one.hint}"], read, value or one.read(patient)
        )

    async def _confidential(self, patient: Patient) -> Patient | None:
        one = answer("confidential")
        points = sorted(patient.points, key=lambda point: point.rank)
        choices = [Choice("", "No, write as they prefer")]
        choices += [
            Choice(point.value, point.value, point.use.value)
            for point in points
            if point.use is not PointUse.OLD
        ]
        choices.append(Choice(_OTHER, "Another address …"))
        chosen = await self._ask(Choose("Write ONLY to (they need not say why)", choices))
        if chosen == _OTHER:
            return await self._write(patient, one)
        return None if chosen is None else one.write(patient, chosen)

    async def _voicemail_on(self, patient: Patient) -> Patient | None:
        one, at = answer("voicemail_on"), 0
        numbers = [point.value for point in patient.points if point.system is AddressSystem.PHONE]
        while True:
            on = patient.form.voicemail_on
            choices = [
                Choice(number, f"[{'x' if number in on else ' '}] {number}") for number in numbers
            ]
            choices.append(Choice("", "Done", "none marked: all of them"))
            title = "On which numbers? Enter marks."
            chosen = await self._ask(Choose(title, choices, marked=at))
            if not chosen:
                return patient
            at = numbers.index(chosen)
            left = [number for number in on if number != chosen]
            marked = left if chosen in on else [*on, chosen]
            patient = one.write(patient, ", ".join(marked))

    # ------------------------------------------------------------ contact points

    async def _add_point(self, patient: Patient) -> Patient | None:
        value = await self._address("One more e-mail address or phone number")
        if value is None:
            return None
        uses = [use for use in PointUse if use is not PointUse.OLD]
        choices = [Choice(use.value, use.value) for use in uses]
        mobile = uses.index(PointUse.MOBILE) if "@" not in value else 0
        use = await self._ask(Choose("What is it?", choices, marked=mobile))
        return add_point(patient, value, PointUse(use)) if use is not None else None

    async def _point(self, patient: Patient, value: str) -> Patient | None:
        point = next(one for one in patient.points if one.value == value)
        choices = [
            Choice("old", "No longer theirs", "it stays in the history"),
            Choice("works", "It works, and is in use"),
            Choice("first", "Try it first"),
            *(
                Choice(f"use {use.value}", f"It is: {use.value}")
                for use in PointUse
                if use != "old"
            ),
            *self._said_choices(point),
        ]
        chosen = await self._ask(Choose(one_line(value, 80), choices))
        if chosen is None:
            return None
        if chosen == "old":
            return mark_old(patient, value)
        if chosen == "works":
            return mark_works(patient, value)
        if chosen == "first":
            return _first(patient, point)
        if chosen.startswith("use "):
            use = PointUse(chosen.removeprefix("use "))
            return change_point(patient, value, lambda one: replace(one, use=use))
        await self._said(point, ChannelKind(chosen.removeprefix("said ")))
        return None

    def _said_choices(self, point: ContactPoint) -> list[Choice[str]]:
        return [
            Choice(f"said {channel.value}", f"They said something of {plural(channel)} here …")
            for channel in channels_of(point)
        ]

    async def _said(self, point: ContactPoint, channel: ChannelKind) -> None:
        """Keep what was said about an address: at once, since it can never be taken back."""
        words = {
            Consent.DECLINED: f"No {plural(channel)} here",
            Consent.ACCEPTED: f"They accept {plural(channel)} here",
        }
        choices = [
            Choice(consent.value, said, "for everybody who shares it")
            for consent, said in words.items()
        ]
        said = await self._ask(Choose(one_line(point.value, 80), choices))
        if said is None:
            return
        explain = ["It is kept at once, and cannot be taken back; a later word counts more."]
        how = await self._screen.app.push_screen_wait(
            AskLine("How did they say it?", explain, value="on the phone")
        )
        if how is None:
            return
        warned: date | None = None
        if said == Consent.ACCEPTED.value and channel in {ChannelKind.EMAIL, ChannelKind.SMS}:
            title = "Warned that it is not private on (empty: not)"
            answered, warned = await self._day(title, self._today())
            if not answered:
                return
        await self._desk.forms.consent(point.address, channel, Consent(said), how, warned_on=warned)
        await self._screen.reread()
        tell(self._screen.app, "Kept with the address.")

    # ------------------------------------------------------------ proxies

    async def _add_proxy(self, patient: Patient) -> Patient | None:
        app = self._screen.app
        name = await app.push_screen_wait(AskLine("Who may write and be written to about them?"))
        if name is None:
            return None
        relation = await app.push_screen_wait(AskLine("Their relation", ["Like: mother"]))
        if relation is None:
            return None
        contact = await self._address("Their e-mail address or phone number (may be empty)")
        if contact is None:
            return None
        answered, until = await self._day("Last day of the access (empty: it goes on)")
        return add_proxy(patient, name, relation, contact, until) if answered else None

    async def _proxy(self, patient: Patient, name: str) -> Patient | None:
        proxy = next(one for one in patient.proxies if one.name == name)
        choices = [
            Choice("end", "The access ends on …", "the last day; they stay in the history"),
            Choice("on", "The access goes on"),
            Choice("add", "Add an address"),
            *(
                choice
                for point in proxy.points
                for choice in (
                    Choice(f"old {point.value}", "No longer theirs", point.value),
                    Choice(f"works {point.value}", "It works, and is in use", point.value),
                )
            ),
        ]
        chosen = await self._ask(Choose(one_line(name, 80), choices))
        if chosen is None:
            return None
        if chosen == "end":
            _, day = await self._day("Last day of the access", self._today())
            return end_proxy(patient, name, day) if day is not None else None
        if chosen == "on":
            return end_proxy(patient, name, None)
        if chosen == "add":
            value = await self._address("One more e-mail address or phone number")
            if not value:
                return None
            alone = replace(patient, points=proxy.points)
            points = add_point(alone, value).points
            proxies = (
                replace(one, points=points) if one is proxy else one for one in patient.proxies
            )
            return replace(patient, proxies=tuple(proxies))
        verb, _, value = chosen.partition(" ")
        return (mark_old if verb == "old" else mark_works)(patient, value)

    # ------------------------------------------------------------ questions

    async def _ask(self, question: Choose[str]) -> str | None:
        chosen = await self._screen.app.push_screen_wait(question)
        return None if chosen is None else chosen.value

    async def _line(
        self, title: str, explain: list[str], read: Callable[[str], Patient], value: str
    ) -> Patient | None:
        """Ask for a line until it can be read; what was typed stays."""
        while True:
            asked = AskLine(title, explain, value=value, required=False)
            typed = await self._screen.app.push_screen_wait(asked)
            if typed is None:
                return None
            try:
                return read(self._normal(typed) if title == "Write ONLY to" else typed)
            except ValueError as error:
                value, explain = typed, [f"It {error}."]

    async def _address(self, title: str) -> str | None:
        """An address as it is kept; empty for none, None when nobody answered."""
        value, explain = "", ["Like: ann@example.com, (555) 010-7811"]
        while True:
            asked = AskLine(title, explain, value=value, required=False)
            typed = await self._screen.app.push_screen_wait(asked)
            if typed is None or not typed.strip():
                return typed
            value = self._normal(typed)
            if "@" in value or value.startswith("+"):
                return value
            explain = ["That is neither an e-mail address nor a phone number."]

    async def _day(self, title: str, value: str = "") -> tuple[bool, date | None]:
        """Whether somebody answered, and the date; None for none."""
        explain = ["Like: 2026-03-02"]
        while True:
            asked = AskLine(title, explain, value=value, required=False)
            typed = await self._screen.app.push_screen_wait(asked)
            if typed is None:
                return False, None
            try:
                return True, read_day(typed)
            except ValueError as error:
                value, explain = typed, [f"It {error}."]

    def _normal(self, text: str) -> str:
        text = text.strip()
        return text if "@" in text else international(text, self._desk.practice.country) or text

    def _today(self) -> str:
        return self._desk.forms.today.isoformat()


def _first(patient: Patient, point: ContactPoint) -> Patient:
    """The patient with one contact point before all others."""
    others = sorted((one for one in patient.points if one is not point), key=lambda one: one.rank)
    ranked = {one.value: rank for rank, one in enumerate((point, *others), start=1)}
    points = tuple(replace(one, rank=ranked[one.value]) for one in patient.points)
    return replace(patient, points=points)
