"""Templates are looked at in every class of hours before anybody sends them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from inbox.address import ChannelKind
from inbox.errors import NotFound
from inbox.finding import Severity
from inbox.gate import Gate
from inbox.hours import Hours
from inbox.rules import RULES
from inbox.template import BadFile, Shelf, Template, parse_template
from inbox.template_lint import HourClass, LintReport, hour_classes, lint
from inbox.templating import Templating
from tests.clock import FakeClock
from tests.inbox.making import DANA, FRONT_DESK, NOW, PHONE, PORTAL, TEXTS, ZONE, practice, week
from tui.templates.reading import read_shelf

GATE = Gate(RULES)
HOUSE = practice(lines=(FRONT_DESK, TEXTS, PHONE, PORTAL))
SHIPPED = read_shelf(Path("/nowhere"))
HEAD = "title: A title\ncategory: {}\nchannels: {}\nsubject: A subject\n\n"


def template(text: str, category: str = "general", channels: str = "email") -> Template:
    return parse_template("a.txt", HEAD.format(category, channels) + text)


def looked(one: Template, staff: str = "dana") -> LintReport:
    return lint(one, HOUSE, GATE, NOW, staff)


def test_a_week_has_all_its_classes_of_hours() -> None:
    found = hour_classes(week(), NOW)
    local = {kind: moment.astimezone(ZONE) for kind, moment in found.items()}

    assert set(found) == set(HourClass) - {HourClass.HOLIDAY}
    assert all(moment > NOW for moment in found.values())
    assert week().is_open(found[HourClass.OPEN])
    assert local[HourClass.CLOSING].time() == time(16, 50)
    assert local[HourClass.LUNCH].time() == time(12, 30)
    assert not week().is_open(found[HourClass.CLOSED])


def test_hours_that_do_not_exist_are_not_tried() -> None:
    assert list(hour_classes(Hours(zone=ZONE), NOW)) == [HourClass.CLOSED]
    assert HourClass.LUNCH not in hour_classes(week("08:00-17:00"), NOW)
    always = hour_classes(week("00:00-24:00"), NOW)
    assert HourClass.OPEN in always
    assert all(
        week("00:00-24:00").is_open(always[kind]) for kind in always if kind != "when closed"
    )


def test_a_template_that_could_only_be_sent_against_the_rules_is_told() -> None:
    report = looked(template("Please do not reply to this message.", channels="email, sms"))

    assert report.never
    assert report.words.startswith("Can only be sent against the rules: ")
    assert "TW06" in report.words


def test_the_hours_in_which_a_template_is_refused_are_named() -> None:
    report = looked(template("Please call our office about your form. Dana"))

    assert not report.never
    refused = {one.hours for one in report.refusals}
    assert refused == {HourClass.CLOSING, HourClass.LUNCH, HourClass.CLOSED}
    assert report.words.startswith(
        "Cannot be sent in the last half hour or at lunch or when closed"
    )
    assert "TW04" in report.words


def test_channels_that_differ_are_told_apart() -> None:
    report = looked(template("Please call our office.", channels="email, sms"))
    assert "at any time by text" in report.words


def test_who_sends_it_matters() -> None:
    text = template("My direct line is {my.direct_line}. Dana")
    assert looked(text).words == ""
    without = practice(staff=(replace(DANA, direct_line=""),))
    assert "{my.direct_line}" in lint(text, without, GATE, NOW, "dana").words


def test_an_after_hours_answer_says_all_three_things() -> None:
    report = looked(template("Our phones are off now.", "after-hours"))
    (remark,) = report.remarks
    assert (remark.rule, remark.severity) == ("TW37", Severity.WARN)
    assert remark.reason == (
        "It does not say to call 911 in an emergency, nor when somebody reads it, nor how they are"
        " answered."
    )


@pytest.mark.parametrize("one", SHIPPED.templates, ids=lambda one: one.name)
def test_the_shipped_templates_are_clean_in_the_hours_they_are_for(one: Template) -> None:
    report = looked(one)
    refused = {refusal.hours for refusal in report.refusals}

    assert not report.remarks
    # Only who is at the desk can say until when.
    assert refused == ({HourClass.LUNCH, HourClass.CLOSED} if one.name == "call-back" else set())


def test_the_shipped_reminders_fit_one_text() -> None:
    texts = [one for one in SHIPPED.templates if one.channels == (ChannelKind.SMS,)]
    assert len(texts) == 2
    assert SHIPPED.bad == ()


async def test_reports_are_made_again_when_a_file_changes() -> None:
    shelf = [Shelf((template("Please do not reply to this message."),))]
    templating = Templating(HOUSE, GATE, FakeClock(NOW), DANA, lambda: shelf[0])
    (first,) = await templating.reports()
    assert first.never
    assert (await templating.reports())[0] is first
    shelf[0] = Shelf((template("Thank you for your message."),))
    (second,) = await templating.reports()
    assert second.words == ""


async def test_a_template_that_is_not_there_is_told_with_those_that_are() -> None:
    bad = BadFile("broken.txt", "broken.txt, line 1, column 1: no.", "Mend it.")
    shelf = Shelf((template("x"),), (bad,))
    templating = Templating(HOUSE, GATE, FakeClock(NOW), DANA, lambda: shelf)
    with pytest.raises(NotFound, match="Known: a"):
        await templating.named("b")
    with pytest.raises(NotFound, match="line 1, column 1"):
        await templating.named("broken")
    assert (await templating.named("a")).name == "a"


def test_the_clocks_that_change_do_not_move_the_hours() -> None:
    before = datetime(2026, 3, 6, 23, tzinfo=UTC)
    closing = hour_classes(week(), before)[HourClass.CLOSING].astimezone(ZONE)
    assert (closing.day, closing.time()) == (9, time(16, 50))
