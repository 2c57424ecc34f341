"""Mail that others collected: what their parsers made of it, ours makes of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from adapters.mail.address import addresses
from adapters.mail.body import sort_parts
from adapters.mail.header import date, decode_words, message_id, message_ids
from adapters.mail.mime import read_mail
from adapters.mail.part import Part, leaves, parse
from inbox.message import Arrival, Nature
from tests.adapters.mail.corpus import UNSAFE, cases, squeezed

STALWART_DIFFERS = {
    "rfc/001 attachments": "an external body ends with a line feed there; theirs is cut off",
    "rfc/004 names": "the parts of a digest are messages unless they say otherwise (RFC 2046)",
    "thirdparty/002 plain": "a remark behind base64 padding is dropped, theirs decodes it",
    "thirdparty/002 html": "same",
    "thirdparty/002 names": "base64 that is none is shown as text, theirs makes a file of it",
    "thirdparty/005 plain": "`invalid--1--`: a boundary begins a line (RFC 2046)",
    "thirdparty/005 html": "same",
    "thirdparty/007 names": "the parts of a digest are messages unless they say otherwise",
    "thirdparty/015 names": "each of the three attached messages is found, theirs stops at one",
    "thirdparty/015 attachments": "the first of three is compared with their only one",
}
"""Where the expectation is not met, each with its reason; anything else is a fault."""

MIME4J_DIFFERS = {
    "2002_06_12_doublebound": "a boundary twice in a row: no empty part is made between the two",
    "badbound": "a multipart whose boundary never comes is shown as text, theirs drops it all",
    "double-bound": "boundaries twice in a row: no empty parts are made between them",
    "frag": "base64 without its padding: the last bytes are kept, theirs drops them",
    "hdr-fakeout": "a header ended by a line with a blank: the text is shown, theirs drops it",
    "multi-frag": "base64 without its padding: the last bytes are kept, theirs drops them",
}


def test_every_broken_mail_is_one_readable_arrival(corpora: Path) -> None:
    files = sorted((corpora / "mime-robust").glob("*.eml"))
    arrivals = {file.name: read_mail(file.read_bytes()) for file in files}

    assert len(files) == 104
    for name, arrival in arrivals.items():
        assert not UNSAFE.search(_everything(arrival)), name
        blank = not (arrival.whole.strip() or arrival.attachments or arrival.subject)
        assert not blank or not (corpora / "mime-robust" / name).read_bytes().strip(), name
    unreadable = [n for n, arrival in arrivals.items() if arrival.nature is Nature.UNREADABLE]
    assert unreadable == ["rubymail_emails__sample_output_multipart.eml"]  # it is empty


def _everything(arrival: Arrival) -> str:
    people = (arrival.sender, *arrival.to, *arrival.cc, *arrival.reply_to)
    names = [str(one) for one in people] + [file.name for file in arrival.attachments]
    return "\n".join([arrival.subject, arrival.text, arrival.whole, *names])


def test_mail_reads_as_stalwart_reads_it(corpora: Path) -> None:
    folder = corpora / "mime-stalwart"
    differs = {
        f"{case['id']} {what}"
        for case in cases(folder / "cases.jsonl")
        for what, ours, theirs in _compared(
            parse((folder / case["file"]).read_bytes()), case["expect"]
        )
        if ours != theirs
    }

    assert differs == set(STALWART_DIFFERS)


def _compared(root: Part, expect: dict[str, Any]) -> list[tuple[str, object, object]]:
    fields, body = root.fields, sort_parts(root)
    compared: list[tuple[str, object, object]] = []
    for name in ("from", "to", "cc", "reply_to"):
        people = [a for value in fields.all(name.replace("_", "-")) for a in addresses(value)]
        compared.append((name, [_pair(a.name, a.value) for a in people],
                         [_pair(n, v) for n, v in expect[name]]))  # fmt: skip
    told = expect["date"]
    read = date(fields.all("date"))
    compared += [
        ("subject", squeezed(decode_words(fields.raw("subject"))), squeezed(expect["subject"])),
        ("date", read, date([told]) if told else None),
        ("id", message_id(fields.raw("message-id")) or None, expect["message_id"]),
        ("parent", [*message_ids(fields.raw("in-reply-to"))], expect["in_reply_to"]),
        ("references", [*message_ids(fields.raw("references"))], expect["references"]),
        ("plain", _texts(body.plain), _wanted(expect["text_parts"])),
        ("html", _texts(body.html), _wanted(expect["html_parts"])),
        ("names", [(p.written_name or None, p.media_type) for p in body.attachments],
         [(one["name"], one["type"]) for one in expect["attachments"]]),
        ("attachments", *_contents(body.attachments, expect["attachments"])),
    ]  # fmt: skip
    return compared


def _pair(name: str | None, value: str | None) -> tuple[str, str]:
    """A mailbox; where there is no real address, name and word say the same."""
    if value is None or "@" not in value:
        return (squeezed(value or name), "")
    return (squeezed(name), value)


def _texts(parts: list[Part]) -> list[str]:
    return [squeezed(part.text()) for part in parts if part.media_type.startswith("text/")]


def _wanted(parts: list[dict[str, Any]]) -> list[str]:
    return [squeezed(one["text"]) for one in parts if one["kind"] in {"Text", "Html"}]


def _contents(parts: list[Part], wanted: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    ours, theirs = [], []
    for part, want in zip(parts, wanted, strict=False):
        if "sha256" in want:
            ours.append(hashlib.sha256(part.content()).hexdigest())
            theirs.append(want["sha256"])
        elif "text" in want:
            ours.append(squeezed(part.text()))
            theirs.append(squeezed(want["text"]))
        elif want.get("subject") is not None:
            inner = part.nested
            ours.append(squeezed(decode_words(str(inner["subject"]))) if inner is not None else "")
            theirs.append(squeezed(want["subject"]))
    return ours, theirs


def test_leaves_are_those_of_mime4j(corpora: Path) -> None:
    folder = corpora / "mime-mime4j"
    every = cases(folder / "cases.jsonl")
    differs = {case["id"].rpartition("/")[2] for case in every if not _same_leaves(folder, case)}

    assert len(every) == 48
    assert differs == set(MIME4J_DIFFERS)


def _same_leaves(folder: Path, case: dict[str, Any]) -> bool:
    source = folder / case["file"]
    found = list(leaves(parse(source.read_bytes()), deep=True))
    if len(found) != case["n_leaves"]:
        return False
    for part, name in zip(found, case["leaf_files"], strict=True):
        wanted = (source.parent / name).read_bytes() if name else b""
        decoded = part.text().encode() if part.media_type.startswith("text/") else b""
        if b"".join(wanted.split()) not in {
            b"".join(part.content().split()),
            b"".join(decoded.split()),
        }:
            return False
    return True


@pytest.mark.parametrize("field", ["From", "To", "Subject", "body", "html", "filename"])
def test_naughty_strings_are_tamed(corpora: Path, field: str) -> None:
    for case in cases(corpora / "terminal" / "blns.jsonl"):
        text: str = case["text"]
        data = text.encode("utf-8", "surrogatepass")
        header = b" ".join(data.split()) or b"x"
        raw = {
            "From": b'From: "' + header + b'" <a@example.com>\nSubject: s\n\nb',
            "To": b"From: a@example.com\nTo: " + header + b" <b@example.com>\n\nb",
            "Subject": b"From: a@example.com\nSubject: " + header + b"\n\nb",
            "body": b"From: a@example.com\nContent-Type: text/plain; charset=utf-8\n\n" + data,
            "html": b"From: a@example.com\nContent-Type: text/html; charset=utf-8\n\n" + data,
            "filename": b'From: a@example.com\nContent-Disposition: attachment; filename="'
            + header
            + b'"\n\nb',
        }[field]
        arrival = read_mail(raw)

        assert not UNSAFE.search(_everything(arrival)), case["id"]
        if field == "filename":
            assert all("/" not in file.name for file in arrival.attachments)
