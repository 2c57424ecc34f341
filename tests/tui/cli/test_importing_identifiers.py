"""Numbers that others know a patient by come along with an import, from each kind of file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from inbox.desk import Desk
from inbox.gate import Gate
from inbox.rules import RULES
from store.database import open_repository
from tests.clock import FakeClock
from tests.inbox.making import practice
from tui.importing.taking import Plan, plan_import, take

MRN = "https://ehr.example/mrn"


@pytest.fixture
async def desk(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Desk]:
    repository = await open_repository(tmp_path / "data", clock)
    yield Desk(repository, practice(), Gate(RULES), clock, "dana", {})
    await repository.close()


async def imported(desk: Desk, content: object, name: str) -> Plan:
    text = content if isinstance(content, str) else json.dumps(content)
    plan = await plan_import(desk, text.encode(), name)
    if not plan.refused:
        await take(desk, plan)
    return plan


async def known(desk: Desk) -> tuple[str, ...]:
    return (await desk.repository.patients.get("12")).identifiers


def person(**more: Any) -> dict[str, Any]:
    return {"id": "12", "given": "Ann", "family": "Lee", "birth_date": "1961-04-12", **more}


async def test_our_own_json_names_them_in_a_list(desk: Desk) -> None:
    await imported(desk, [person(identifiers=[f"{MRN}|1011", "urn:oid:1.2.3|A 7"])], "x.json")
    assert await known(desk) == (f"{MRN}|1011", "urn:oid:1.2.3|A 7")
    assert (await desk.repository.patients.by_alias([f"{MRN}|1011"]))[0].id == "12"


async def test_a_spreadsheet_has_a_column_for_them(desk: Desk) -> None:
    rows = f"id,first,last,dob,identifiers\n12,Ann,Lee,1961-04-12,{MRN}|1011; urn:x|7\n"
    await imported(desk, rows, "x.csv")
    assert await known(desk) == (f"{MRN}|1011", "urn:x|7")


async def test_of_a_fhir_patient_those_with_a_system_are_kept(desk: Desk) -> None:
    patient = {
        "resourceType": "Patient",
        "id": "12",
        "name": [{"given": ["Ann"], "family": "Lee"}],
        "birthDate": "1961-04-12",
        "identifier": [
            {"system": MRN, "value": "1011"},
            {"system": MRN, "value": "999", "use": "old"},
            {"value": "without a system"},
            {"system": MRN},
            {"system": "a|b", "value": "1"},
        ],
    }
    await imported(desk, patient, "x.json")
    assert await known(desk) == (f"{MRN}|1011",)


async def test_what_a_later_file_does_not_name_stays(desk: Desk) -> None:
    await imported(desk, [person(identifiers=[f"{MRN}|1011"])], "x.json")
    await imported(desk, [person(identifiers=["urn:x|7"])], "x.json")
    assert await known(desk) == (f"{MRN}|1011", "urn:x|7")
    plan = await imported(desk, [person(language="es")], "x.json")
    assert [one.field for change in plan.changed for one in change.changes] == ["language"]
    assert await known(desk) == (f"{MRN}|1011", "urn:x|7")


@pytest.mark.parametrize("bad", ["1011", "a b|1011", "|1011", f"{MRN}|", [f"{MRN}|1", "2"]])
async def test_what_is_no_identifier_is_told_with_its_place(desk: Desk, bad: object) -> None:
    plan = await imported(desk, [person(identifiers=bad)], "x.json")
    [trouble] = plan.troubles
    assert trouble.place == "Row 1, identifiers"
    assert "system|value" in trouble.what
