"""What a portal holds after some years, the same in each run: threads, people, files."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks.mails import GIVEN, VOCABULARY
from demo.portal.holdings import Holdings
from demo.portal.render import Words, communication, header, organization, patient
from inbox.address import AddressSystem
from inbox.patient import ContactPoint, Patient

PRACTICE: Final = "Organization/1"
_FIRST: Final = datetime(2024, 1, 8, 14, 0, tzinfo=UTC)
_FAMILY: Final = "Jimenez"
_PEOPLE: Final = 40


def patients() -> list[Patient]:
    """Who writes: three of four are known."""
    return [
        Patient(
            f"p{number}",
            GIVEN[number % len(GIVEN)],
            _FAMILY,
            points=(ContactPoint(AddressSystem.PORTAL, f"Patient/{number}"),),
        )
        for number in range(_PEOPLE)
        if number % 4
    ]


def furnish(holdings: Holdings, count: int, number: int = 7) -> None:
    """Put so many Communications there: threads of a header and one to five messages."""
    chance = random.Random(number)
    names = {PRACTICE: "Lakeside Family Practice"}
    holdings.add(organization("1", names[PRACTICE]))
    for person in range(_PEOPLE):
        given = GIVEN[person % len(GIVEN)]
        known = {"given": given, "family": _FAMILY, "birth_date": "1970-01-01"}
        holdings.add(patient(str(person), f"p{person}", known))
        names[f"Patient/{person}"] = f"{given} {_FAMILY}"
    made, at = 0, _FIRST
    while made < count:
        who = f"Patient/{chance.randrange(_PEOPLE)}"
        topic, people = f"Visit {made}", (who, PRACTICE)
        thread = holdings.add(header(topic, who, people, names, can_reply=True), at=at).reference
        made, answers = made + 1, ""
        for turn in range(min(count - made, chance.randint(1, 5))):
            at += timedelta(minutes=chance.randint(1, 90))
            sender, to = (who, PRACTICE) if turn % 2 == 0 else (PRACTICE, who)
            said = " ".join(chance.choices(VOCABULARY.split(), k=chance.randint(10, 80)))
            files = (_file(chance),) if chance.random() < 0.05 else ()
            words = Words(said, sender, (to,), who, thread, answers, files=files, names=names)
            answers = holdings.add(communication(words, at), at=at).reference
            made += 1


def _file(chance: random.Random) -> dict[str, Any]:
    content = chance.randbytes(chance.randint(2_000, 60_000))
    return {
        "contentAttachment": {
            "contentType": "application/pdf",
            "title": "result.pdf",
            "data": base64.b64encode(content).decode("ascii"),
        }
    }
