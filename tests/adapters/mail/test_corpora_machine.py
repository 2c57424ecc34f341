"""Bounces, pages and addresses that others collected."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from adapters.mail.address import valid_address
from adapters.mail.mime import read_mail
from adapters.markup.html import link_target, readable
from inbox.message import Nature
from tests.adapters.mail.corpus import cases

NO_BOUNCES = {
    "groupwise_03": (Nature.PERSONAL, "a person's reply, there to show that it is no bounce"),
    "qmail_08": (Nature.AUTO_REPLY, "an automatic answer, there to show that it is no bounce"),
}


def test_bounces_are_bounces_and_name_whom_they_speak_of(corpora: Path) -> None:
    folder = corpora / "bounces-flufl"
    every = cases(folder / "cases.jsonl")

    assert len(every) == 115
    for case in every:
        arrival = read_mail((folder / case["file"]).read_bytes())
        if case["id"] in NO_BOUNCES:
            assert case["addresses"] == []
            assert arrival.nature is NO_BOUNCES[case["id"]][0]
            continue
        assert arrival.nature is Nature.BOUNCE, case["id"]
        assert arrival.report is not None
        told = {one.address.lower() for one in arrival.report.recipients}
        assert told == {one.lower() for one in case["addresses"]}, case["id"]
        delayed = {one.action == "delayed" for one in arrival.report.recipients}
        assert delayed <= {case["temporary"]}, case["id"]


def test_pages_say_what_their_authors_wrote_beside_them(corpora: Path) -> None:
    pages = sorted((corpora / "html-text-pairs" / "plain").glob("*.html"))

    assert len(pages) == 11
    for page in pages:
        markup = page.read_text("utf-8")
        wanted = _words(page.with_suffix(".txt").read_text("utf-8"))
        text = readable(markup)
        naive = _words(unescape(re.sub(r"<[^>]+>", " ", _without_styles(markup))))
        recall = len(wanted & _words(text)) / len(wanted)

        assert recall >= len(wanted & naive) / len(wanted), page.name
        assert recall > 0.99, page.name
        for href in re.findall(r'<a\s[^>]*href="([^"]+)"', markup):
            assert link_target(unescape(href)) in text, (page.name, href)


def _without_styles(markup: str) -> str:
    return re.sub(r"(?is)<(style|script|head)\b.*?</\1>", " ", markup)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


WITH_NAME = "a name stands beside the address; `addresses` takes the two apart"
RESERVED = "a reserved name: whether anybody is there is not a question of form"
BIDI = "the order of letters and numbers in a Hebrew name (RFC 5893), which IDNA 2003 lets pass"
SMTPUTF8 = "letters of every script are allowed before the sign; that library's option is off"
ADDRESSES_DIFFER = {
    "ev-test_email_valid-9": WITH_NAME,
    "ev-test_email_valid-10": WITH_NAME,
    "ev-test_email_valid-11": WITH_NAME,
    "ev-test_email_valid_intl_local_part-26": WITH_NAME,
    "ev-test_email_invalid_syntax-98": BIDI,
    "ev-test_email_invalid_syntax-99": BIDI,
    "ev-test_email_invalid_syntax-100": BIDI,
    "ev-test_email_invalid_reserved_domain-127": RESERVED,
    "ev-test_email_invalid_reserved_domain-128": RESERVED,
    "ev-test_email_invalid_reserved_domain-129": RESERVED,
    "ev-test_email_invalid_reserved_domain-130": RESERVED,
    "ev-test_email_invalid_reserved_domain-131": RESERVED,
    "ev-test_email_invalid_reserved_domain-132": RESERVED,
    "ev-test_email_invalid_character_smtputf8_off-145": SMTPUTF8,
}


def test_addresses_are_valid_or_not(corpora: Path) -> None:
    every = cases(corpora / "addresses" / "email_validator.jsonl")
    differs = {
        case["id"]
        for case in every
        if valid_address(case["address"]) is not (case["kind"] != "invalid")
    }

    assert len(every) == 146
    assert differs == set(ADDRESSES_DIFFER)
