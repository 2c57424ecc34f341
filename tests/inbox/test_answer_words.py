"""The second line under a message names who reads it, and who sees the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.line import Line
from inbox.outgoing import Draft
from inbox.patient import ContactPoint, Patient, Proxy
from inbox.reply_path import Plan, Proof, ProofState
from inbox.words import answer_words
from tests.tui.screen.lakeside import PRACTICE

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
HOME = ContactPoint(AddressSystem.EMAIL, "ellen.parker@example.com")
ELLEN = Proxy("Ellen Parker", "mother", (HOME,))
NOAH = Patient(id="p1", given="Noah", family="Parker", points=(HOME,), proxies=(ELLEN,))
GROWN = replace(NOAH, proxies=())
NURSES = Line("nurse", ChannelKind.EMAIL, "nurse@lakeside.example", "Lakeside nurses")


def words(name: str, patient: Patient | None, line: Line = NURSES, seer: str = "") -> str:
    plan = Plan(
        line, Proof("nurse", ProofState.PROVEN, NOW, "message received"), "they wrote to it"
    )
    to = (email(HOME.value, name),)
    draft = Draft(ChannelKind.EMAIL, line.id, to, text="Yes.")
    return answer_words(plan, draft, patient, PRACTICE, seer, NOW)


@pytest.mark.parametrize(
    ("name", "patient", "reader"),
    [
        ("Ellen Parker", NOAH, "Ellen Parker (mother)"),
        ("", NOAH, "Ellen Parker (mother)"),
        ("The Parkers", NOAH, "Ellen Parker (mother)"),
        ("Noah Parker", NOAH, "Noah"),
        ("Ellen Parker", GROWN, "Ellen Parker"),
        ("", GROWN, "Noah"),
        ("The Parkers", GROWN, "They"),
        ("Parker Family", None, "They"),
        ("ellen.parker@example.com", None, "They"),
        ("", None, "They"),
        ("Marta Novak", None, "Marta Novak"),
    ],
)
def test_who_can_answer_is_who_is_written_to(
    name: str, patient: Patient | None, reader: str
) -> None:
    assert words(name, patient).startswith(f"{reader} can answer this e-mail;")


def test_a_proxy_whose_access_has_ended_is_no_reader_by_relation() -> None:
    ended = replace(NOAH, proxies=(replace(ELLEN, until=datetime(2026, 3, 3, tzinfo=UTC).date()),))
    assert words("Ellen Parker", ended).startswith("Ellen Parker can answer")


def test_who_sees_the_answer_is_who_reads_the_line() -> None:
    assert "; Lakeside nurses will see it by" in words("", NOAH)
    assert "; the nurse line will see it by" in words("", NOAH, replace(NURSES, name=""))
    assert "; Dana sees it by" in words("", NOAH, seer="Dana")


@pytest.mark.parametrize("channel", [ChannelKind.PORTAL, ChannelKind.SMS])
def test_a_portal_and_a_number_see_nothing(channel: ChannelKind) -> None:
    line = replace(NURSES, channel=channel, name="Lakeside portal")
    assert "; the practice will see it by" in words("", NOAH, line)


def test_a_proxy_of_the_portal_is_named_with_what_she_is() -> None:
    line = Line("portal", ChannelKind.PORTAL, "https://ehr.example/fhir", "Lakeside portal")
    plan = Plan(line, Proof("portal", ProofState.PROVEN, NOW, "round trip"), "they wrote to it")
    to = Address(AddressSystem.PORTAL, "RelatedPerson/r16", "Ellen Parker")
    draft = Draft(ChannelKind.PORTAL, line.id, (to,), text="Yes.")
    said = answer_words(plan, draft, NOAH, PRACTICE, "Dana", NOW)
    assert said.startswith("Ellen Parker (mother) can answer in the portal; Dana sees it by")
