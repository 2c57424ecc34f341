"""Search finds what a person means, newest first, and never fails for what they typed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.address import ChannelKind
from inbox.errors import NotFound
from inbox.message import Attachment, MessageKind, MessageStatus
from store import query
from store.query import Is, Query, Term, Where
from store.snippet import snippet
from tests.store.practice import OMAR, ROSA_PATIENT, Practice, phone

TODAY = date(2026, 3, 2)


async def found(practice: Practice, text: str, limit: int = 50) -> list[int]:
    return [hit.row.id for hit in await practice.repository.searches.search(text, limit)]


@pytest.mark.parametrize(
    "text",
    [
        "cough",
        "COU",
        "GRUß",
        "Grüß",
        '"dry cough"',
        "cough -fever",
        "moving thursday",
        "rosa@example.com",
        "jimen",
        "from:rosa",
        'from:"rosa jimenez"',
        "to:lakeside",
        "omar",
        "ueberweisung.pdf",
        "patient:jimenez",
        "channel:email cough",
        "is:needs-reply cough",
        "is:unread cough",
        "has:attachment",
        "on:today",
        "after:yesterday",
        "before:2026-03-03 cough",
        "o'brien",
        "-fever",
        "cough from:rosa on:today is:needs-reply has:attachment -fever",
    ],
)
async def test_it_is_found_by(practice: Practice, text: str) -> None:
    await practice.repository.patients.save([ROSA_PATIENT])
    conversation = await practice.conversation(
        "A dry cough since Sunday. Gruß, O'Brien",
        cc=(OMAR,),
        whole="A dry cough\n> quoted history",
        attachments=(Attachment("2", "ueberweisung.pdf", "application/pdf", 9),),
        filing={"patient_id": "p1"},
    )
    assert await found(practice, text) == [conversation]


NOT_THERE = [
    "quoted",
    "history",
    "ough",
    '"cough dry"',
    '"dry cou"',
    "-cough",
    "cough -dry",
    "from:omar",
    "to:rosa",
    "patient:rosa",
    "channel:sms",
    "is:done",
    "is:waiting",
    "is:undelivered",
    "is:note",
    "has:attachment",
    "before:today",
    "after:today",
    "on:yesterday",
    "",
    "   ",
    "-",
    '""',
]


async def test_it_is_not_found_by_anything_else(practice: Practice) -> None:
    await practice.conversation("A dry cough", whole="A dry cough\n> quoted history")
    for text in NOT_THERE:
        assert await found(practice, text) == [], text


async def test_notes_and_states_are_found(practice: Practice) -> None:
    conversations = practice.repository.conversations
    noted = await practice.conversation("one")
    await conversations.add_note(noted, "dana", "told the lab", practice.clock())
    done = await practice.conversation("two")
    await conversations.set_done(done, practice.clock())
    practice.clock.advance(minutes=1)
    waiting = await practice.conversation("three")
    failed = await practice.conversation("four")
    practice.clock.advance(minutes=1)
    await practice.send(waiting)
    await practice.send(failed, MessageStatus.FAILED)
    assert await found(practice, "lab is:note") == [noted]
    assert await found(practice, "is:note") == [noted]
    assert await found(practice, "is:done") == [done]
    assert await found(practice, "is:waiting") == [waiting]
    assert await found(practice, "is:undelivered") == [failed]
    assert await found(practice, "is:needs-reply is:undelivered") == [failed]


async def test_the_newest_come_first_whatever_arrived_first(practice: Practice) -> None:
    now = practice.clock()
    ids = {
        days: await practice.conversation("the same", at=now - timedelta(days=days))
        for days in (3, 1, 9, 2)
    }
    assert await found(practice, "same") == [ids[1], ids[2], ids[3], ids[9]]
    assert await found(practice, "same", 2) == [ids[1], ids[2]]
    assert await found(practice, "the same after:2026-02-27 before:2026-03-01") == [ids[2]]


async def test_hits_are_grouped_with_the_words_marked(practice: Practice) -> None:
    conversation = await practice.conversation("My cough is back", subject="Hello")
    practice.clock.advance(minutes=1)
    last = await practice.receive(
        "A long story. " * 20 + "Then the Coughing began, and " + "so on " * 40,
        into=conversation,
        subject="Re: Hello",
    )
    (hit,) = await practice.repository.searches.search("cough", 9)
    assert hit.message_id == last.message_id
    assert hit.row.id == conversation
    assert hit.row.subject == "Hello"
    assert "the \ue000Coughing\ue001 began" in hit.snippet
    assert "\n" not in hit.snippet
    assert len(hit.snippet) < 200


async def test_the_words_of_a_replaced_message_are_gone(practice: Practice) -> None:
    await practice.conversation("first words")
    (hit,) = await practice.repository.searches.search("first", 9)
    check = practice.repository._connections[0]
    message = await practice.repository.conversations.message(hit.message_id)
    assert message.raw_id is not None
    await practice.repository.conversations.link(hit.row.id, "p1", "chosen by dana")
    assert await found(practice, "words") == [hit.row.id]
    # FTS5 compares its own books.
    await check.run(
        lambda db: db.execute("INSERT INTO message_text (message_text) VALUES ('integrity-check')")
    )


@settings(max_examples=150)
@given(text=st.text(max_size=60) | st.text('"-*:()^{}+ andANDORNOTisfromto', max_size=40))
def test_reading_a_query_never_fails(text: str) -> None:
    query.parse(text, TODAY)


ODD = [
    '"',
    "AND",
    "a AND",
    "NOT b",
    "NEAR(a b)",
    "a*b",
    "(a",
    "a)",
    "sender:",
    "body : x",
    "^a",
    "from:*",
    "{a}",
    "a\0b",
    "\ud800x",
    "-" * 50,
    "x " * 500,
    "before:9999-12-31 after:0001-01-01 x",
    "before:0001-01-01",
    "after:9999-12-31",
    "on:2026-02-30 x",
    '-"a b" -c',
    "🙂",
    "٣ 三",
]


async def test_searching_never_fails(practice: Practice) -> None:
    await practice.conversation("a b c AND NOT NEAR x")
    for text in ODD:
        await practice.repository.searches.search(text, 9)


def test_a_query_is_read_into_conditions() -> None:
    asked = query.parse(
        'Cough "dry throat" -fever from:rosa -to:omar channel:text is:unread IS:done '
        "has:file after:2026-01-01 before:today 12:30 re: is:odd",
        TODAY,
    )
    assert asked == Query(
        terms=(
            Term("Cough"),
            Term("dry throat", prefix=False),
            Term("fever", excluded=True),
            Term("rosa", Where.SENDER),
            Term("omar", Where.RECIPIENTS, excluded=True),
            Term("12 30"),
            Term("re:"),
            Term("is odd"),
        ),
        channel=ChannelKind.SMS,
        states=frozenset({Is.UNREAD, Is.DONE}),
        has_attachment=True,
        first_day=date(2026, 1, 2),
        last_day=date(2026, 3, 1),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", TODAY),
        ("Yesterday", date(2026, 3, 1)),
        ("monday", TODAY),
        ("tue", date(2026, 2, 24)),
        ("Sunday", date(2026, 3, 1)),
        ("2025-12-31", date(2025, 12, 31)),
        ("t", None),
        ("2026-02-30", None),
    ],
)
def test_days(text: str, expected: date | None) -> None:
    assert query.day(text, TODAY) == expected


def test_a_snippet_marks_beginnings_of_words() -> None:
    assert snippet(["Über  den\nHusten"], ["uber"]) == "\ue000Über\ue001 den Husten"
    assert snippet(["nothing here", "Subject: Lab"], ["lab"]) == "Subject: \ue000Lab\ue001"
    assert snippet(["nothing \ue000here"], []) == "nothing here"
    assert snippet([], ["x"]) == ""
    assert len(snippet(["word " * 100], ["none"])) == 161


async def test_texts_are_found_by_number(practice: Practice) -> None:
    conversation = await practice.conversation(
        "Late", sender=phone("+15550100"), channel=ChannelKind.SMS, kind=MessageKind.TEXT
    )
    assert await found(practice, "15550100") == [conversation]
    assert await found(practice, "channel:sms late") == [conversation]
    assert (await practice.row(conversation)).channels == (ChannelKind.SMS,)


async def test_what_one_batch_files_links_and_files_again_is_found_once_done(
    practice: Practice,
) -> None:
    repository = practice.repository
    await repository.patients.save([ROSA_PATIENT])
    async with repository.batch():
        conversation = await practice.conversation("rash")
        await repository.conversations.link(conversation, "p1", "chosen by dana")
        with pytest.raises(NotFound):
            await practice.receive("never stored", into=(conversation, 999))
        await practice.receive("itch", into=conversation)
    for text in ("rash patient:rosa", "itch", "itch -rash"):
        assert await found(practice, text) == [conversation], text
    assert await found(practice, "never") == []
    await repository._connections[0].run(
        lambda db: db.execute("INSERT INTO message_text (message_text) VALUES ('integrity-check')")
    )
