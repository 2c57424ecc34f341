"""Templates: what is read, what is refused and where, and how fields are filled in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.address import ChannelKind
from inbox.appointment import Appointment
from inbox.filling import Occasion, fill, sample_appointment
from inbox.number import number_words
from inbox.outgoing import Category
from inbox.patient import Patient
from inbox.template import FIELDS, BadTemplate, Shelf, Template, escaped, parse_template
from tests.inbox.making import ANN, DANA, NOW, PHONE, ZONE, practice

HEAD = "title: A title\ncategory: reminder\nchannels: email, sms\nsubject: A subject\n\n"
VISIT = Appointment(
    date(2026, 3, 5), datetime(2026, 3, 5, 20, 30, tzinfo=UTC), "12 Shore Road", "Dr. Weiss"
)


def occasion(**changes: Any) -> Occasion:
    plain = Occasion(practice(), NOW, DANA, ANN, VISIT)
    return replace(plain, **changes)


def said(text: str, **changes: Any) -> str:
    return fill(parse_template("a.txt", HEAD + text), occasion(**changes)).text


def test_a_template_is_read_whole() -> None:
    found = parse_template(
        "flu-shot-sms.txt",
        "# a remark\r\ntitle: Flu shot\r\ncategory: Reminder\r\nchannels: text, e-mail\r\n"
        "subject: Hello {patient.first_name}\r\n\r\nOne.\r\n\r\n  Two {practice.name}\r\n\r\n",
        "/x/flu-shot-sms.txt",
    )

    assert (found.name, found.family, found.title) == ("flu-shot-sms", "flu-shot", "Flu shot")
    assert found.category is Category.REMINDER
    assert found.channels == (ChannelKind.SMS, ChannelKind.EMAIL)
    assert found.fields == {"patient.first_name", "practice.name"}
    filled = fill(found, occasion())
    assert filled.text == "One.\n\n  Two Lakeside Family Practice"
    assert filled.subject == "Hello Ann"


@pytest.mark.parametrize(
    ("content", "line", "column", "words", "hint"),
    [
        (HEAD + "Hi {patient.frist_name}", 6, 4, "no field {patient.frist_name}", "patient.first_"),
        (HEAD + "Hi\n\n  you {Name}", 8, 7, "no field {Name}", "my.name"),
        (HEAD + "{xyzzy}", 6, 1, "no field {xyzzy}", "templates fields"),
        (HEAD + "Hi {patient.name", 6, 4, "a brace stands alone", "{{"),
        (HEAD + "Hi patient.name}", 6, 16, "a brace stands alone", "}}"),
        (HEAD.replace("A subject", "On {date}") + "x", 4, 13, "no field {date}", "field"),
        (HEAD.replace("reminder", "remindr") + "x", 2, 11, "no category", "reminder"),
        (HEAD.replace("sms", "smss") + "x", 3, 18, "no channel", "sms"),
        (HEAD.replace("title", "titel") + "x", 1, 1, "“titel”", "title"),
        (HEAD.replace("subject: A subject\n", "") + "x", 1, 1, "subject", "subject"),
        (HEAD.replace("category: reminder\n", "") + "x", 1, 1, "category", "billing"),
        ("title: a\ntitle: b\n\nx", 2, 1, "twice", "one"),
        ("title:\n\nx", 1, 7, "is empty", "title"),
        ("Dear all,\n\nhello", 1, 1, "does not belong", "Known"),
        (HEAD, 6, 1, "no text", "line"),
        ("", 1, 1, "no “title:”", "title"),
        (HEAD + "\0", 1, 1, "not a text file", "plain text"),
        (HEAD + "x" * 30_000, 1, 1, "longer", "Shorten"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    content: str, line: int, column: int, words: str, hint: str
) -> None:
    with pytest.raises(BadTemplate) as caught:
        parse_template("a.txt", content)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.sentence.startswith(f"a.txt, line {line}, column {column}: ")
    assert words in caught.value.sentence
    assert hint in caught.value.hint


def test_a_file_with_another_name_is_refused() -> None:
    with pytest.raises(BadTemplate, match="other letters"):
        parse_template("Ünser Brief.txt", HEAD + "x")


def test_fields_are_written_for_reading() -> None:
    assert said("{appointment.date} at {appointment.time}") == "Thu, Mar 5 at 2:30 PM"
    assert said("{appointment.place} with {appointment.with}") == "12 Shore Road with Dr. Weiss"
    assert said("{my.name}, {my.direct_line}") == "Dana Reyes, (555) 010-7701"
    assert said("{phones.close}, {phones.open}") == "12:00 PM, today at 1:00 PM"
    assert said("{phones.number}", practice=practice(lines=(PHONE,))) == "(555) 010-7700"
    assert said("{patient.name} { patient.first_name }") == "Ann Lee Ann"
    assert said("{scheduling_url}") == "https://lakeside.example/book"


def test_the_clock_and_the_calendar_follow_the_country() -> None:
    there = practice(country="DE")
    assert said("{appointment.date}, {appointment.time}", practice=there) == "Thu, 5 Mar, 14:30"
    far = replace(VISIT, day=date(2027, 3, 5), at=None)
    assert said("{appointment.date}", appointment=far) == "Fri, Mar 5, 2027"
    assert number_words("+442079460000") == "+44 207 946 0000"


def test_phones_open_says_the_day() -> None:
    friday_evening = datetime(2026, 3, 7, 0, 0, tzinfo=UTC)
    assert said("{phones.open}", now=friday_evening) == "Monday at 8:00 AM"
    assert said("{phones.open}", now=friday_evening - timedelta(days=1)) == "tomorrow at 8:00 AM"


def test_reply_by_is_the_working_day_before_and_never_gone_by() -> None:
    monday = replace(VISIT, day=date(2026, 3, 9), at=None)
    assert said("{reply_by}", appointment=monday) == "Fri, Mar 6"
    today = replace(VISIT, day=date(2026, 3, 4), at=None)
    assert said("{reply_by}", appointment=today) == "{reply_by}"


def test_a_visit_without_a_place_is_at_the_practice() -> None:
    assert said("{appointment.place}", appointment=replace(VISIT, place="")).startswith("Lakeside")


def test_what_has_no_value_stays_visible() -> None:
    template = parse_template("a.txt", HEAD + "{my.direct_line} {appointment.date} {phones.close}")
    night = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
    filled = fill(template, Occasion(practice(), night, replace(DANA, direct_line=""), ANN))

    assert filled.text == "{my.direct_line} {appointment.date} {phones.close}"
    assert filled.gaps == ("my.direct_line", "appointment.date", "phones.close")


def test_a_name_can_put_nothing_on_the_terminal() -> None:
    evil = replace(ANN, given="An\x1b[31mn\u202e\nx")
    assert said("{patient.first_name}", patient=evil) == "Ann x"


def test_a_shelf_gives_what_fits_a_channel() -> None:
    one = parse_template("a.txt", HEAD + "x")
    two = replace(one, name="b", channels=(ChannelKind.PORTAL,))
    shelf = Shelf((one, two))

    assert shelf.on_channel(ChannelKind.SMS) == (one,)
    assert shelf.named("b") is two
    assert shelf.named("c") is None


def test_the_sample_visit_is_on_a_day_with_somebody_there() -> None:
    found = sample_appointment(NOW, practice())
    assert found.at is not None
    assert practice().hours.is_open(found.at)


# ---------------------------------------------------------------- properties

_PARTS = st.one_of(
    st.sampled_from([f"{{{name}}}" for name in FIELDS]),
    st.text().map(escaped),
)
_TEXTS = st.lists(_PARTS, min_size=1).map("".join)
_PATIENTS = st.builds(
    Patient,
    id=st.text(),
    given=st.text(),
    family=st.text(),
    birth_date=st.none() | st.dates(),
)
_APPOINTMENTS = st.none() | st.builds(
    Appointment,
    day=st.none() | st.dates(),
    at=st.none() | st.datetimes(timezones=st.sampled_from([UTC, ZONE])),
    place=st.text(),
    with_whom=st.text(),
)


def _read(text: str) -> Template | BadTemplate:
    try:
        return parse_template("a.txt", text)
    except BadTemplate as error:
        return error


@given(_TEXTS, st.none() | _PATIENTS, _APPOINTMENTS, st.datetimes(timezones=st.just(UTC)))
def test_filling_never_raises(
    text: str, patient: Patient | None, appointment: Appointment | None, now: datetime
) -> None:
    template = _read(HEAD + text)
    if isinstance(template, Template):
        now = min(max(now, datetime(1902, 1, 1, tzinfo=UTC)), datetime(2990, 1, 1, tzinfo=UTC))
        filled = fill(template, occasion(patient=patient, appointment=appointment, now=now))
        assert set(filled.gaps) <= template.fields
        assert all(f"{{{name}}}" in filled.text for name in filled.gaps)


@given(st.text())
def test_anything_is_read_or_refused_with_its_place(content: str) -> None:
    for text in (content, HEAD + content):
        found = _read(text)
        if isinstance(found, BadTemplate):
            assert 1 <= found.line <= 1 + sum(text.count(end) for end in "\n\r\u2028\u2029")
            assert found.column >= 1


@given(st.text(alphabet="ab{} \n").filter(lambda text: text.strip() == text and text))
def test_words_with_braces_come_back(text: str) -> None:
    filled = said(escaped(text))
    assert filled == "\n".join(line.rstrip() for line in text.split("\n"))
