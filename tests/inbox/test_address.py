"""Addresses as people read them."""

from __future__ import annotations

import pytest

from inbox.address import Address, AddressSystem, email

PHONE, PORTAL = AddressSystem.PHONE, AddressSystem.PORTAL


@pytest.mark.parametrize(
    ("address", "words", "place"),
    [
        (email("ann@example.com", "Ann Lee"), "Ann Lee <ann@example.com>", "ann@example.com"),
        (Address(PHONE, "+15550107811", "Ann"), "Ann · (555) 010-7811", "(555) 010-7811"),
        (Address(PORTAL, "Patient/12", "Ann Lee"), "Ann Lee", "portal account"),
        (Address(PORTAL, "Patient/12"), "portal account", "portal account"),
        (Address(PORTAL, "https://ehr.example/fhir"),) + ("https://ehr.example/fhir",) * 2,
    ],
)
def test_what_only_programs_read_is_shown_to_nobody(
    address: Address, words: str, place: str
) -> None:
    assert (address.words, address.place) == (words, place)
