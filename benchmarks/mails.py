"""Mail as a practice gets it, the same in each run: threads, quoted history, HTML, attachments."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from inbox.address import AddressSystem
from inbox.patient import ContactPoint, Patient

DESK: Final = "frontdesk@lakeside.example"
_FEWEST, _MOST, _EACH = 40, 5_000, 20
"""How many people write at least and at most, and how many mails of each there are between."""
_LAST: Final = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
_APART: Final = timedelta(minutes=5)
"""On average."""
GIVEN: Final = ("Rosa", "Omar", "Ann", "Luis", "Mei", "Ivan", "Fatima", "José", "Zoë", "Priya")
_FAMILY: Final = ("Jimenez", "Haddad", "Lee", "Okafor", "Novak", "Müller", "Sato", "Silva")
VOCABULARY: Final = (
    "hello thank you visit thursday morning could we move the appointment to friday my daughter "
    "has had a cough since the weekend and the pharmacy says there is no refill left please call "
    "me back about the new insurance card and the result of the test from monday"
)


def people(count: int) -> int:
    """How many people write so many mails."""
    return max(_FEWEST, min(_MOST, count // _EACH))


def patients(count: int) -> list[Patient]:
    """Who writes so many mails: three of four are known."""
    return [
        Patient(
            f"p{number}",
            GIVEN[number % len(GIVEN)],
            _FAMILY[number % len(_FAMILY)],
            points=(ContactPoint(AddressSystem.EMAIL, _address(number)),),
        )
        for number in range(people(count))
        if number % 4
    ]


def mails(count: int) -> Iterator[bytes]:
    """So many mails to the front desk, in threads of one to five, oldest first."""
    return (raw for raw, _ in mailbox(count))


def mailbox(count: int, later: int = 0) -> Iterator[tuple[bytes, datetime]]:
    """So many mails with the times they arrived at; never more than a few in memory.

    Args:
        count: How many; 10,000 and 1,000,000 are made alike.
        later: How many more follow, which nobody answered yet.
    """
    chance = random.Random(count)
    made, at = 0, _LAST - _APART * count
    while made < count + later:
        person = chance.randrange(people(count))
        earlier: list[str] = []
        quoted: list[str] = []
        for _ in range(min(count + later - made, chance.randint(1, 5))):
            at += timedelta(minutes=chance.randint(1, 9))
            text = _text(chance)
            yield _mail(chance, made, person, at, text, earlier, quoted), at
            quoted = ["", "> On Monday you wrote:", *(f"> {line}" for line in [*text, *quoted])]
            earlier.append(f"<{made}@mail.example.com>")
            made += 1


def _address(person: int) -> str:
    return f"person{person}@example.com"


def _text(chance: random.Random) -> list[str]:
    return [
        " ".join(chance.choices(VOCABULARY.split(), k=12)) for _ in range(chance.randint(2, 12))
    ]


def _mail(
    chance: random.Random,
    number: int,
    person: int,
    at: datetime,
    text: list[str],
    earlier: list[str],
    quoted: list[str],
) -> bytes:
    mail = EmailMessage(SMTP)
    name = f"{GIVEN[person % len(GIVEN)]} {_FAMILY[person % len(_FAMILY)]}"
    mail["From"] = f"{name} <{_address(person)}>"
    mail["To"] = f"Lakeside front desk <{DESK}>"
    mail["Subject"] = f"Re: Visit of {name}" if earlier else f"Visit of {name}"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{number}@mail.example.com>"
    if earlier:
        mail["In-Reply-To"] = earlier[-1]
        mail["References"] = " ".join(earlier)
    mail.set_content("\n".join([*text, *quoted]))
    if chance.random() < 0.5:
        shown = "".join(f"<p>{line}</p>" for line in [*text, *quoted])
        mail.add_alternative(f"<html><body>{shown}</body></html>", subtype="html")
    if chance.random() < 0.1:
        content = chance.randbytes(chance.randint(2_000, 60_000))
        mail.add_attachment(content, maintype="image", subtype="jpeg", filename="card.jpg")
    for depth, part in enumerate(mail.walk()):
        if part.is_multipart():
            # Python draws another one each time.
            part.set_boundary(f"part-{number}-{depth}")
    return mail.as_bytes()
