"""The words of a portal message: markup read, what was said before folded, nothing hidden."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.portal.test_convert import message, read


def test_markup_becomes_text() -> None:
    arrival = read(message("<div>Hello <b>Dana</b>,</div><div>can I come?</div>"))
    assert arrival.text == "Hello Dana,\ncan I come?"


@pytest.mark.parametrize("text", ["2 < 3 and 5 > 4", "<3 thank you", "my temp is <38 & fine"])
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert read(message(text)).text == text


def test_text_in_an_attachment_without_a_name_is_the_message() -> None:
    data = base64.b64encode("<p>Grüße</p>".encode()).decode()
    payload = [{"contentAttachment": {"contentType": "text/html; charset=utf-8", "data": data}}]
    arrival = read(message(payload=payload))
    assert (arrival.text, arrival.attachments) == ("Grüße", ())


QUESTION = "Your results are in.\nWould you like to come by on Friday?"


@pytest.mark.parametrize(
    "payload",
    [
        ["Yes, at nine.", QUESTION],
        ["Yes, at nine.", "Would you like to\n come by?", QUESTION],
        [f"Yes, at nine.\n\n{QUESTION}"],
        [f"Yes, at nine.\n\n-----Original Message-----\n{QUESTION}"],
        ["Yes, at nine.\n\nOn Mon, Mar 2, 2026 at 9:00 AM Dana Reyes wrote:\n> "
         + QUESTION.replace("\n", "\n> ")],
        [f"{QUESTION}\n----\nYes, at nine."],
        ["Yes, at nine.", f"{QUESTION}\n\nWould you like to come by?"],
    ],
)  # fmt: skip
def test_what_was_said_before_is_shown_once(payload: list[str]) -> None:
    earlier = message(id="11", payload=[{"contentString": QUESTION}])
    before = message(id="10", payload=[{"contentString": "Would you like to come by?"}])
    whole = message(
        id="9", payload=[{"contentString": f"{QUESTION}\n\nWould you like to come by?"}]
    )
    arrival = read(
        message(
            payload=[{"contentString": text} for text in payload],
            inResponseTo=[{"reference": "Communication/11"}],
        ),
        {"Communication/11": earlier, "Communication/10": before, "Communication/9": whole},
    )
    assert arrival.text == "Yes, at nine."
    assert arrival.whole == "\n\n".join(payload)


@pytest.mark.parametrize(
    "text", [QUESTION, "Yes.", f"I asked: {QUESTION}\nand you?", "Would you like to come by?"]
)
def test_what_the_author_wrote_is_never_hidden(text: str) -> None:
    arrival = read(
        message(text, inResponseTo=[{"reference": "Communication/11"}]),
        {
            "Communication/11": message(QUESTION, id="11"),
            "Communication/1": message("Yes.", id="1"),
        },
    )
    assert (arrival.text, arrival.whole) == (text, text)


_LINE = st.sampled_from(
    ["Yes.", "no", "", "> no", "On Mon, Mar 2, 2026 at 9:00 AM Dana wrote:", "----", "Would you"]
)
_LINES = st.lists(_LINE, max_size=6).map("\n".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(_LINES, max_size=3), st.lists(st.lists(_LINES, max_size=3), max_size=3))
def test_no_line_of_the_author_is_hidden(own: list[str], before: list[list[str]]) -> None:
    mine = [f"mine {place} {text}" for place, text in enumerate(own)]
    earlier = {
        f"Communication/{place}": message(payload=[{"contentString": text} for text in texts])
        for place, texts in enumerate(before)
    }
    arrival = read(message(payload=[{"contentString": text} for text in mine]), earlier)
    for text in mine:
        assert text.split("\n")[0].strip() in arrival.text
    for line in (line for text in own for line in text.split("\n")[1:]):
        announced = line.startswith(("On ", "--", ">")) or not line
        said = any(line in text for texts in before for text in texts)
        assert announced or said or line in arrival.text


def test_nothing_of_it_reaches_the_terminal() -> None:
    arrival = read(message("a\x1b]0;x\x07b\u202ec", topic={"text": "t\x1b[2J"}))
    assert (arrival.text, arrival.subject) == ("abc", "t")
