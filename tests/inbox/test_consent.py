"""What holds for an address: its own last word, the forms of those who share it, or neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from inbox.address import ChannelKind
from inbox.consent import consent_for
from inbox.patient import Consent, Patient, PrivacyForm
from inbox.storage.consent import ConsentEntry
from tests.inbox.conftest import House
from tests.inbox.making import ANN, BEN, NOW, ZONE

EMAIL = ChannelKind.EMAIL
HERE = ANN.points[0].address
ACCEPTED, DECLINED = Consent.ACCEPTED, Consent.DECLINED
IMPLIED, UNKNOWN = Consent.IMPLIED, Consent.UNKNOWN


def form(patient: Patient, said: Consent, day: date | None = None) -> Patient:
    return replace(patient, form=PrivacyForm(form_date=day, email=said))


def said(consent: Consent, day: int = 4) -> ConsentEntry:
    at = datetime(2026, 3, day, 16, 0, tzinfo=UTC)
    return ConsentEntry(HERE, EMAIL, consent, at, "dana", "on the phone")


@pytest.mark.parametrize(
    ("entry", "answer", "signed", "holds"),
    [
        (None, ACCEPTED, None, ACCEPTED),
        (None, UNKNOWN, None, UNKNOWN),
        # An opt-out holds whatever a form says, before it or after it.
        (said(DECLINED), ACCEPTED, date(2026, 3, 1), DECLINED),
        (said(DECLINED), ACCEPTED, date(2026, 3, 9), DECLINED),
        # Newer than the form: it counts; older: the form does; the same day: the stricter.
        (said(ACCEPTED), DECLINED, date(2026, 3, 1), ACCEPTED),
        (said(ACCEPTED), DECLINED, None, ACCEPTED),
        (said(ACCEPTED), DECLINED, date(2026, 3, 9), DECLINED),
        (said(ACCEPTED), DECLINED, date(2026, 3, 4), DECLINED),
        (said(ACCEPTED), UNKNOWN, date(2026, 3, 9), ACCEPTED),
        # Having written takes no answer back, and is better than none.
        (said(IMPLIED), DECLINED, date(2026, 3, 1), DECLINED),
        (said(IMPLIED), ACCEPTED, date(2026, 3, 1), ACCEPTED),
        (said(IMPLIED), UNKNOWN, date(2026, 3, 1), IMPLIED),
    ],
)
def test_the_address_and_the_form(
    entry: ConsentEntry | None, answer: Consent, signed: date | None, holds: Consent
) -> None:
    ann = form(ANN, answer, signed)
    assert consent_for(EMAIL, entry, [ann], ann.id, ZONE) is holds


def test_who_shares_an_address_shares_the_no_but_not_the_yes() -> None:
    yes, no, silent = form(ANN, ACCEPTED), form(BEN, DECLINED), form(BEN, UNKNOWN)
    assert consent_for(EMAIL, None, [yes, no], yes.id, ZONE) is DECLINED
    assert consent_for(EMAIL, None, [yes, silent], yes.id, ZONE) is ACCEPTED
    assert consent_for(EMAIL, None, [yes, silent], silent.id, ZONE) is UNKNOWN
    assert consent_for(EMAIL, None, [yes, silent], None, ZONE) is UNKNOWN
    assert consent_for(EMAIL, said(ACCEPTED), [yes, silent], silent.id, ZONE) is ACCEPTED


def test_an_address_of_nobody_has_only_its_own_word() -> None:
    assert consent_for(EMAIL, None, [], None, ZONE) is UNKNOWN
    assert consent_for(EMAIL, said(ACCEPTED), [], None, ZONE) is ACCEPTED
    assert consent_for(EMAIL, said(DECLINED), [], None, ZONE) is DECLINED


def test_a_start_outdoes_nobodys_form() -> None:
    declines = form(ANN, DECLINED, date(2026, 3, 1))
    for by in ("patient", "carrier"):
        start = replace(said(ACCEPTED), by=by, method="text START")
        assert consent_for(EMAIL, start, [declines], ANN.id, ZONE) is DECLINED
        assert consent_for(EMAIL, start, [form(ANN, ACCEPTED)], ANN.id, ZONE) is ACCEPTED


@pytest.mark.parametrize("by", ["patient", "dana"])
def test_a_yes_to_a_shared_address_outdoes_nobodys_form(by: str) -> None:
    yes, no = form(ANN, ACCEPTED, date(2026, 3, 1)), form(BEN, DECLINED, date(2026, 3, 1))
    entry = replace(said(ACCEPTED), by=by)
    for about in (ANN.id, BEN.id, None):
        assert consent_for(EMAIL, entry, [yes, no], about, ZONE) is DECLINED


async def test_who_writes_first_has_agreed_to_an_answer(house: House) -> None:
    await house.repository.patients.save([form(ANN, UNKNOWN)])
    await house.arrive("ann@example.com", "May I come earlier?")
    [row] = await house.rows()
    draft = await house.desk.reply_draft(row.id)
    [ann] = (await house.desk.situation(draft)).recipients
    assert ann.consent is IMPLIED
    fresh = await house.desk.new_draft(HERE, EMAIL, "p1")
    [ann] = (await house.desk.situation(fresh)).recipients
    assert ann.consent is UNKNOWN


async def test_an_opt_out_stops_whoever_shares_the_address(house: House) -> None:
    await house.repository.patients.save([form(ANN, ACCEPTED), form(BEN, ACCEPTED)])
    opted_out = replace(said(DECLINED), at=NOW, by="patient", method="e-mail")
    await house.repository.consents.add([opted_out])
    for patient in (ANN, BEN):
        draft = await house.desk.new_draft(HERE, EMAIL, patient.id)
        situation = await house.desk.situation(replace(draft, text="Hello there, see you."))
        assert [one.consent for one in situation.recipients] == [DECLINED]
        verdict = house.gate.examine(situation)
        assert "TW19" in {finding.rule for finding in verdict.findings}
        assert verdict.blocked


async def test_a_later_yes_to_the_address_lifts_what_form_and_opt_out_said(house: House) -> None:
    await house.repository.patients.save([form(ANN, DECLINED, date(2026, 1, 2))])
    await house.repository.consents.add([said(DECLINED, 1), said(ACCEPTED, 3)])
    draft = await house.desk.new_draft(HERE, EMAIL, "p1")
    situation = await house.desk.situation(replace(draft, text="Hello Ann, see you."))
    assert [one.consent for one in situation.recipients] == [ACCEPTED]
    found = {finding.rule for finding in house.gate.examine(situation).findings}
    assert not found & {"TW15", "TW19", "TW20"}
