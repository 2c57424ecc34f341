"""Public holidays, own closures, and the file that remembers what was computed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from inbox.closure import Closure
from inbox.errors import ConfigurationError
from inbox.hours import parse_spans
from inbox.words import phones_words
from tests.tui.config.sample import WHOLE, read
from tui.config.public_holidays import FILE

TODAY = date(2026, 11, 23)
BREAK = """
[[closure]]
name = "Winter break"
from = 2026-12-24
to = 2026-12-26

[[closure]]
name = "Staff training"
from = 2026-12-02
hours = "08:00-12:00"
"""


def refused(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as error:
        read(text).calendar.prepare(TODAY)
    return error.value


def test_public_holidays_of_the_country_are_closed() -> None:
    practice = read(WHOLE).practice

    assert practice.hours.closures.on(date(2026, 11, 26)) == Closure("Thanksgiving Day")
    assert practice.hours.closures.on(date(2026, 11, 25)) is None
    assert practice.hours.spans(date(2026, 12, 25)) == ()


def test_lines_with_hours_of_their_own_have_the_same_holidays() -> None:
    practice = read(WHOLE + '\n[hours.texts]\nthu = "00:00-24:00"\n').practice

    assert practice.hours_of("texts").spans(date(2026, 11, 26)) == ()
    assert practice.hours_of("texts").spans(date(2026, 11, 19)) != ()


def test_a_holiday_that_falls_on_a_weekend_is_closed_when_it_is_observed() -> None:
    assert read(WHOLE).calendar.on(date(2026, 7, 3)) == Closure("Independence Day (observed)")


def test_a_state_has_holidays_of_its_own() -> None:
    calendar = read(WHOLE.replace('country = "US"', 'country = "US"\nsubdivision = "TX"')).calendar

    assert calendar.on(date(2026, 11, 27)) == Closure("Friday After Thanksgiving")


def test_holidays_on_which_the_practice_works_are_left_out() -> None:
    skipped = read(WHOLE + '\n[holidays]\nskip = ["columbus day", "Veterans Day"]\n').calendar
    observed = read(WHOLE + '\n[holidays]\nobserve = ["Independence Day"]\n').calendar
    none = read(WHOLE + "\n[holidays]\npublic = false\n" + BREAK).calendar

    assert skipped.on(date(2026, 11, 11)) is None
    assert skipped.on(date(2026, 12, 25)) is not None
    assert observed.on(date(2026, 7, 3)) is not None
    assert observed.on(date(2026, 12, 25)) is None
    assert none.on(date(2026, 11, 26)) is None
    assert none.on(date(2026, 12, 24)) == Closure("Winter break")
    assert none.known(TODAY)


def test_own_closures_over_days_and_parts_of_days() -> None:
    calendar = read(WHOLE + BREAK).calendar

    assert [calendar.on(date(2026, 12, day)) for day in (23, 24, 25, 26, 27)] == [
        None,
        *[Closure("Winter break")] * 3,
        None,
    ]
    half = Closure("Staff training", parse_spans("08:00-12:00", ""))
    assert calendar.on(date(2026, 12, 2)) == half


def test_a_holiday_stands_over_a_half_day() -> None:
    half = BREAK.replace("2026-12-02", "2026-11-26")

    assert read(WHOLE + half).calendar.on(date(2026, 11, 26)) == Closure("Thanksgiving Day")


@pytest.mark.parametrize(
    ("added", "words"),
    [
        ('[[closure]]\nname = "X"\nfrom = "2026-12-24"\n', "closure[1].from"),
        ('[[closure]]\nname = "X"\n', "closure[1].from is missing"),
        ("[[closure]]\nname = 'X'\nfrom = 2026-12-24\nto = 2026-12-20\n", "closure[1].to"),
        ("[[closure]]\nname = 'X'\nfrom = 2026-12-24\nto = 2036-12-24\n", "more than a year"),
        ("[[closure]]\nname = 'X'\nfrom = 2026-12-24\nhours = '8-12'\n", "closure[1].hours"),
        ("[[closure]]\nname = 'X'\nfrom = 2026-12-24T10:00:00\n", "closure[1].from"),
        ('[holidays]\nskip = ["A"]\nobserve = ["B"]\n', "holidays.skip"),
        ('[holidays]\npublic = false\nskip = ["A"]\n', "holidays.public"),
        ('[holidays]\nskip = ["Veteran Day"]\n', "holidays.skip[1] is no public holiday"),
    ],
)
def test_what_cannot_be_is_told_with_its_key(added: str, words: str) -> None:
    error = refused(f"{WHOLE}\n{added}")

    assert words in error.sentence
    assert "practice.toml, line " in error.sentence
    assert error.hint


def test_the_nearest_holiday_is_named() -> None:
    hint = refused(WHOLE + '\n[holidays]\nskip = ["Veteran Day"]\n').hint

    assert "Did you mean “Veterans Day”?" in hint
    assert "Thanksgiving Day" in hint


def test_a_country_or_state_without_holidays_is_told_with_its_key() -> None:
    country = refused(WHOLE.replace('country = "US"', 'country = "QQ"'))
    state = refused(WHOLE.replace('country = "US"', 'country = "US"\nsubdivision = "TY"'))

    assert "practice.toml, line 4: practice.country" in country.sentence
    assert "QA" in country.hint
    assert "practice.toml, line 5: practice.subdivision" in state.sentence
    assert "TX" in state.hint


def test_the_rules_get_the_error_too_and_not_a_day_without_holidays() -> None:
    hours = read(WHOLE.replace('country = "US"', 'country = "QQ"')).practice.hours

    with pytest.raises(ConfigurationError):
        hours.is_open(datetime(2026, 11, 24, 16, tzinfo=UTC))


def test_what_was_computed_is_remembered(tmp_path: Path) -> None:
    first = read(WHOLE).calendar
    first.keep_in(tmp_path)
    assert not first.known(TODAY)
    first.prepare(TODAY)

    again = read(WHOLE).calendar
    again.keep_in(tmp_path)

    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert again.known(TODAY)
    assert again.known(date(2028, 12, 10))
    # Hours look two weeks ahead, into the year that is not there yet.
    assert not again.known(date(2028, 12, 20))
    assert again.on(date(2027, 12, 24)) == first.on(date(2027, 12, 24)) is not None


def test_in_january_the_year_before_is_looked_up_as_well(tmp_path: Path) -> None:
    calendar = read(WHOLE).calendar
    calendar.keep_in(tmp_path)
    calendar.prepare(date(2027, 1, 8))

    assert calendar.known(date(2027, 1, 8))
    assert not calendar.known(date(2026, 1, 8))
    kept = json.loads((tmp_path / FILE).read_text("utf-8"))
    assert sorted(kept["years"]) == ["2026", "2027", "2028", "2029"]


def test_names_are_checked_by_what_is_remembered(tmp_path: Path) -> None:
    first = read(WHOLE).calendar
    first.keep_in(tmp_path)
    first.prepare(TODAY)

    right = read(WHOLE + '\n[holidays]\nskip = ["Veterans Day"]\n').calendar
    right.keep_in(tmp_path)
    wrong = read(WHOLE + '\n[holidays]\nskip = ["Veteran Day"]\n').calendar
    wrong.keep_in(tmp_path)

    assert right.known(TODAY)
    assert not wrong.known(TODAY)
    with pytest.raises(ConfigurationError):
        wrong.prepare(TODAY)


def test_a_year_that_is_not_there_yet_is_computed_when_it_comes(tmp_path: Path) -> None:
    calendar = read(WHOLE).calendar
    calendar.keep_in(tmp_path)
    calendar.prepare(TODAY)

    assert calendar.on(date(2029, 1, 1)) == Closure("New Year's Day")
    kept = json.loads((tmp_path / FILE).read_text("utf-8"))
    assert sorted(kept["years"]) == ["2026", "2027", "2028", "2029"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"made_with": "US//en_US/", "years": {"x": 1}}', "\0\0"]
)
def test_a_file_that_is_of_no_use_is_made_again(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, "utf-8")
    calendar = read(WHOLE).calendar
    calendar.keep_in(tmp_path)
    calendar.prepare(TODAY)

    assert calendar.on(date(2026, 12, 25)) is not None
    assert "2026" in json.loads((tmp_path / FILE).read_text("utf-8"))["years"]


def test_a_file_of_another_state_is_not_used(tmp_path: Path) -> None:
    texas = read(WHOLE.replace('country = "US"', 'country = "US"\nsubdivision = "TX"')).calendar
    texas.keep_in(tmp_path)
    texas.prepare(TODAY)

    calendar = read(WHOLE).calendar
    calendar.keep_in(tmp_path)

    assert not calendar.known(TODAY)
    assert calendar.on(date(2026, 11, 27)) is None


def test_a_folder_that_takes_nothing_is_no_trouble(tmp_path: Path) -> None:
    calendar = read(WHOLE).calendar
    calendar.keep_in(tmp_path / "not" / "there")
    calendar.prepare(TODAY)

    assert calendar.on(date(2026, 12, 25)) is not None


def test_nothing_is_said_of_the_phones_before_holidays_are_known() -> None:
    configuration = read(WHOLE)
    now = datetime(2026, 11, 24, 16, tzinfo=UTC)

    before = phones_words(configuration.practice, now)
    configuration.calendar.prepare(now.date())

    assert before == ""
    assert phones_words(configuration.practice, now).startswith("phones ")


def test_reading_the_configuration_loads_neither_library() -> None:
    program = """
import sys
from pathlib import Path
from tests.tui.config.sample import WHOLE, read
practice = read(WHOLE).practice
import tui.wiring
loaded = {"holidays", "phonenumbers", "adapters.place", "json"} & set(sys.modules)
print(sorted(loaded - {"json"}))
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
