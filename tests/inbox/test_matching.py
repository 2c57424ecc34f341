"""Whom a message is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from inbox.address import AddressSystem, email
from inbox.matching import likeliest, match
from inbox.patient import ContactPoint, Proxy
from tests.inbox.making import ANN, BEN

HOME = email("Ann@Example.com", "Lee, Ben")


def test_nobody_one_and_several() -> None:
    assert match(HOME, [], None).patient_id is None
    assert match(HOME, [ANN], None).patient_id == "p1"
    assert match(HOME, [ANN], None).reason == "matched by e-mail address"
    assert match(HOME, [ANN, BEN], None).patient_id is None
    assert match(None, [], None).patient_id is None


def test_what_a_person_chose_for_the_conversation_is_remembered() -> None:
    assert match(HOME, [ANN, BEN], "p2").patient_id == "p2"
    assert match(HOME, [], "p2").patient_id == "p2"


def test_an_address_of_somebody_else_does_not_follow_the_conversation() -> None:
    assert match(HOME, [ANN], "p9").patient_id == "p1"


def test_a_guardian_writes_about_the_child() -> None:
    mother = Proxy("Mia Lee", "mother", (ContactPoint(AddressSystem.EMAIL, "mia@example.com"),))
    child = replace(ANN, points=(), proxies=(mother,))

    found = match(email("mia@example.com"), [child], None)

    assert found.patient_id == "p1"
    assert found.reason == "matched by e-mail address of their mother"


def test_a_guardian_whose_access_ended_is_nobodys_voice() -> None:
    points = (ContactPoint(AddressSystem.EMAIL, "mia@example.com"),)
    child = replace(ANN, points=(), proxies=(Proxy("Mia Lee", "mother", points, date(2026, 1, 2)),))
    mia = email("mia@example.com")
    herself = replace(BEN, id="p3", points=points)

    assert match(mia, [child], None, date(2026, 1, 2)).patient_id == "p1"
    for about in (None, "p1"):
        found = match(mia, [child], about, date(2026, 1, 3))
        assert found.patient_id is None
        assert found.reason == "mother's access ended 2026-01-02: choose"
    # As a patient of her own she writes for herself, but not in the child's conversation.
    assert match(mia, [child, herself], None, date(2026, 1, 3)).patient_id == "p3"
    assert match(mia, [child, herself], "p1", date(2026, 1, 3)).patient_id is None
    assert match(mia, [child, herself], "p3", date(2026, 1, 3)).patient_id == "p3"


def test_the_name_preselects_but_does_not_decide() -> None:
    assert likeliest(HOME, [ANN, BEN]) == BEN
    assert likeliest(email("x@example.com"), [ANN, BEN]) is None
    assert likeliest(email("x@example.com", "Ann Ben"), [ANN, BEN]) is None
