"""Whom a file means: never somebody who happens to have the same number, reference or name."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.desk import Desk
from tests.tui.cli.test_importing_fhir import MOTHER
from tests.tui.cli.test_importing_safely import desk, imported, places, stored

__all__ = ["desk"]


def person(number: str, record: str, given: str, **more: Any) -> dict[str, Any]:
    mark = [{"type": {"coding": [{"code": "MR"}]}, "value": record}] if record else []
    name = [{"given": [given], "family": "Lee"}]
    return {
        "resourceType": "Patient", "id": number, "identifier": mark, "name": name, **more,
    }  # fmt: skip


def about(reference: str, **more: Any) -> dict[str, Any]:
    return {**MOTHER, "patient": {"reference": reference, **more}}


async def proxies(desk: Desk) -> list[str]:
    everybody = await desk.repository.patients.find("", 10)
    return [one.given for one in everybody if one.proxies]


async def test_a_reference_is_no_record_number(desk: Desk) -> None:
    await imported(desk, [person("12", "500", "Ann"), person("77", "12", "Ben")])
    plan = await imported(desk, [about("Patient/12")])
    assert (plan.troubles, await proxies(desk)) == ((), ["Ann"])
    plan = await imported(desk, [about("Patient/500")])
    assert (places(plan), plan.refused) == (["RelatedPerson/m1, patient"], True)


async def test_a_stored_patient_is_not_known_by_a_reference_of_elsewhere(desk: Desk) -> None:
    await imported(desk, "id,first,last\n12,Ben,Lee\n")
    plan = await imported(desk, [about("Patient/12")])
    assert (places(plan), await proxies(desk)) == (["RelatedPerson/m1, patient"], [])


async def test_a_record_number_in_a_reference_is_one(desk: Desk) -> None:
    await imported(desk, [person("12", "500", "Ann"), person("77", "12", "Ben")])
    mark = {"type": {"coding": [{"code": "MR"}]}, "value": "12"}
    related = {**MOTHER, "patient": {"identifier": mark}}
    await imported(desk, [related])
    assert await proxies(desk) == ["Ben"]


async def test_two_servers_have_two_patients_of_one_id(desk: Desk) -> None:
    a, b = "https://a.example/fhir", "https://b.example/fhir"
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": f"{a}/Patient/12", "resource": person("12", "500", "Ann")},
            {"fullUrl": f"{b}/Patient/12", "resource": person("12", "600", "Ben")},
            {"fullUrl": f"{b}/RelatedPerson/m1", "resource": about("Patient/12")},
        ],
    }
    plan = await imported(desk, [bundle])
    assert (plan.troubles, await proxies(desk)) == ((), ["Ben"])
    plan = await imported(desk, [about("Patient/12")])
    assert "more than one" in plan.troubles[0].what
    plan = await imported(desk, [about(f"{a}/Patient/12/_history/2")])
    assert (plan.troubles, await proxies(desk)) == ((), ["Ann", "Ben"])
    plan = await imported(desk, [about("https://c.example/fhir/Patient/12")])
    assert places(plan) == ["RelatedPerson/m1, patient"]


async def test_of_two_patients_with_one_id_none_is_guessed(desk: Desk) -> None:
    document = [person("12", "500", "Ann"), person("12", "600", "Ben"), about("Patient/12")]
    plan = await imported(desk, document)
    assert places(plan) == ["RelatedPerson/m1, patient"]


async def test_an_id_of_another_system_is_nobodys_record_number(desk: Desk) -> None:
    await imported(desk, "id,first,last,mobile,dob\n12,Ben,Lee,555-010-7812,1990-02-28\n")
    plan = await imported(desk, [person("12", "", "Ben")])
    assert places(plan) == ["Patient/12, id"]
    plan = await imported(desk, [person("12", "", "Ben", birthDate="1990-02-28")])
    assert (plan.troubles, (await stored(desk, "12")).sources) == ((), ("Patient/12",))


async def test_a_record_number_is_nobodys_id_of_another_system(desk: Desk) -> None:
    await imported(desk, [person("12", "", "Ann", birthDate="1961-04-12")])
    plan = await imported(desk, "id,first,last,mobile\n12,Ben,Lee,555-010-7812\n")
    assert places(plan) == ["Row 2, id"]
    plan = await imported(desk, "id,first,last,dob\n12,Ann,Wu,1961-04-12\n")
    assert len(plan.changed) == 1


async def test_of_two_rows_for_one_patient_none_is_taken(desk: Desk) -> None:
    text = "id,first,last,mobile,sms\n1,Ann,Lee,5550107811,yes\n1,Ann,Lee,5550107811,no\n"
    plan = await imported(desk, text, skip_bad=True)
    assert places(plan) == ["Row 3, id"]
    assert await desk.repository.patients.find("", 5) == []


@pytest.mark.parametrize("other", ["Bo,Wu,", "Ann,Wu,1990-02-28", "Bo,Wu,1990-02-28"])
async def test_another_person_of_the_same_number_is_refused(desk: Desk, other: str) -> None:
    await imported(desk, "id,first,last,dob\n12,Ann,Lee,1961-04-12\n")
    before = await stored(desk, "12")
    plan = await imported(desk, f"id,first,last,dob,mobile\n12,{other},555-010-7812\n")
    assert (places(plan), await stored(desk, "12")) == (["Row 2, id"], before)


@pytest.mark.parametrize("changed", ["Ann,Wu,1961-04-12", "Ann,Lee,1961-04-21", "Anna,Lee,"])
async def test_who_married_or_was_misspelt_is_the_same(desk: Desk, changed: str) -> None:
    await imported(desk, "id,first,last,dob\n12,Ann,Lee,1961-04-12\n")
    assert len((await imported(desk, f"id,first,last,dob\n12,{changed}\n")).changed) == 1


async def test_a_name_alone_is_nobody_once_somebody_has_it(desk: Desk) -> None:
    john = "first name,last name,mobile\nJohn,Smith,5550107811\n"
    assert len((await imported(desk, john)).added) == 1
    assert len((await imported(desk, john)).unchanged) == 1
    plan = await imported(desk, john.replace("7811", "7812"))
    assert places(plan) == ["Row 2, name"]
    assert "ambiguous" in plan.troubles[0].what
    assert "id or a birth date" in plan.troubles[0].what
    [stored_john] = await desk.repository.patients.find("", 5)
    assert [one.value for one in stored_john.points] == ["+15550107811"]
    plan = await imported(desk, 'id,name,mobile\n5,"Smith, JOHN",\n')
    assert len(plan.added) == 1
    assert places(await imported(desk, john)) == ["Row 2, name"]


async def test_a_name_alone_is_nobody_when_the_file_has_it_twice(desk: Desk) -> None:
    plan = await imported(desk, "id,first,last,mobile\n1,Ann,Lee,\n,Ann,Lee,5550107811\n")
    assert places(plan) == ["Row 3, name"]
