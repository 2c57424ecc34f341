"""What a person types is read as they mean it, and never refused."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inbox.search.completing import HINTS, Completions, completions
from inbox.search.days import read_days
from inbox.search.query import OPERATORS, Is, Query, Sides, Term, Where, parse
from inbox.search.scope import Named, Scope

TODAY = date(2026, 3, 4)
"""A Wednesday."""
SCOPE = Scope(
    TODAY,
    lines=(
        Named("front-desk", ("Lakeside front desk", "frontdesk@lakeside.example")),
        Named("texts", ("Texts", "+15550107788")),
    ),
    staff=(Named("dana", ("Dana Reyes",)), Named("sam", ("Sam Ortíz",))),
    me="dana",
)


def day(year: int, month: int, number: int) -> tuple[date, date]:
    return date(year, month, number), date(year, month, number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", day(2026, 3, 4)),
        ("Yesterday", day(2026, 3, 3)),
        ("wednesday", day(2026, 3, 4)),
        ("tue", day(2026, 3, 3)),
        ("Thursday", day(2026, 2, 26)),
        ("last wednesday", day(2026, 2, 25)),
        ("this friday", day(2026, 3, 6)),
        ("next monday", day(2026, 3, 9)),
        ("last week", (date(2026, 2, 23), date(2026, 3, 1))),
        ("last-week", (date(2026, 2, 23), date(2026, 3, 1))),
        ("this  week", (date(2026, 3, 2), date(2026, 3, 8))),
        ("this month", (date(2026, 3, 1), date(2026, 3, 31))),
        ("last month", (date(2026, 2, 1), date(2026, 2, 28))),
        ("last_year", (date(2025, 1, 1), date(2025, 12, 31))),
        ("past 3 days", (date(2026, 3, 2), date(2026, 3, 4))),
        ("last two weeks", (date(2026, 2, 19), date(2026, 3, 4))),
        ("3 days ago", day(2026, 3, 1)),
        ("a week ago", day(2026, 2, 25)),
        ("7d", day(2026, 2, 25)),
        ("1 month ago", day(2026, 2, 4)),
        ("2026", (date(2026, 1, 1), date(2026, 12, 31))),
        ("2026-03", (date(2026, 3, 1), date(2026, 3, 31))),
        ("3/2026", (date(2026, 3, 1), date(2026, 3, 31))),
        ("2025-12-31", day(2025, 12, 31)),
        ("2025/12/31", day(2025, 12, 31)),
        ("20251231", day(2025, 12, 31)),
        ("3/2/2026", day(2026, 3, 2)),
        ("3/2/26", day(2026, 3, 2)),
        ("3/2", day(2026, 3, 2)),
        ("3/5", day(2025, 3, 5)),
        ("13/2/2026", day(2026, 2, 13)),
        ("march", (date(2026, 3, 1), date(2026, 3, 31))),
        ("Sept", (date(2025, 9, 1), date(2025, 9, 30))),
        ("march 2024", (date(2024, 3, 1), date(2024, 3, 31))),
        ("2024 march", (date(2024, 3, 1), date(2024, 3, 31))),
        ("march 3", day(2026, 3, 3)),
        ("3rd of march", day(2026, 3, 3)),
        ("24 Dec.", day(2025, 12, 24)),
        ("Dec 24, 2023", day(2023, 12, 24)),
        ("29 feb", day(2024, 2, 29)),
        ("1970", (date(1970, 1, 1), date(1970, 12, 31))),
        ("2099-12", (date(2099, 12, 1), date(2099, 12, 31))),
        ("9999-12", (date(9999, 12, 1), date(9999, 12, 31))),
        ("t", None),
        ("ma", None),
        ("week", None),
        ("2026-02-30", None),
        ("2026-13", None),
        ("0000", None),
        ("31/31/2026", None),
        ("9999 years ago", None),
        ("", None),
    ],
)
def test_days_as_a_person_types_them(text: str, expected: tuple[date, date] | None) -> None:
    assert read_days(text, TODAY) == expected


def test_the_country_says_whether_the_month_comes_first() -> None:
    assert read_days("3/2/2026", TODAY, month_first=False) == day(2026, 2, 3)
    assert read_days("5.3.2025", TODAY, month_first=False) == day(2025, 3, 5)
    assert read_days("2/13/2026", TODAY, month_first=False) == day(2026, 2, 13)


@given(text=st.text(max_size=50) | st.text("0123456789/-. dwmyagostlhinext", max_size=20))
@example("9" * 40)
@example("²/³")
def test_reading_days_never_fails(text: str) -> None:
    for today in (TODAY, date.min, date.max):
        found = read_days(text, today)
        assert found is None or found[0] <= found[1]


def test_a_query_is_read_into_conditions() -> None:
    asked = parse(
        'Cough "dry throat" -fever from:rosa -to:omar about:“lab result” filename:pdf channel:text '
        "line:lake -line:texts assigned:me is:unread IS:done -is:waiting has:file "
        "after:2026-01-01 before:today -on:last week 12:30 re: from: luis is:odd",
        SCOPE,
    )
    assert asked == Query(
        terms=(
            Term("Cough"),
            Term("dry throat", prefix=False),
            Term("fever", excluded=True),
            Term("rosa", Where.SENDER),
            Term("omar", Where.RECIPIENTS, excluded=True),
            Term("lab result", Where.ABOUT, prefix=False),
            Term("pdf", Where.FILES),
            Term("12 30"),
            Term("re:"),
            Term("luis", Where.SENDER),
            Term("is odd"),
        ),
        channels=Sides(frozenset({"sms"})),
        lines=Sides(frozenset({"front-desk"}), frozenset({"texts"})),
        assigned=Sides(frozenset({"dana"})),
        states=frozenset({Is.UNREAD, Is.DONE}),
        not_states=frozenset({Is.WAITING}),
        with_files=True,
        first_day=date(2026, 1, 2),
        last_day=date(2026, 3, 3),
        not_days=((date(2026, 2, 23), date(2026, 3, 1)),),
    )
    assert asked.unread == ("is:odd",)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("is:needs", "is:needs-reply"),
        ('is:"needs reply"', "is:needs-reply"),
        ("channel:mai", "channel:email"),
        ("channel:call", "channel:phone"),
        ("has:", ""),
        ("is:", ""),
        ("from:", ""),
        ("-", ""),
        ("on: today", "on:today"),
        ("on:march 3 visit", "on:2026-03-03 visit"),
        ("on:march visit", "on:2026-03 visit"),
        ("since:monday", "after:2026-03-01"),
        ("until:2026-02", "before:2026-03-01"),
        ("-before:today", "since:today"),
        ("-after:today", "until:today"),
        ("assigned:none", "assigned:nobody"),
        ("assigned:orti", "assigned:sam"),
        ("line:7788", "line:texts"),
        ("cough cough", "cough"),
    ],
)
def test_other_ways_to_say_the_same(text: str, same: str) -> None:
    assert parse(text, SCOPE) == parse(same, SCOPE)


def test_what_is_no_condition_is_looked_for_and_told() -> None:
    asked = parse("is:un -on:someday channel:fax re:visit", SCOPE)
    assert asked.unread == ("is:un", "-on:someday", "channel:fax")
    assert [term.text for term in asked.terms] == ["is un", "on someday", "channel fax", "re visit"]


@settings(max_examples=300)
@given(
    text=st.text(max_size=60)
    | st.text('"-*:()^{}+ andANDORNOTisfromto', max_size=40)
    | st.lists(
        st.builds(
            "{}{}:{}".format, st.sampled_from(["", "-"]), st.sampled_from(OPERATORS), st.text()
        )
    ).map(" ".join)
)
def test_reading_a_query_never_fails(text: str) -> None:
    asked = parse(text, SCOPE)
    assert all(any(char.isalnum() for char in term.text) for term in asked.terms)
    for cursor in range(len(text) + 1):
        offered = completions(text, cursor, SCOPE)
        assert 0 <= offered.start <= offered.end == cursor
        for way in offered.ways:
            result, at = offered.applied(text, way)
            assert result.startswith(text[: offered.start] + way.value)
            assert at <= len(result)


@pytest.mark.parametrize("text", ["x" * 10_000, '"' * 10_000, "-:" * 5_000, "a b:" * 2_500])
def test_ten_thousand_letters_take_no_time(text: str) -> None:
    began = time.process_time()
    parse(text, SCOPE)
    completions(text, len(text), SCOPE)
    assert time.process_time() - began < 1


def ways(text: str, cursor: int | None = None) -> list[str]:
    offered = completions(text, len(text) if cursor is None else cursor, SCOPE)
    return [way.value for way in offered.ways]


def test_operators_and_their_values_are_offered() -> None:
    assert ways("") == []
    assert ways("fr") == ["from:"]
    assert ways("cough -f") == ["-from:", "-filename:"]
    assert ways("cough ") == []
    assert ways("is:un") == ["is:unread", "is:undelivered", "is:unknown"]
    assert ways("is:") == [f"is:{state}" for state in Is]
    assert ways("is:reply") == ["is:needs-reply"]
    assert ways("-channel:te") == ["-channel:text"]
    assert ways("line:fr") == ["line:front-desk"]
    assert ways("assigned:") == ["assigned:me", "assigned:nobody", "assigned:dana", "assigned:sam"]
    assert ways("on:last") == ['on:"last week"', 'on:"last month"']
    assert ways('on:"last') == ['on:"last week"', 'on:"last month"']
    assert ways("from:or") == ['from:"Sam Ortíz"']
    assert ways("has:attachment") == []
    assert ways("re:x") == []
    assert ways("is:un cough", 5) == ["is:unread", "is:undelivered", "is:unknown"]
    assert set(HINTS) == set(OPERATORS)


def test_a_completion_takes_the_place_of_the_piece() -> None:
    offered = completions("is:un cough", 5, SCOPE)
    assert offered.applied("is:un cough", offered.ways[0]) == ("is:unread cough", 10)
    offered = completions("cough is:unr", 12, SCOPE)
    assert offered.applied("cough is:unr", offered.ways[0]) == ("cough is:unread ", 16)
    offered = completions("fr", 2, SCOPE)
    assert offered.applied("fr", offered.ways[0]) == ("from:", 5)
    assert completions("patient:ros", 11, SCOPE).names_of == "ros"
    assert completions("is:ros", 6, SCOPE) == Completions(0, 6, (), HINTS["is"], "", "is:")
