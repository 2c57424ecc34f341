"""The script of the telephones is read strictly, and the sample's is plainly made up."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from demo.twilio.lakeside import MAIN, TEXTS
from demo.twilio.script import read_telephones, sample_telephones

STRANGER = "+15550107899"
NIGHT_DESK = "+15550107791"


def known_numbers() -> set[str]:
    patients = json.loads((files("sample_data") / "patients.json").read_text("utf-8"))
    return {
        point["value"]
        for patient in patients
        for point in patient["contact"]
        if point["system"] == "phone"
    }


def test_the_sample_people_are_plainly_made_up_and_known() -> None:
    script = sample_telephones()
    assert {one.number for one in script.people} - known_numbers() == {NIGHT_DESK}
    senders = {one.sender for one in script.past} | {one.sender for one in script.events}
    assert senders - known_numbers() == {STRANGER}
    numbers = senders | {one.number for one in script.people}
    assert all(re.fullmatch(r"\+155501\d{5}", number) for number in numbers)
    ours = {one.to for one in script.past} | {one.to for one in script.events}
    assert ours == {TEXTS, MAIN}


def test_everything_a_telephone_can_do_is_in_the_sample() -> None:
    script = sample_telephones()
    assert {one.happened for one in script.past} == {"text", "answered", "missed", "voicemail"}
    assert any(one.picture for one in script.past)
    assert any(one.say == "STOP" for one in script.past)
    assert any(one.landline for one in script.people)
    assert any(one.calls for one in script.people)
    assert any(one.fails_with for one in script.people)
    assert any(reply.say == "STOP" for one in script.people for reply in one.replies)
    ages = [one.ago for one in script.past]
    assert ages == sorted(ages, reverse=True)
    assert [one.after for one in script.events] == sorted(one.after for one in script.events)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[telephones]]\nnumber = "+15550100111"', "unknown telephones"),
        ('[[telephone]]\nnumber = "+15550100111"\nlandlines = true', "unknown landlines"),
        ('[[common]]\non = "("\nsay = "x"', "bad expression"),
        ('[[past]]\nminutes = 1\nfrom = "a"\nto = "b"\nwhat = "fax"', "nothing is called 'fax'"),
        ('[[event]]\nafter = 1\nfrom = "a"\nto = "b"\nsays = "x"', "unknown says"),
    ],
)
def test_what_a_script_does_not_know_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_telephones(text)
