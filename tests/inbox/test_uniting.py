"""Two patients who are one person: both ids find them, and all that is theirs follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from inbox.address import AddressSystem, email
from inbox.errors import NotFound, TwowayError
from inbox.patient import (
    Consent,
    ContactPoint,
    Patient,
    PrivacyForm,
    Proxy,
    VoicemailConsent,
)
from inbox.promise import PromiseKind
from inbox.repository import AddressChoice
from inbox.uniting import united
from tests.inbox.conftest import House
from tests.inbox.making import ANN

MIA = Proxy("Mia Lee", "mother", (ContactPoint(AddressSystem.EMAIL, "mia@example.com"),))
OLD = replace(
    ANN,
    id="p9",
    points=(ContactPoint(AddressSystem.EMAIL, "ann.old@example.com"),),
    proxies=(MIA,),
    sources=("Patient/9",),
    identifiers=("urn:mrn|9",),
    language="es",
)


@pytest.fixture(autouse=True)
async def twice(house: House) -> None:
    """Ann is stored under two ids."""
    await house.repository.patients.save([OLD])


async def test_all_that_is_theirs_follows(house: House) -> None:
    await house.arrive("ann.old@example.com", "Under the old id", id="1@x")
    [row] = await house.rows()
    await house.desk.promises.add(row.id, PromiseKind.HERE, house.clock() + timedelta(hours=1))
    choice = AddressChoice("p9", always=True, by="dana", at=house.clock())
    await house.repository.choices.remember(email("mia@example.com"), choice)
    draft = await house.desk.reply_draft(row.id)
    await house.desk.keep_draft(replace(draft, text="Come on Friday."))
    await house.recorder.drain()
    records = house.repository.records
    assert [one["status"] for one in await records.entries("p9")] == ["completed"]

    both = await house.desk.uniting.unite("p9", "p1")

    patients = house.repository.patients
    assert (both.id, both.language) == ("p1", "es")
    assert await patients.get("p9") == await patients.get("p1") == both
    assert await patients.former_ids("p1") == ["p9"]
    assert [one.id for one in await patients.find("p9", 9)] == ["p1"]
    assert [one.id for one in await patients.find("", 9)] == ["p1"]
    for known in ("ann@example.com", "ann.old@example.com", "mia@example.com"):
        assert [one.id for one in await patients.by_address(email(known))] == ["p1"]
    for known in ("Patient/9", "urn:mrn|9"):
        assert [one.id for one in await patients.by_alias([known])] == ["p1"], known
    row = await house.repository.conversations.row(row.id)
    assert (row.patient_id, row.patient_name) == ("p1", "Ann Lee")
    assert {one.patient_id for one in await house.messages(row.id)} == {"p1"}
    [promise] = await house.desk.promises.of_conversation(row.id)
    assert promise.patient_id == "p1"
    remembered = await house.repository.choices.of(email("mia@example.com"))
    assert remembered is not None
    assert remembered.patient_id == "p1"
    again = await house.desk.reply_draft(row.id)
    assert (again.patient_id, again.text) == ("p1", "Come on Friday.")
    history = await patients.changes("p1", 20)
    assert {one.how for one in history} == {"patients merge p9"}


async def test_the_old_record_file_is_kept_linked_and_whole(house: House) -> None:
    await house.arrive("ann.old@example.com", "Under the old id", id="1@x")
    await house.recorder.drain()
    records = house.repository.records
    [before] = await records.entries("p9")

    await house.desk.uniting.unite("p9", "p1")
    await house.arrive("ann.old@example.com", "Afterwards", id="2@x", references=["1@x"])
    await house.recorder.drain()

    kept, link = await records.entries("p9")
    assert kept == before
    assert "goes on in the file of p1" in link["note"][0]["text"]
    back, after = await records.entries("p1")
    assert "begins in the file of p9" in back["note"][0]["text"]
    assert after["payload"][0]["contentString"] == "Afterwards"
    for patient_id in ("p9", "p1"):
        assert not (await records.verify(patient_id)).problems


async def test_what_waited_for_the_old_file_goes_to_the_new_one(house: House) -> None:
    await house.arrive("ann.old@example.com", "Just now", id="1@x")
    [row] = await house.rows()
    await house.desk.note(row.id, "Not written to the file yet")
    await house.desk.uniting.unite("p9", "p1")
    await house.recorder.drain()

    assert len(await house.repository.records.entries("p9")) == 2
    [_, note] = await house.repository.records.entries("p1")
    assert "Not written to the file yet" in str(note)


async def test_chains_of_ids_end_at_the_last(house: House) -> None:
    await house.repository.patients.save([replace(OLD, id="p10", points=())])
    await house.desk.uniting.unite("p10", "p9")
    await house.desk.uniting.unite("p9", "p1")

    assert (await house.repository.patients.get("p10")).id == "p1"
    assert await house.repository.patients.former_ids("p1") == ["p10", "p9"]
    with pytest.raises(TwowayError, match="one patient already"):
        await house.desk.uniting.unite("p10", "p1")
    with pytest.raises(NotFound):
        await house.desk.uniting.unite("p404", "p1")


def _with(form: PrivacyForm, **more: object) -> Patient:
    return replace(ANN, form=form, **more)  # type: ignore[arg-type]  # names of fields


def test_of_two_forms_the_newer_and_the_stricter_holds() -> None:
    older = PrivacyForm(
        form_date=date(2025, 1, 1),
        voicemail=VoicemailConsent.CALLBACK_ONLY,
        sms=Consent.DECLINED,
        portal=Consent.ACCEPTED,
        confidential=email("mine@example.com"),
    )
    newer = PrivacyForm(
        form_date=date(2026, 1, 1),
        voicemail=VoicemailConsent.DETAILED,
        sms=Consent.ACCEPTED,
        email=Consent.ACCEPTED,
    )
    for old, into in ((older, newer), (newer, older)):
        form = united(_with(old, id="p9"), _with(into)).form
        assert form.form_date == date(2026, 1, 1)
        assert form.voicemail is VoicemailConsent.CALLBACK_ONLY
        assert (form.sms, form.email) == (Consent.DECLINED, Consent.ACCEPTED)
        assert form.portal is Consent.ACCEPTED
        assert form.confidential == email("mine@example.com")
