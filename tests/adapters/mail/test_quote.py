"""Quoted history is folded; what the author wrote never is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mail.mime import read_mail
from adapters.mail.quote import GAP, fold

QUOTE = "> Can you come at nine?\n> Dana"
WROTE = "On Mon, Mar 2, 2026 at 9:00 AM Dana <dana@lakeside.example> wrote:"
BLOCK = (
    "From: Dana <dana@lakeside.example>\nSent: Monday, March 2, 2026 9:00 AM\n"
    "To: Rosa\nSubject: Thursday\n\nCan you come at nine?"
)


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        (f"Yes.\n\n{WROTE}\n{QUOTE}", "Yes."),
        (f"Yes.\n\n{WROTE}\n\nCan you come at nine?", "Yes."),
        (f"Yes.\n\n{BLOCK}", "Yes."),
        (f"Yes.\n________________________________\n{BLOCK}", "Yes."),
        ("Yes.\n\n-----Original Message-----\nCan you come?", "Yes."),
        ("Ja.\n\nAm Mo., 2. März 2026 um 09:00 Uhr schrieb Dana <d@x.example>:\n> Um neun?", "Ja."),
        ("Oui.\n\nLe lun. 2 mars 2026 à 09:00, Dana <d@x.example> a écrit :\n\n> À neuf ?", "Oui."),
        ("Sí.\n\nEl lun, 2 mar 2026 a las 9:00, Dana (<d@x.example>) escribió:\n> ¿A las?", "Sí."),
        ("好。\n\n在 2026年3月2日 09:00,Dana <d@x.example> 写道:\n> 九点?", "好。"),
        (f"{WROTE}\n{QUOTE}\n\nYes, at nine.", "Yes, at nine."),
        (
            f"Hi,\n{QUOTE}\nYes.\n> And ten?\n> Or noon?\nNo.",
            f"Hi,\n\n{GAP}\n\nYes.\n\n{GAP}\n\nNo.",
        ),
        (f"Yes.\n\nRosa\n555-0101\n\n{WROTE}\n{QUOTE}", "Yes.\n\nRosa\n555-0101"),
    ],
)
def test_history_is_folded(text: str, visible: str) -> None:
    assert fold(text) == (visible, text)


@pytest.mark.parametrize(
    "text",
    [
        "Nothing is quoted here.",
        "On the one hand, yes.\nOn the other, no.",
        "On Monday at 10:00 I can come.\nOn Tuesday at 11:00 too.",
        "Date: Wednesday 4, March 2026\nTime: 7:00am\nAddress: 130 Fox St",
        "My sugar was\n> 180 after lunch",
        "I wrote:\nplease call me",
        f"FYI\n\n---------- Forwarded message ---------\n{BLOCK}",
        f"See my answers below in red.\n\n{BLOCK}\nYes I can.",
        f"Meine Antworten stehen unten.\n\n{WROTE}\n{QUOTE}",
        f"{WROTE}\n{QUOTE}",
        BLOCK,
        "",
    ],
)
def test_in_doubt_everything_is_shown(text: str) -> None:
    assert fold(text) == (text, text)


def test_what_is_passed_on_is_shown() -> None:
    text = f"Please read.\n\n{BLOCK}"

    assert fold(text, forwarded=True) == (text, text)


def test_signs_without_a_quotation_are_the_authors_in_a_new_message() -> None:
    text = "My list:\n> lisinopril\n> metformin"

    assert fold(text, reply=False) == (text, text)
    assert fold(text, reply=True)[0] == "My list:"


WORDS = st.text("abcdefghij ", min_size=1, max_size=40).map(str.strip).filter(bool)


@given(st.lists(st.tuples(WORDS, st.lists(WORDS, max_size=3)), min_size=1, max_size=6))
@settings(max_examples=100)
def test_no_answer_between_quotations_is_ever_hidden(blocks: list[tuple[str, list[str]]]) -> None:
    lines = [WROTE, "> first"]
    for answer, quoted in blocks:
        lines += [f"{answer} ans", *(f"> {one} quo" for one in quoted)]
    visible, whole = fold("\n".join(lines))

    assert whole == "\n".join(lines)
    assert [line for line in visible.split("\n") if line.endswith(" ans")] == [
        f"{answer} ans" for answer, _ in blocks
    ]
    assert " quo" not in visible


@given(st.text(max_size=400))
@settings(max_examples=150)
def test_the_whole_is_always_kept(text: str) -> None:
    visible, whole = fold(text)

    assert whole == text
    assert all(line in {*text.split("\n"), GAP, ""} for line in visible.split("\n"))


def test_the_subject_tells_what_is_passed_on() -> None:
    body = f"Please read.\n\n{BLOCK}\n"
    head = "From: rosa@example.com\nSubject: {} Thursday\n\n"

    assert read_mail((head.format("FW:") + body).encode()).text == body.strip()
    assert read_mail((head.format("RE:") + body).encode()).text == "Please read."


@pytest.mark.parametrize(
    "markup",
    [
        (
            '<div dir="ltr">Yes.</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, '
            'Mar 2, 2026 at 9:00 AM Dana &lt;<a href="mailto:d@x.example">d@x.example</a>&gt; '
            "wrote:"
            '<br></div><blockquote class="gmail_quote">Can you?</blockquote></div>'
        ),
        (
            "<p>Yes.</p><hr><div id=divRplyFwdMsg><b>From:</b> Dana &lt;d@x.example&gt;<br>"
            "<b>Sent:</b> "
            "Monday, March 2, 2026 9:00 AM<br><b>To:</b> Rosa<br><b>Subject:</b> Thursday</div>"
            "<div>Can you?</div>"
        ),
        (
            "<div>Yes.</div><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p>"
            "<b>From:</b> Dana "
            "&lt;d@x.example&gt;<br><b>Sent:</b> Monday, March 2, 2026 9:00 AM<br><b>To:</b> R<br>"
            "<b>Subject:</b> T</p></div><p>Can you?</p>"
        ),
        (
            "<div>Yes.</div><blockquote type=cite><div>On Mar 2, 2026, at 9:00 AM, Dana "
            "&lt;d@x.example&gt; wrote:</div><br><div>Can you?</div></blockquote>"
        ),
        (
            "<div>Yes.</div><div class=yahoo_quoted>On Monday, March 2, 2026 at 09:00:00 AM CST, "
            "Dana "
            "&lt;d@x.example&gt; wrote:<br><br><div>Can you?</div></div>"
        ),
    ],
    ids=["gmail", "outlook-web", "outlook", "apple", "yahoo"],
)
def test_the_history_of_html_mail_is_folded(markup: str) -> None:
    head = "From: rosa@example.com\nSubject: Re: Thursday\nContent-Type: text/html\n\n"
    arrival = read_mail((head + markup).encode())

    assert arrival.text == "Yes."
    assert "Can you?" in arrival.whole
