"""The sample practice is what it says: enough, varied, made up, and always of today."""

from __future__ import annotations

import email
import email.policy
import json
import re
import tomllib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from importlib.resources import files

import pytest

from demo.portal.script import sample_portal
from demo.sample import SampleMail, Shift, mails, patients, practice_toml
from demo.twilio.lakeside import DEAD, DESK, MAIN, TEXTS
from demo.twilio.server import ACCOUNT_SID

NOW = datetime(2027, 7, 15, 3, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def sample() -> list[tuple[SampleMail, EmailMessage]]:
    return [
        (mail, email.message_from_bytes(mail.raw, policy=email.policy.default))
        for mail in mails(NOW)
    ]


Sample = list[tuple[SampleMail, EmailMessage]]


def ids(mail: EmailMessage, *names: str) -> list[str]:
    return [found for name in names for found in re.findall(r"<[^<>\s]+>", str(mail[name] or ""))]


def threads(sample: Sample) -> list[set[int]]:
    """Mails joined by the ids they name, as positions in the sample."""
    of: dict[str, set[int]] = defaultdict(set)
    joined: dict[int, set[int]] = {}
    for place, (_, mail) in enumerate(sample):
        group = {place}
        for id_ in ids(mail, "Message-ID", "In-Reply-To", "References"):
            group |= of[id_]
        for member in list(group):
            group |= joined.get(member, set())
        for member in group:
            joined[member] = group
            for id_ in ids(sample[member][1], "Message-ID", "In-Reply-To", "References"):
                of[id_] = group
    return list({id(group): group for group in joined.values()}.values())


def test_there_is_enough_of_it(sample: Sample) -> None:
    assert len(sample) >= 110
    found = threads(sample)
    assert len(found) >= 60
    assert max(len(group) for group in found) >= 12
    assert len(patients()) >= 25
    assert len({mail.conversation for mail, _ in sample}) >= 60


def test_no_two_mails_say_the_same(sample: Sample) -> None:
    bodies = [mail.raw.partition(b"\r\n\r\n")[2] for mail, _ in sample]
    assert len(set(bodies)) == len(bodies)
    known = [str(mail["Message-ID"]) for _, mail in sample if mail["Message-ID"]]
    assert len(set(known)) == len(known)


@pytest.mark.parametrize(
    "now",
    [
        NOW,
        datetime(2026, 11, 20, 22, 0, tzinfo=UTC),
        datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
        datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_nothing_lies_ahead_of_now_and_the_newest_is_fresh(now: datetime) -> None:
    dates = []
    received = []
    for mail in mails(now):
        received.append(mail.received)
        parsed = email.message_from_bytes(mail.raw, policy=email.policy.default)
        if parsed["Date"] is not None:
            at = parsed["Date"].datetime
            dates.append(at)
            # The Date header and the server's date tell the same story.
            assert timedelta(0) <= mail.received - at < timedelta(minutes=1)
    assert max(dates) <= now
    assert received == sorted(received)
    assert received[-1] <= now
    assert now - received[-1] < timedelta(minutes=30)
    assert now - received[0] < timedelta(days=40)


def test_some_wait_for_minutes_and_some_for_days(sample: Sample) -> None:
    last: dict[str, SampleMail] = {mail.conversation: mail for mail, _ in sample}
    waiting = [NOW - mail.received for mail in last.values() if mail.folder == "INBOX"]
    assert sum(age < HOUR for age in waiting) >= 3
    assert sum(HOUR <= age < 24 * HOUR for age in waiting) >= 3
    assert sum(age >= 24 * HOUR for age in waiting) >= 10
    assert sum(mail.folder == "Sent" for mail in last.values()) >= 8


def test_no_date_of_the_files_is_left(sample: Sample) -> None:
    for mail, parsed in sample:
        stale = re.findall(rb"[^\r\n]*\b2026\b[^\r\n]*", mail.raw)
        assert stale == [], mail.conversation
        for part in parsed.walk():
            if part.get_content_maintype() == "text":
                assert not re.search(r"\b2026\b", part.get_content()), mail.conversation


def test_every_part_of_every_mail_can_be_read(sample: Sample) -> None:
    for _, parsed in sample:
        assert parsed.defects == []
        for part in parsed.walk():
            assert part.defects == []
            if part.is_multipart() or part.get("Reporting-MTA") or part.get("Final-Recipient"):
                continue
            content = part.get_content()
            assert content
            if part.get_content_maintype() == "text":
                assert "\ufffd" not in content


def test_the_whole_variety_is_there(sample: Sample) -> None:
    parts = [part for _, parsed in sample for part in parsed.walk()]
    types = {part.get_content_type() for part in parts}
    assert {"application/pdf", "image/png", "text/calendar", "multipart/report"} <= types
    assert {"multipart/alternative", "multipart/mixed"} <= types
    assert any(kind.endswith("wordprocessingml.document") for kind in types)
    charsets = {part.get_content_charset() for part in parts}
    assert {"iso-2022-jp", "koi8-r", "gb18030", "iso-8859-1", "utf-8"} <= charsets
    encodings = {str(part["Content-Transfer-Encoding"] or "").lower() for part in parts}
    assert {"7bit", "8bit", "base64", "quoted-printable"} <= encodings
    tops = [parsed for _, parsed in sample]
    assert sum(parsed.get_content_type() == "text/html" for parsed in tops) >= 4
    assert sum(parsed["Message-ID"] is None for parsed in tops) == 1
    assert sum(parsed["Date"] is None for parsed in tops) == 1
    assert sum(parsed["Subject"] is None for parsed in tops) == 1
    assert sum(parsed["Auto-Submitted"] == "auto-replied" for parsed in tops) >= 2
    assert sum(parsed["Precedence"] == "bulk" for parsed in tops) >= 2
    assert any("\x1b[" in str(parsed["Subject"]) for parsed in tops)
    assert any("\u202e" in str(parsed["Subject"]) for parsed in tops)
    whole = b"".join(mail.raw for mail, _ in sample)
    for sign in (b"gmail_quote", b"Sent from my iPhone", b"____\r\nFrom: ", b">> "):
        assert sign in whole


def test_the_bounce_speaks_of_a_mail_in_sent(sample: Sample) -> None:
    sent = {str(parsed["Message-ID"]) for mail, parsed in sample if mail.folder == "Sent"}
    [report] = [p for _, p in sample if p.get_content_type() == "multipart/report"]
    [enclosed] = [p for p in report.walk() if p.get_content_type() == "message/rfc822"]
    assert str(enclosed.get_content()["Message-ID"]) in sent


def test_a_stranger_names_an_id_of_ours(sample: Sample) -> None:
    sent = {str(parsed["Message-ID"]) for mail, parsed in sample if mail.folder == "Sent"}
    [stranger] = [p for mail, p in sample if mail.conversation == "stranger-quotes"]
    assert set(ids(stranger, "References")) & sent
    addresses = {point["value"] for patient in patients() for point in patient["contact"]}
    assert stranger["From"].addresses[0].addr_spec not in addresses


def test_mail_is_in_the_mailbox_it_was_sent_to(sample: Sample) -> None:
    lines = {"frontdesk": "frontdesk@", "nurse": "nurse@", "noreply": "noreply@"}
    for mail, parsed in sample:
        field = parsed["From" if mail.folder == "Sent" else "To"]
        assert field.addresses[0].addr_spec.startswith(lines[mail.user]), mail.conversation
        assert mail.raw.count(b"\n") == mail.raw.count(b"\r\n")
    assert {mail.user for mail, _ in sample} == set(lines)


def test_patients_are_complete_and_varied() -> None:
    people = patients()
    assert len({person["id"] for person in people}) == len(people)
    addresses: dict[str, int] = defaultdict(int)
    for person in people:
        assert set(person) - {"best_time", "consents", "identifiers"} == {
            *("id", "given", "family", "birth_date", "contact", "preferred_channel"),
            *("language", "proxies", "privacy_form"),
        }
        datetime.strptime(person["birth_date"], "%Y-%m-%d")  # noqa: DTZ007 - a date has no zone
        assert person["preferred_channel"] in {"email", "sms", "phone", "portal"}
        for point in person["contact"]:
            assert set(point) == {"system", "value", "use", "rank"}
            addresses[point["value"]] += 1
        form = person["privacy_form"]
        assert form["voicemail"] in {"none", "callback_only", "detailed"}
        assert form["email"] in {"unknown", "warned_accepted", "declined"}
        assert form["sms"] in {"unknown", "opted_in", "opted_out"}
    assert max(addresses.values()) >= 3
    assert any("confidential" in person["privacy_form"] for person in people)
    assert any(person["privacy_form"]["email"] == "declined" for person in people)
    assert any("until" in proxy for person in people for proxy in person["proxies"])
    names = "".join(person["given"] + person["family"] for person in people)
    for script in ("[一-龥]", "[ا-ي]", "[א-ת]", "[А-я]", "ễ", "Ł"):
        assert re.search(script, names), script


def test_nothing_leads_to_a_real_person_or_place(sample: Sample) -> None:
    names = ("practice.toml", "script.toml", "telephones.toml")
    texts = [(files("sample_data") / name).read_text("utf-8") for name in names]
    texts.append(json.dumps(patients(), ensure_ascii=False))
    texts += [str(parsed) for _, parsed in sample]
    texts += [
        part.get_content()
        for _, parsed in sample
        for part in parsed.walk()
        if part.get_content_maintype() == "text"
    ]
    whole = "\n".join(texts)
    hosts = {
        host.rstrip(".").lower()
        for host in re.findall(r"(?:@|//)([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", whole)
    }
    assert len(hosts) > 20
    hosts.discard("127.0.0.1")
    assert not {h for h in hosts if not re.search(r"(^|\.)example(\.com)?$", h)}
    phones = re.findall(r"\+\d{8,}|\(\d{3}\) \d{3}-\d{4}|\b\d{3}-\d{4}\b(?!-)", whole)
    assert len(phones) > 40
    for phone in phones:
        assert re.search(r"555\D*01\d\D*\d*$", phone), phone


def test_the_configuration_is_whole() -> None:
    ports = {"imap_port": 1143, "smtp_port": 1587, "twilio_port": 1080, "portal_port": 1090}
    config = tomllib.loads(practice_toml(ports))
    lines = {line["id"]: line for line in config["line"]}
    phones = ["texts", "main-phone", "old-texts"]
    assert list(lines) == ["front-desk", "nurse", "reminders", *phones, "portal"]
    for line in lines.values():
        if line["channel"] == "email":
            assert line["password"] == {"env": "TWOWAY_DEMO_PASSWORD"}
            assert (line["imap"]["port"], line["smtp"]["port"]) == (1143, 1587)
        elif line["channel"] == "sms":
            assert line["auth_token"] == {"env": "TWOWAY_DEMO_PASSWORD"}
            assert line["base_url"] == "http://127.0.0.1:1080"
            assert line["account_sid"] == ACCOUNT_SID
    numbers = [lines[one]["number"] for one in phones]
    assert numbers == [TEXTS, MAIN, DEAD]
    portal = lines["portal"]
    assert portal["base_url"] == "http://127.0.0.1:1090/fhir"
    assert portal["auth"]["token"] == {"env": "TWOWAY_DEMO_PASSWORD"}
    script = sample_portal()
    assert portal["recipient"] == script.staff[0].reference
    assert portal["test_patient"] in {one.reference for one in script.readers}
    assert [staff["id"] for staff in config["staff"]] == ["dana", "lee"]
    assert config["staff"][0]["direct_line"] == DESK
    assert "," in config["hours"]["mon"]


def test_recent_dates_move_with_the_clock_and_old_ones_by_days() -> None:
    anchor = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    shift = Shift(anchor, anchor + timedelta(days=3, hours=5))
    assert shift.move(anchor - HOUR) == anchor + timedelta(days=3, hours=4)
    assert shift.move(anchor - timedelta(days=2)) == anchor + timedelta(days=1)
    quoted = (
        b"Date: Wed, 18 Nov 2026 09:05:00 +0000\n"
        b"On Wed, Nov 18, 2026 at 9:05 AM X wrote:\n"
        b"On Nov 18, 2026, at 9:05 AM, X wrote:\n"
        b"Sent: Wednesday, November 18, 2026 9:05 AM\n"
        b"DTSTART:20261118T090500Z\n"
    )
    assert shift.rewrite(quoted) == (
        b"Date: Sat, 21 Nov 2026 09:05:00 +0000\n"
        b"On Sat, Nov 21, 2026 at 9:05 AM X wrote:\n"
        b"On Nov 21, 2026, at 9:05 AM, X wrote:\n"
        b"Sent: Saturday, November 21, 2026 9:05 AM\n"
        b"DTSTART:20261121T090500Z\n"
    )
