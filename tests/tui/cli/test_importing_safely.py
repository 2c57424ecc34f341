"""No file lifts an opt-out, drops a confidential address, or reaches the wrong patient."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.answer import answer
from inbox.desk import Desk
from inbox.gate import Gate
from inbox.patient import Consent, Patient, PointUse, VoicemailConsent
from inbox.repository import ConsentEntry
from inbox.rules import RULES
from store.database import open_repository
from tests.clock import START, FakeClock
from tests.inbox.making import practice
from tests.tui.cli.test_importing_fhir import EMAIL, PATIENT, SMS, consent
from tui.importing.taking import Plan, plan_import, take

NUMBER = Address(AddressSystem.PHONE, "+15550107811")
PERMIT = {"type": "permit", "code": [SMS]}
DENY = {"type": "deny", "code": [SMS]}
ANN = {
    "id": "p9",
    "given": "Ann",
    "family": "Lee",
    "contact": [{"system": "sms", "value": "+15550107811"}],
}


@pytest.fixture
async def desk(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Desk]:
    repository = await open_repository(tmp_path / "data", clock)
    yield Desk(repository, practice(), Gate(RULES), clock, "dana", {})
    await repository.close()


async def imported(desk: Desk, document: str | list[Any], **more: Any) -> Plan:
    """Plan it, and take it if it may be taken."""
    text = document if isinstance(document, str) else json.dumps(document)
    plan = await plan_import(desk, text.encode(), "x.csv", **more)
    if not plan.refused:
        await take(desk, plan)
    return plan


async def stored(desk: Desk, patient_id: str) -> Patient:
    return await desk.repository.patients.get(patient_id)


def places(plan: Plan) -> list[str]:
    return [one.place for one in plan.troubles]


def formed(**form: Any) -> list[Any]:
    return [{**ANN, "privacy_form": form}]


# ---------------------------------------------------------------- a no stays a no


def csv(**cells: str) -> str:
    names = {"id": "p9", "first name": "Ann", "last name": "Lee", "mobile": "+15550107811", **cells}
    return f"{','.join(names)}\n{','.join(names.values())}\n"


@pytest.mark.parametrize("signed", ["", "2026-02-01", "2024-01-01"])
@pytest.mark.parametrize("overwrite", [False, True])
async def test_a_no_stays_until_a_newer_form(desk: Desk, signed: str, overwrite: bool) -> None:
    await imported(desk, csv(sms="no", voicemail="none", **{"form date": "2026-02-01"}))
    dated = {"form date": signed} if signed else {}
    plan = await imported(desk, csv(sms="yes", voicemail="detailed", **dated), overwrite=overwrite)
    form = (await stored(desk, "p9")).form
    assert (form.sms, form.voicemail) == (Consent.DECLINED, VoicemailConsent.NONE)
    assert form.form_date == date(2026, 2, 1)
    assert [one.place for one in plan.notes] == ["Row 2, sms", "Row 2, voicemail"]
    assert all("left alone" in one.what for one in plan.notes)

    plan = await imported(desk, csv(sms="yes", **{"form date": "2026-02-02"}), overwrite=overwrite)
    form = (await stored(desk, "p9")).form
    assert (form.sms, form.form_date) == (Consent.ACCEPTED, date(2026, 2, 2))
    assert plan.notes == ()


@pytest.mark.parametrize(
    ("signed", "expected"),
    [("", "declined"), ("2026-02-01", "declined"), ("2024-01-01", "accepted")],
)
async def test_a_no_of_the_same_or_of_no_day_counts(desk: Desk, signed: str, expected: str) -> None:
    await imported(desk, csv(sms="yes", **{"form date": "2026-02-01"}))
    await imported(desk, csv(sms="no", **({"form date": signed} if signed else {})))
    form = (await stored(desk, "p9")).form
    assert (form.sms, form.form_date) == (Consent(expected), date(2026, 2, 1))


async def test_an_older_consent_changes_no_newer_form(desk: Desk) -> None:
    await imported(desk, [PATIENT, consent(provision=DENY)])
    plan = await imported(desk, [consent(dateTime="2024-02-01", provision=PERMIT)])
    form = (await stored(desk, "abc")).form
    assert (form.sms, form.form_date) == (Consent.DECLINED, date(2026, 2, 1))
    [note] = plan.notes
    assert (note.column, note.resource) == ("sms", "Consent/c1")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (("2026-02-20", None), Consent.DECLINED),
        ((None, "2026-02-20"), Consent.DECLINED),
        (("2026-02-20", "2026-02-20"), Consent.DECLINED),
        (("2026-02-20", "2026-02-21"), Consent.ACCEPTED),
        ((None, None), Consent.DECLINED),
    ],
)
async def test_two_consents_of_one_file(
    desk: Desk, days: tuple[str | None, str | None], expected: Consent, turned: bool
) -> None:
    said = [
        consent(id=provision["type"], dateTime=day, provision=provision)
        for provision, day in zip((DENY, PERMIT), days, strict=True)
    ]
    await imported(desk, [PATIENT, *(reversed(said) if turned else said)])
    assert (await stored(desk, "abc")).form.sms is expected


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        ([PERMIT, DENY], Consent.DECLINED),
        ([DENY, PERMIT], Consent.DECLINED),
        # A no that is understood in part still takes the yes away.
        ([{**DENY, "actor": [{"role": {}}]}], Consent.UNKNOWN),
        ([{**DENY, "period": {"end": "2027-01-01"}}], Consent.UNKNOWN),
        ([{**DENY, "period": {"end": "2026-01-01"}}], Consent.ACCEPTED),
        ([{"type": "permit", "provision": [DENY]}], Consent.DECLINED),
    ],
)
async def test_the_exceptions_of_a_yes(
    desk: Desk, exception: list[dict[str, Any]], expected: Consent
) -> None:
    await imported(desk, [PATIENT, consent(provision={**PERMIT, "provision": exception})])
    assert (await stored(desk, "abc")).form.sms is expected


async def test_a_consent_that_cannot_be_read_takes_the_others_yes_away(desk: Desk) -> None:
    unread = consent(id="c2", provision=DENY, modifierExtension=[{"url": "x"}])
    await imported(desk, [PATIENT, consent(provision=PERMIT), unread], skip_bad=True)
    assert (await stored(desk, "abc")).form.sms is Consent.UNKNOWN


async def test_overwriting_undoes_no_later_no_of_staff(desk: Desk) -> None:
    await imported(desk, csv(sms="yes", **{"form date": "2026-01-01"}))
    base = await stored(desk, "p9")
    await desk.forms.save(answer("sms").write(base, "declined"), base)
    newer = csv(sms="yes", **{"form date": "2026-02-01"})
    await imported(desk, newer, overwrite=True)
    assert (await stored(desk, "p9")).form.sms is Consent.DECLINED


async def test_a_no_that_is_newer_than_what_staff_set_is_heard(
    desk: Desk, clock: FakeClock
) -> None:
    await imported(desk, csv(sms="no", **{"form date": "2026-01-01"}))
    base = await stored(desk, "p9")
    await desk.forms.save(answer("sms").write(base, "accepted"), base)
    await imported(desk, csv(sms="no", **{"form date": "2026-01-01"}))
    assert (await stored(desk, "p9")).form.sms is Consent.ACCEPTED
    clock.advance(days=10)
    await imported(desk, csv(sms="no", **{"form date": "2026-03-10"}))
    assert (await stored(desk, "p9")).form.sms is Consent.DECLINED


# ---------------------------------------------------------------- nothing said, nothing changed


@pytest.mark.parametrize("nothing", [None, "", " ", "-"])
async def test_nothing_said_changes_nothing(desk: Desk, nothing: str | None) -> None:
    await imported(desk, formed(sms="declined", confidential="+15550107811", may_tell=["Luis"]))
    before = await stored(desk, "p9")
    empty = {"sms": nothing, "voicemail": nothing}
    if nothing != "-":
        empty |= {"confidential": nothing, "form_date": nothing}
    plan = await imported(desk, [{**ANN, "language": None, "privacy_form": empty}])
    assert (await stored(desk, "p9"), plan.troubles) == (before, ())
    plan = await imported(desk, [{**ANN, "privacy_form": {"may_tell": []}, "proxies": []}])
    assert await stored(desk, "p9") == before
    plan = await imported(desk, csv(sms=nothing or "", confidential=(nothing or "").strip("-")))
    assert ((await stored(desk, "p9")).form, plan.troubles) == (before.form, ())


async def test_what_is_to_go_is_said(desk: Desk) -> None:
    first = formed(sms="declined", confidential="+15550107811", form_date="2026-01-01")
    await imported(desk, [{**first[0], "language": "es", "proxies": [{"name": "Mia Lee"}]}])
    gone = {"sms": "unknown", "confidential": "none"}
    plan = await imported(desk, formed(**gone))
    kept = (await stored(desk, "p9")).form
    assert (kept.sms, kept.confidential) == (Consent.DECLINED, NUMBER)
    assert {one.column for one in plan.notes} == {"sms", "confidential"}
    newer = formed(**gone, form_date="2026-02-01")
    await imported(desk, [{**newer[0], "language": "none", "proxies": "none"}])
    ann = await stored(desk, "p9")
    assert (ann.form.sms, ann.form.confidential) == (Consent.UNKNOWN, None)
    assert (ann.language, ann.proxies) == ("", ())
    await imported(desk, csv(confidential="+15550107811"))
    plan = await imported(desk, csv(confidential="none", **{"form date": "2026-02-02"}))
    assert plan.troubles == ()
    assert (await stored(desk, "p9")).form.confidential is None


async def test_a_confidential_address_is_not_exchanged_by_an_undated_file(desk: Desk) -> None:
    await imported(desk, csv(confidential="a@quiet.example"))
    plan = await imported(desk, csv(confidential="b@loud.example"))
    assert (await stored(desk, "p9")).form.confidential == email("a@quiet.example")
    assert [one.column for one in plan.notes] == ["confidential"]


async def test_an_access_that_ends_is_not_opened_again(desk: Desk) -> None:
    await imported(desk, csv(proxy="Mia Lee", **{"proxy until": "2026-01-02"}))
    await imported(desk, csv(proxy="mia lee"))
    [mia] = (await stored(desk, "p9")).proxies
    assert mia.until == date(2026, 1, 2)


@pytest.mark.parametrize(("system", "use"), [("fax", "home"), ("sms", "retired")])
async def test_what_is_no_way_to_write_becomes_none(desk: Desk, system: str, use: str) -> None:
    point = {"system": system, "use": use, "value": "+15550107899"}
    plan = await imported(desk, [{**ANN, "contact": [*ANN["contact"], point]}])
    assert [one.value for one in (await stored(desk, "p9")).points] == ["+15550107811"]
    assert len(plan.notes) == 1
    old = {"system": "SMS", "use": "OLD", "value": "+15550107899"}
    await imported(desk, [{**ANN, "contact": [*ANN["contact"], old]}])
    assert (await stored(desk, "p9")).points[1].use is PointUse.OLD


# ---------------------------------------------------------------- what was said of an address


def said(day: str, word: str = "accepted", **more: str) -> list[Any]:
    one = {"address": "+15550107811", "channel": "sms", "consent": word, "at": day, **more}
    return [{**ANN, "consents": [one]}]


STOP = ConsentEntry(NUMBER, ChannelKind.SMS, Consent.DECLINED, START, "patient", "text STOP")


async def current(desk: Desk) -> Consent:
    found = await desk.repository.consents.current([NUMBER])
    return found[NUMBER.key, ChannelKind.SMS].consent


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (said("2062-03-01"), "Row 1, consents[1].at"),
        (said("2026-03-03"), "Row 1, consents[1].at"),
        (said("2026-03-01", warned_on="2062-01-01"), "Row 1, consents[1].warned_on"),
        (formed(form_date="2062-03-01"), "Row 1, privacy_form.form_date"),
        (formed(sms_warned="2062-03-01"), "Row 1, privacy_form.sms_warned"),
        (csv(**{"Consent Date": "2062-03-01"}), "Row 2, Consent Date"),
        (csv(**{"sms warned on": "2062-03-01"}), "Row 2, sms warned on"),
        ([PATIENT, consent(dateTime="2062-03-01", provision=PERMIT)], "Consent/c1, dateTime"),
    ],
)
async def test_nobody_said_anything_tomorrow(
    desk: Desk, document: str | list[Any], place: str
) -> None:
    plan = await imported(desk, document)
    assert (places(plan), plan.refused) == ([place], True)
    assert "lies ahead" in plan.troubles[0].what


async def test_an_acceptance_of_the_day_of_an_opt_out_does_not_lift_it(desk: Desk) -> None:
    morning = replace(STOP, at=datetime(2026, 2, 20, 3, tzinfo=UTC))
    await desk.repository.consents.add([morning])
    plan = await imported(desk, said("2026-02-19"))
    assert (await current(desk), [one.column for one in plan.notes]) == (
        Consent.DECLINED,
        ["consents"],
    )
    plan = await imported(desk, said("2026-02-20"))
    assert [one.patient.id for one in plan.changed] == ["p9"]
    assert await current(desk) is Consent.ACCEPTED


async def test_what_is_said_of_addresses_stands_in_the_preview_once(desk: Desk) -> None:
    await imported(desk, [ANN])
    plan = await plan_import(desk, json.dumps(said("2026-02-20")).encode(), "x.json")
    [one] = plan.changed
    assert [(each.consent, each.address) for each in one.said] == [(Consent.ACCEPTED, NUMBER)]
    await take(desk, plan)
    again = await imported(desk, said("2026-02-20"))
    assert (len(again.changed), len(again.unchanged)) == (0, 1)
    assert len(await desk.repository.consents.history(NUMBER)) == 1


async def test_nobody_accepts_for_somebody_elses_number(desk: Desk) -> None:
    [mine] = said("2026-02-20")
    mine["consents"][0]["address"] = "+15550107899"
    plan = await imported(desk, [mine])
    assert places(plan) == ["Row 1, consents"]
    mine["consents"][0]["consent"] = "declined"
    assert (await imported(desk, [mine])).troubles == ()


async def test_a_form_may_not_contradict_what_its_own_file_says_of_the_address(desk: Desk) -> None:
    [mine] = said("2026-02-20", "declined")
    plan = await imported(desk, [{**mine, "privacy_form": {"confidential": "+15550107811"}}])
    assert places(plan) == ["Row 1, confidential"]


# ---------------------------------------------------------------- two columns


async def test_two_columns_that_contradict_each_other_are_refused(desk: Desk) -> None:
    head = "id,first name,last name,mobile,sms,texting,cell phone\n1,Ann,Lee,(555) 010-7811,"
    plan = await imported(desk, head + "yes,no,\n")
    assert places(plan) == ["Row 2, sms and texting"]
    plan = await imported(desk, head + "yes,Y,\n2,Bo,Lee,555-010-7812,,no,+15550107812\n")
    assert (plan.troubles, plan.ignored) == ((), ())
    assert (await stored(desk, "1")).form.sms is Consent.ACCEPTED
    assert (await stored(desk, "2")).form.sms is Consent.DECLINED
    assert len((await stored(desk, "2")).points) == 1


# ---------------------------------------------------------------- rows


async def test_rows_are_counted_as_a_spreadsheet_shows_them(desk: Desk) -> None:
    text = 'id,first name,last name,e-mail\n1,"An\nn",Lee,\n\n2,Bo,Lee,bad\n'
    assert places(await imported(desk, text)) == ["Row 4, e-mail"]
    assert places(await imported(desk, text.replace("\n\n2", "\n2"))) == ["Row 3, e-mail"]


async def test_a_quote_that_nobody_closes_swallows_no_patients(desk: Desk) -> None:
    with pytest.raises(Exception, match="Row 3 of the file is not CSV"):
        await imported(desk, 'id,first,last\n1,Ann,Lee\n2,"Bo,Lee\n3,Cy,Lee\n')


async def test_texts_and_mails_are_told_apart(desk: Desk) -> None:
    await imported(desk, [PATIENT, consent(provision={"type": "deny", "code": [EMAIL]})])
    form = (await stored(desk, "abc")).form
    assert (form.email, form.sms) == (Consent.DECLINED, Consent.UNKNOWN)
