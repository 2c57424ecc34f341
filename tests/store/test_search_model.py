"""What is found is what a plain look at every message finds, whatever is asked for."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.address import Address, ChannelKind, email
from inbox.conversation import ConversationRow, SearchKey
from inbox.message import Attachment, Message, MessageKind
from inbox.patient import ContactPoint, Patient
from inbox.search.present import Present
from inbox.search.query import parse
from store import connection, search_page, search_plan, search_words
from tests.store.practice import DESK, Practice, phone
from tests.store.searching import ZONE, scope

_WORDS = [
    "cough",
    "coughing",
    "coal",
    "cold",
    "fever",
    "feverish",
    "Zoë",
    "zoe",
    "lab",
    "label",
    "12",
    "125",
    "Über",
]
_PEOPLE = (
    email("rosa@example.com", "Rosa Jimenez"),
    email("omar@example.com", "Omar Cough"),
    email("zoe.lab@example.com", "Zoë Álvarez"),
)
_PATIENTS = tuple(
    Patient(f"p{at}", given, family, points=(ContactPoint(one.system, one.value),))
    for at, one in enumerate(_PEOPLE[:2])
    for given, family in [one.name.split()]
)
_FILES = ("lab result.pdf", "Zoë.jpg", "cold_card.png")


@dataclass(frozen=True, slots=True)
class Seen:
    """One message, as somebody sees it who looks at each."""

    message: Message
    row: ConversationRow
    patient: str

    def fields(self, where: str) -> list[str]:
        one = self.message
        people = {
            "from": [one.sender, *one.reply_to] if one.sender else [],
            "to": [*one.to, *one.cc],
        }
        found = {
            **{name: [" ".join(map(_said, some))] for name, some in people.items()},
            "patient": [self.patient],
            "about": [self.patient, one.subject],
            "filename": [" ".join(file.name for file in one.attachments)],
        }
        if where:
            return found[where]
        return [one.text, *(field for fields in found.values() for field in fields)]


Condition = tuple[str, Callable[[Seen], bool]]


def _said(address: Address) -> str:
    return f"{address.name} {address.value}"


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFD", text)
    kept = "".join(char for char in plain if not unicodedata.combining(char)).lower()
    return "".join(char if char.isalnum() else " " for char in kept).split()


def _holds(fields: list[str], text: str, *, prefix: bool) -> bool:
    wanted = _tokens(text)
    for field in fields:
        there = _tokens(field)
        for at in range(len(there) - len(wanted) + 1):
            run = there[at : at + len(wanted)]
            last = run[-1].startswith(wanted[-1]) if prefix else run[-1] == wanted[-1]
            if run[:-1] == wanted[:-1] and last:
                return True
    return False


def _term(where: str, text: str, quoted: bool) -> Condition:
    typed = f'"{text}"' if quoted else text
    return (
        f"{where}:{typed}" if where else typed,
        lambda seen: _holds(seen.fields(where), text, prefix=not quoted),
    )


def _day(seen: Seen) -> date:
    return seen.message.at.astimezone(ZONE).date()


def _before(day: date) -> Condition:
    return f"before:{day}", lambda seen: _day(seen) < day


def _after(day: date) -> Condition:
    return f"after:{day}", lambda seen: _day(seen) > day


def _on(day: date) -> Condition:
    return f"on:{day}", lambda seen: _day(seen) == day


_STATES: list[Condition] = [
    ("is:needs-reply", lambda seen: seen.row.state.value == "needs-reply"),
    ("is:waiting", lambda seen: seen.row.state.value == "waiting"),
    ("is:done", lambda seen: seen.row.state.value == "done"),
    ("is:unread", lambda seen: seen.row.unread),
    ("is:undelivered", lambda seen: seen.row.undelivered),
    ("is:note", lambda seen: seen.message.kind is MessageKind.NOTE),
    ("is:unknown", lambda seen: seen.row.patient_id is None and seen.row.state.value != "done"),
    ("is:snoozed", lambda seen: seen.row.snoozed_until is not None),
    ("has:attachment", lambda seen: bool(seen.message.attachments)),
    ("channel:email", lambda seen: seen.message.channel is ChannelKind.EMAIL),
    ("channel:text", lambda seen: seen.message.channel is ChannelKind.SMS),
    ("line:front-desk", lambda seen: seen.message.line_id == "front-desk"),
    ("line:nurse", lambda seen: seen.message.line_id == "nurse"),
    ("assigned:me", lambda seen: seen.row.assigned_to == "dana"),
    ("assigned:nobody", lambda seen: not seen.row.assigned_to),
]
_texts = st.sampled_from(
    [*_WORDS, "co", "c", "lab res", "zo", "example", "rosa", "1", "cough cold"]
)
_days = st.integers(0, 12).map(lambda days: date(2026, 2, 20) + timedelta(days=days))
_plain = st.one_of(
    st.builds(
        _term,
        st.sampled_from(["", "", "from", "to", "patient", "about", "filename"]),
        _texts.filter(lambda text: " " not in text),
        st.just(False),
    ),
    st.builds(_term, st.sampled_from(["", "from", "about"]), _texts, st.just(True)),
    st.sampled_from(_STATES),
    st.builds(_before, _days),
    st.builds(_after, _days),
    st.builds(_on, _days),
)


def _not(condition: Condition) -> Condition:
    text, holds = condition
    return f"-{text}", lambda seen: not holds(seen)


_conditions = st.lists(st.one_of(_plain, _plain.map(_not)), min_size=1, max_size=4)


async def _fill(practice: Practice) -> list[Seen]:
    chance = random.Random(6)
    conversations = practice.repository.conversations
    await practice.repository.patients.save(_PATIENTS)
    now = practice.clock()
    ids = []
    for number in range(14):
        person = chance.choice(_PEOPLE)
        known = next((one.id for one in _PATIENTS if one.points[0].value == person.value), None)
        into: int | None = None
        for _ in range(chance.randint(1, 4)):
            text = chance.random() < 0.3
            filed = await practice.receive(
                " ".join(chance.choices(_WORDS, k=chance.randint(1, 5))),
                into=into,
                line_id=chance.choice(["front-desk", "nurse"]),
                at=now - timedelta(hours=chance.randint(0, 240)),
                sender=phone("+15550100") if text else person,
                to=(DESK,),
                channel=ChannelKind.SMS if text else ChannelKind.EMAIL,
                kind=MessageKind.TEXT if text else MessageKind.EMAIL,
                subject=" ".join(chance.choices(_WORDS, k=2)),
                attachments=tuple(
                    Attachment("2", name, "application/pdf", 9)
                    for name in chance.sample(_FILES, chance.choice([0, 0, 1, 2]))
                ),
                filing={"patient_id": known},
            )
            into = filed.conversation_id
        assert into is not None
        ids.append(into)
        if number % 3 == 0:
            await conversations.add_note(into, "dana", "told the lab, cold", now)
        if number % 4 == 1:
            await conversations.set_done(into, now)
        if number % 4 == 2:
            await conversations.assign(into, "dana")
        if number % 5 == 3:
            await conversations.snooze(into, now + timedelta(days=1))
        if number % 3 == 1:
            latest = await conversations.messages(into)
            await conversations.mark_seen(into, max(one.id for one in latest))
    names = {one.id: one.name for one in _PATIENTS}
    seen = []
    for conversation in ids:
        row = await conversations.row(conversation)
        messages = await conversations.messages(conversation)
        seen += [Seen(one, row, names.get(one.patient_id or "", "")) for one in messages]
    return seen


@pytest.mark.parametrize("small", [False, True], ids=["as it is", "in small steps"])
async def test_it_finds_what_a_look_at_every_message_finds(
    practice: Practice, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if small:
        for module, name, value in (
            (search_plan, "CHUNK", 2),
            (search_plan, "FEW", 2),
            (search_plan, "_FIRST_WINDOW", 4),
            (search_words, "_MOST_WORDS", 1),
            (search_words, "_MOST_TERMS", 1),
            (search_page, "LOOKED_AT", 5),
        ):
            monkeypatch.setattr(module, name, value)
    everything = await _fill(practice)
    present = Present(practice.clock(), ZONE, {})
    db = connection.connect(practice.repository._data.database)

    @settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
    @given(conditions=_conditions, limit=st.integers(1, 20))
    def compare(conditions: list[Condition], limit: int) -> None:
        text = " ".join(typed for typed, _ in conditions)
        # Of one kind any will do: two channels, two lines, two owners.
        matching: dict[int, list[Seen]] = {}
        for one in everything:
            if _satisfies(one, conditions):
                matching.setdefault(one.row.id, []).append(one)
        asked = parse(text, scope(practice.clock()))
        found: dict[int, int] = {}
        after: SearchKey | None = None
        for _ in range(2000):
            page = search_page.find(db, asked, present, after, limit)
            assert len(page.hits) <= limit
            for hit in page.hits:
                assert hit.row.id not in found
                found[hit.row.id] = hit.message_id
            after = page.next
            if after is None:
                break
        assert after is None
        assert set(found) == set(matching), text
        for conversation, message_id in found.items():
            assert message_id in {one.message.id for one in matching[conversation]}, text
            newest = max(one.message.at for one in matching[conversation])
            assert newest in {
                one.message.at for one in matching[conversation] if one.message.id == message_id
            }, text

    compare()
    db.close()


def _satisfies(seen: Seen, conditions: list[Condition]) -> bool:
    either: dict[str, list[bool]] = {}
    for typed, holds in conditions:
        name = typed.partition(":")[0]
        if name in {"channel", "line", "assigned"}:
            either.setdefault(name, []).append(holds(seen))
        elif not holds(seen):
            return False
    return all(any(some) for some in either.values())
