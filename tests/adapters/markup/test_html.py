"""HTML mail becomes text that can be read and hides nothing that can be seen."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.markup.html import link_target, readable


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<p> many \n   blanks&nbsp; </p>", "many blanks"),
        ('<a href="https://x.example/a?b=1&amp;c=2">here</a>', "here <https://x.example/a?b=1&c=2>"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:ann@x.example?subject=Hi">write</a>', "write <ann@x.example>"),
        ('<a href="mailto:ann@x.example">ann@x.example</a>', "ann@x.example"),
        ('<a href="tel:+15550101">(555) 0101</a>', "(555) 0101"),
        ('<a href="tel:+15550101">call us</a>', "call us <+15550101>"),
        ('<a href="tel:+15550100199">+1 555-010-0199</a>', "+1 555-010-0199"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ('<a href=" data:text/html,x">click</a>', "click"),
        ('<a href="#top">up</a>', "up"),
        ('<a href="https://x.example/i"><img src="http://t.example/p.gif"></a>',
         "<https://x.example/i>"),
        ('<img src="http://t.example/p.gif" alt="Our logo">', "Our logo"),
        ("<ul><li>a<li>b<ol><li>c</ol></ul>", "- a\n- b\n  1. c"),
        ('<ol start="3"><li>c</li><li>d</li></ol>', "3. c\n4. d"),
        ("<h1>Title</h1>text", "Title\n\ntext"),
        ("<pre>  kept\n   as is</pre>", "  kept\n   as is"),
        ("<table><tr><th>Day</th><th>Time</th></tr><tr><td>Mon</td><td>9:00</td></tr></table>",
         "Day | Time\nMon | 9:00"),
        ("<table><tr><td><p>Left</p><p>more</p></td><td><p>Right</p></td></tr></table>",
         "Left\n\nmore\n\nRight"),
        ('<blockquote type="cite">said<br>twice</blockquote>mine', "> said\n> twice\n\nmine"),
        ('<blockquote type=cite>a<blockquote type=cite>b</blockquote></blockquote>',
         "> a\n>\n> > b"),
        ('<blockquote style="margin:0 0 0 40px">my own</blockquote>', "    my own"),
        ("On Jan 3, 2026, at 9:00, Ann &lt;a@x.example&gt; wrote:<blockquote>hi</blockquote>",
         "On Jan 3, 2026, at 9:00, Ann <a@x.example> wrote:\n\n> hi"),
        ('<div style="display:none">no</div>yes', "yes"),
        ('<span style="font-size:0px">no</span>yes', "yes"),
        ('<span style="font-size:0.9em">yes</span>', "yes"),
        ('<span style="mso-hide:all">no</span>yes', "yes"),
        ("<style>.x{display:none}</style><p class=x>no</p>yes", "yes"),
        ("<style>@media print{.x{display:none}}</style><p class=x>yes</p>", "yes"),
        ("<script>no()</script><title>no</title><!-- no -->yes", "yes"),
        ("<p>never <b>closed <i>at all", "never closed at all"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_is_read(markup: str, text: str) -> None:
    assert readable(markup) == text


@given(st.text(alphabet="<>/abdivptrl&;=\"' \n#x1", max_size=300))
@settings(max_examples=150)
def test_any_markup_becomes_text(markup: str) -> None:
    readable(markup)


@given(
    st.lists(st.tuples(st.sampled_from(["one", "two", "three"]),
                       st.sampled_from(["p", "div", "li", "blockquote", "pre", "h2", "section"])),
             min_size=1, max_size=30),
)  # fmt: skip
@settings(max_examples=60)
def test_no_word_is_lost_or_moved(pieces: list[tuple[str, str]]) -> None:
    markup = "".join(f"<{tag}>{word}</{tag}>" for word, tag in pieces)
    read = [word for word in readable(markup).split() if word.isalpha()]

    assert read == [word for word, _ in pieces]


@pytest.mark.parametrize(
    "markup",
    ["<div>" * 300_000, "<blockquote type=cite>" * 100_000, "<style>" * 100_000, "<" * 3_000_000,
     "<script>" * 300_000, "<ul><li>" * 100_000, "<a href=x>" * 300_000, "<!--" * 300_000,
     "<p " + "a=b " * 500_000, "<b>" * 500_000],
    ids=["div", "quote", "style", "angle", "script", "list", "link", "comment", "attr", "bold"],
)  # fmt: skip
def test_hostile_markup_takes_no_time(markup: str) -> None:
    started = time.process_time()
    readable(markup + "x")

    assert time.process_time() - started < 3


def test_a_link_cannot_leave_its_brackets() -> None:
    assert link_target("https://x.example/<script>\n") == "https://x.example/%3Cscript%3E"
