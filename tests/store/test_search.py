"""Search finds what a person means, newest first, and never fails for what they typed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inbox.address import ChannelKind
from inbox.conversation import SearchKey, SearchPage
from inbox.errors import NotFound
from inbox.message import Attachment, MessageKind, MessageStatus
from inbox.search.query import Term, Where
from store import search_page, search_plan
from store.snippet import snippet
from tests.store.practice import OMAR, ROSA_PATIENT, Practice, phone
from tests.store.searching import find


async def search(
    practice: Practice, text: str, limit: int = 50, after: SearchKey | None = None
) -> SearchPage:
    return await find(practice.repository, text, limit, after, practice.clock())


async def found(practice: Practice, text: str, limit: int = 50) -> list[int]:
    """All that is found, a few at a time."""
    ids: list[int] = []
    page = await search(practice, text, limit)
    while True:
        ids += [hit.row.id for hit in page.hits]
        if page.next is None or len(ids) >= limit:
            return ids
        page = await search(practice, text, limit, page.next)


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
    (hit,) = (await search(practice, "cough", 9)).hits
    assert hit.message_id == last.message_id
    assert hit.row.id == conversation
    assert hit.row.subject == "Hello"
    assert "the \ue000Coughing\ue001 began" in hit.snippet
    assert "\n" not in hit.snippet
    assert len(hit.snippet) < 200


async def test_the_words_of_a_replaced_message_are_gone(practice: Practice) -> None:
    await practice.conversation("first words")
    (hit,) = (await search(practice, "first", 9)).hits
    check = practice.repository._connections[0]
    message = await practice.repository.conversations.message(hit.message_id)
    assert message.raw_id is not None
    await practice.repository.conversations.link(hit.row.id, "p1", "chosen by dana")
    assert await found(practice, "words") == [hit.row.id]
    # FTS5 compares its own books.
    await check.run(
        lambda db: db.execute("INSERT INTO message_text (message_text) VALUES ('integrity-check')")
    )


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
        await search(practice, text, 9)


def test_a_snippet_marks_what_was_asked_for_where_it_was_asked_for() -> None:
    text, subject, sender = Where.ANYWHERE, Where.ABOUT, Where.SENDER
    uber = [(text, "Über  den\nHusten")]
    assert snippet(uber, [Term("uber")]) == "\ue000Über\ue001 den Husten"
    assert snippet(uber, [Term("den husten", prefix=False)]) == "Über \ue000den Husten\ue001"
    assert snippet([(text, "dryer, dry")], [Term("dry", prefix=False)]) == "dryer, \ue000dry\ue001"
    parts = [(text, "from here"), (subject, "Lab"), (sender, "Rosa <rosa@example.com>")]
    assert snippet(parts, [Term("lab")]) == "\ue000Lab\ue001 · from here"
    assert snippet(parts, [Term("fr", sender)]) == "from here"
    marked = "\ue000Rosa\ue001 <\ue000rosa\ue001@example.com> · from here"
    assert snippet(parts, [Term("rosa", sender)]) == marked
    assert snippet([(text, "nothing \ue000here")], []) == "nothing here"
    assert snippet([], [Term("x")]) == ""
    assert len(snippet([(text, "word " * 100)], [Term("none")])) == 161


def test_a_snippet_shows_where_most_of_the_words_stand() -> None:
    text = "cough " + "and so on " * 40 + "a cough with fever" + " and so on" * 40
    shown = snippet([(Where.ANYWHERE, text)], [Term("fever"), Term("cough")])
    assert "a \ue000cough\ue001 with \ue000fever\ue001 and" in shown
    assert len(shown) < 180


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


NARROW = [
    "cough",
    "line:front-desk",
    "line:lakeside",
    "-line:nurse",
    "assigned:dana",
    "assigned:me",
    "-assigned:nobody",
    "is:overdue",
    "is:unread -is:waiting",
    "is:unknown",
    "is:snoozed",
    "filename:ubung",
    "filename:.pdf",
    "about:visit",
    "-from:omar",
    "-has:attachment -from:rosa",
    "has:attachment",
    "-channel:sms",
    "channel:text channel:email",
    "on:2026-03-02",
    "on:march",
    "since:yesterday until:today",
    "-on:yesterday",
    "-before:today",
    "on:3/2/2026",
    "c",
    "co",
    "cou",
    "coug",
    "dry c",
]


@pytest.mark.parametrize("text", NARROW)
async def test_a_condition_finds_it_and_its_opposite_does_not(
    practice: Practice, text: str
) -> None:
    at = practice.clock() - timedelta(hours=5)
    conversation = await practice.conversation(
        "a dry cough", at=at, attachments=(Attachment("2", "Übung 1.pdf", "application/pdf", 9),)
    )
    conversations = practice.repository.conversations
    await conversations.assign(conversation, "dana")
    await conversations.snooze(conversation, practice.clock() + timedelta(days=2))
    expected = [] if text.startswith("-has") else [conversation]
    assert await found(practice, text) == expected
    if " " not in text:
        opposite = text[1:] if text.startswith("-") else f"-{text}"
        assert await found(practice, opposite) == []


async def test_a_voicemail_and_a_note_are_found_by_what_was_said(practice: Practice) -> None:
    conversation = await practice.conversation(
        "please call about the biopsy",
        sender=phone("+15550100"),
        channel=ChannelKind.PHONE,
        kind=MessageKind.VOICEMAIL,
        subject="",
    )
    await practice.repository.conversations.add_note(
        conversation, "dana", "asked the laboratory", practice.clock()
    )
    for text in ("biopsy", "channel:call biops", "laborat", "is:note lab", "is:note"):
        assert await found(practice, text) == [conversation], text
    assert await found(practice, "-is:note lab") == []
    assert await found(practice, "is:note biopsy") == []


async def test_what_is_promised_is_found(practice: Practice) -> None:
    plain = await practice.conversation("one")
    promised = await practice.conversation("two")
    await practice.repository.promises.add(practice.promise(promised))
    assert await found(practice, "is:promised") == [promised]
    assert await found(practice, "-is:promised") == [plain]
    practice.clock.advance(hours=2)
    assert await found(practice, "is:promised") == []


async def test_years_that_nobody_writes_mail_in(practice: Practice) -> None:
    years = (1960, 1970, 2026, 2099, 2150)
    ids = {
        year: await practice.conversation("same", at=datetime(year, 1, 2, 12, tzinfo=UTC))
        for year in years
    }
    for year in years:
        assert await found(practice, f"same on:{year}") == [ids[year]], year
        assert await found(practice, f"on:2-1-{year}") == [], year
    assert await found(practice, "before:1970") == [ids[1960]]
    assert await found(practice, "after:2099") == [ids[2150]]
    assert await found(practice, "is:needs-reply", 2) == [ids[2150], ids[2099]]
    newest = [ids[year] for year in reversed(years)]
    assert await found(practice, "to:lakeside") == newest
    assert await found(practice, "-is:waiting") == newest


async def test_parts_go_on_to_the_oldest_match(practice: Practice) -> None:
    now = practice.clock()
    first = [await practice.conversation("same", at=now - timedelta(days=n)) for n in range(7)]
    await practice.receive("same", into=first[4], at=now + timedelta(days=1))
    for text in ("same", "-other", "is:needs-reply", "is:unread same", "on:2026 same", "to:lake"):
        page, seen = await search(practice, text, 2), list[int]()
        while True:
            assert len(page.hits) <= 2
            seen += [hit.row.id for hit in page.hits]
            if page.next is None:
                break
            page = await search(practice, text, 2, page.next)
        assert seen == [first[n] for n in (4, 0, 1, 2, 3, 5, 6)], text


async def test_ten_thousand_letters_are_all_looked_for(practice: Practice) -> None:
    words = [f"word{number}" for number in range(1300)]
    conversation = await practice.conversation(" ".join(words))
    text = " ".join(words)
    assert len(text) > 10_000
    assert await found(practice, text) == [conversation]
    assert await found(practice, f"{text} missing") == []
    assert await found(practice, f"{text} -word7") == []
    assert await found(practice, "x" * 10_000) == []
    assert await found(practice, '"' * 10_000) == []
    assert await found(practice, "-(*:^" * 2_000) == []


async def test_many_words_that_begin_alike(practice: Practice) -> None:
    ids = [await practice.conversation(f"Begin{number} ünder") for number in range(40)]
    other = await practice.conversation("begun, begi n")
    assert sorted(await found(practice, "begin")) == ids
    assert sorted(await found(practice, "-begin")) == [other]
    assert sorted(await found(practice, "ünder -begin3")) == [
        at for number, at in enumerate(ids) if not str(number).startswith("3")
    ]
    assert await found(practice, '"begin3"') == [ids[3]]
    assert sorted(await found(practice, "from:begin")) == []


async def test_a_day_is_from_midnight_to_midnight_in_the_practice(practice: Practice) -> None:
    midnight = datetime(2026, 3, 2, 6, tzinfo=UTC)  # in Chicago
    moment = timedelta(microseconds=1)
    eve = await practice.conversation("same", at=midnight - moment)
    first = await practice.conversation("same", at=midnight)
    last = await practice.conversation("same", at=midnight + timedelta(days=1) - moment)
    following = await practice.conversation("same", at=midnight + timedelta(days=1))
    for words in ("", "same "):
        assert await found(practice, f"{words}on:2026-03-02") == [last, first]
        assert await found(practice, f"{words}before:2026-03-02") == [eve]
        assert await found(practice, f"{words}after:2026-03-02") == [following]
        assert await found(practice, f"{words}-on:2026-03-02") == [following, eve]


async def test_many_messages_of_one_moment(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_plan, "_FIRST_WINDOW", 3)
    monkeypatch.setattr(search_plan, "CHUNK", 2)
    monkeypatch.setattr(search_page, "LOOKED_AT", 4)
    ids = [await practice.conversation(f"same word{number % 2}") for number in range(30)]
    for text in ("from:rosa same", "same -word2", "is:unread", "is:unread same", "-word2"):
        assert sorted(await found(practice, text)) == ids, text
