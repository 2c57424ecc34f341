"""Where postal codes, states and numbers are."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.place.area_code import ALSO, STATE_OF
from adapters.place.atlas import WorldAtlas
from adapters.place.state import ZONES
from inbox.address import Address, AddressSystem, email
from inbox.atlas import places_of
from inbox.patient import ContactPoint, Patient, Proxy
from inbox.quiet import Place, QuietRules

ATLAS = WorldAtlas()
OWN = Place("America/Chicago", "IL")
CHICAGO, NEW_YORK = "America/Chicago", "America/New_York"
DENVER, HONOLULU = "America/Denver", "Pacific/Honolulu"


def zones(places: tuple[Place, ...]) -> set[str]:
    return {place.zone for place in places}


@pytest.mark.parametrize(
    ("code", "state", "expected"),
    [
        ("60601", "IL", {CHICAGO}),
        ("60601-1234", "IL", {CHICAGO}),
        ("10001", "NY", {NEW_YORK}),
        ("06390", "NY", {NEW_YORK}),
        ("32501", "FL", {CHICAGO}),
        ("32401", "FL", {CHICAGO, NEW_YORK}),
        ("33101", "FL", {NEW_YORK}),
        ("77002", "TX", {CHICAGO}),
        ("79901", "TX", {DENVER}),
        ("85001", "AZ", {"America/Phoenix"}),
        ("86515", "AZ", {"America/Phoenix", DENVER}),
        ("96815", "HI", {HONOLULU}),
        ("99501", "AK", {"America/Anchorage", "America/Adak"}),
        ("00901", "PR", {"America/Puerto_Rico"}),
        ("A1C 5S7", "NL", {"America/St_Johns", "America/Halifax"}),
        ("m5v2t6", "ON", {NEW_YORK, "America/Winnipeg"}),
    ],
)
def test_postal_codes(code: str, state: str, expected: set[str]) -> None:
    found = ATLAS.of_postal_code(code)

    assert {place.state for place in found} == {state}
    assert zones(found) == expected


@pytest.mark.parametrize("code", ["", "00000", "1234", "34012", "D1A 1A1", "six", "123456"])
def test_what_is_no_postal_code_says_nothing(code: str) -> None:
    assert ATLAS.of_postal_code(code) == ()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12125550123", {Place(NEW_YORK, "NY")}),
        ("+18505550123", {Place(NEW_YORK, "FL"), Place(CHICAGO, "FL")}),
        ("+18085550143", {Place(HONOLULU, "HI")}),
        ("+16025550123", {Place("America/Phoenix", "AZ")}),
        ("+4930123456", {Place("Europe/Berlin")}),
        ("+15550107811", set()),
        ("nonsense", set()),
    ],
)
def test_numbers(number: str, expected: set[Place]) -> None:
    assert set(ATLAS.of_number(number)) == expected


def test_a_toll_free_number_may_be_anywhere() -> None:
    found = zones(ATLAS.of_number("+18005550123"))

    assert {NEW_YORK, HONOLULU, "America/St_Johns"} <= found
    assert len(found) > 20


def test_every_zone_exists_and_every_area_code_belongs_to_a_state_once() -> None:
    for names in (*ZONES.values(), *ALSO.values()):
        for name in names:
            assert ZoneInfo(name).key == name
    assert set(STATE_OF.values()) <= set(ZONES)
    assert set(ALSO) <= set(STATE_OF)
    assert all(len(code) == 3 and code.isdigit() for code in STATE_OF)


def patient(**changes: object) -> Patient:
    point = ContactPoint(AddressSystem.PHONE, "+12125550123")
    return Patient(**{"id": "p1", "given": "Ann", "family": "Lee", "points": (point,), **changes})  # type: ignore[arg-type] # any field


PHONE = Address(AddressSystem.PHONE, "+12125550123")


def test_the_record_says_more_than_the_zip_code_and_that_more_than_the_number() -> None:
    def places(*patients: Patient) -> set[Place]:
        return set(places_of(PHONE, patients, ATLAS, OWN))

    assert places() == {Place(NEW_YORK, "NY")}
    assert places(patient()) == {Place(NEW_YORK, "NY")}
    assert places(patient(postal_code="96815")) == {Place(HONOLULU, "HI")}
    assert places(patient(postal_code="96815", timezone=DENVER)) == {Place(DENVER, "HI")}
    assert places(patient(timezone=DENVER, state="CO")) == {Place(DENVER, "CO")}
    assert places(patient(state="tx")) == {Place(CHICAGO, "TX"), Place(DENVER, "TX")}


def test_everybody_of_a_shared_number_counts() -> None:
    family = (patient(postal_code="60601"), patient(id="p2", postal_code="96815"))

    assert set(places_of(PHONE, family, ATLAS, OWN)) == {
        Place(CHICAGO, "IL"),
        Place(HONOLULU, "HI"),
    }


def test_a_proxy_lives_where_their_number_is() -> None:
    mother = Proxy("Eve Lee", "mother", (ContactPoint(AddressSystem.PHONE, "+18085550143"),))
    child = patient(points=(), proxies=(mother,), postal_code="60601")
    number = Address(AddressSystem.PHONE, "+18085550143")

    assert places_of(number, (child,), ATLAS, OWN) == (Place(HONOLULU, "HI"),)


@pytest.mark.parametrize("number", ["+15550107811", "72345", "722737"])
def test_what_nothing_tells_is_where_the_practice_is(number: str) -> None:
    assert places_of(Address(AddressSystem.PHONE, number), (), ATLAS, OWN) == (OWN,)


def test_mail_is_read_at_any_hour() -> None:
    assert places_of(email("ann@example.com"), (patient(),), ATLAS, OWN) == ()


def test_a_border_area_code_waits_for_the_later_morning() -> None:
    there = ATLAS.of_number("+18505550123")
    early = datetime(2026, 3, 4, 8, 30, tzinfo=ZoneInfo(NEW_YORK))

    assert not QuietRules().allows(early, there)
    assert QuietRules().next_allowed(early, there) == datetime(
        2026, 3, 4, 9, 0, tzinfo=ZoneInfo(NEW_YORK)
    )
