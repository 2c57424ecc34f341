"""A mailbox of ten thousand mails: all of it, exactly, in bounded memory.

The product runs in a process of its own (this file, run as a program), so that its memory is its
own: what it says of itself is one JSON line a sync.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.one_sync import peak
from inbox.clock import utc_now
from inbox.conversation import ListState
from tests.clone import ROOT
from tests.interop.dovecot import DovecotServer
from tests.interop.postfix import PostfixServer
from tests.interop.product import a_line, a_patient, open_product, real_settings
from tests.interop.servers import Account

MAILS = 10_000
LATER = 100
MEMORY = 250
"""Megabytes that the product may use at its peak."""
PEOPLE = 400

_WORDS = (
    "visit", "thursday", "morning", "refill", "form", "results", "letter", "pharmacy",
    "insurance", "daughter", "knee", "allergy", "appointment", "question", "thanks", "please",
    "tomorrow", "school", "vaccine", "travel", "sleep", "pressure",
)  # fmt: skip


def practice_mail(count: int, to: str, first: int = 0) -> Iterator[bytes]:
    """Mail as a practice gets it, the same each time: plain, HTML, files, answers, alphabets."""
    ids: dict[int, str] = {}
    begun = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
    for number in range(first, first + count):
        dice = random.Random(number)
        person = dice.randrange(PEOPLE)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"Patient Nº {person} <patient{person}@example.com>"
        mail["To"] = to
        mail["Date"] = format_datetime(begun + timedelta(minutes=37 * number))
        mail["Message-ID"] = f"<{number}.{person}@mail.example.com>"
        if person in ids and dice.random() < 0.5:
            mail["In-Reply-To"] = mail["References"] = f"<{ids[person]}>"
            mail["Subject"] = f"Re: {dice.choice(_WORDS)} {number}"
        else:
            mail["Subject"] = f"{dice.choice(_WORDS)} {number}"
        ids[person] = f"{number}.{person}@mail.example.com"
        text = " ".join(dice.choices(_WORDS, k=dice.randrange(20, 300)))
        mail.set_content(f"{text} 病院 čeština\n\n> quoted\n> {text[:60]}\n")
        if dice.random() < 0.4:
            mail.add_alternative(f"<p>{text}</p><p><b>Patient {person}</b></p>", subtype="html")
        if dice.random() < 0.05:
            mail.add_attachment(
                dice.randbytes(30_000), maintype="application", subtype="pdf", filename="form.pdf"
            )
        yield mail.as_bytes()


async def _follow(given: dict[str, Any]) -> None:
    """Sync once, say how it went, and once more for every line that comes in."""
    account = Account(given["address"], given["password"])
    settings = real_settings(account, given["imap"], given["smtp"], Path(given["cafile"]))
    people = [
        a_patient(f"p{n}", f"Patient Nº{n}", f"patient{n}@example.com") for n in range(0, PEOPLE, 2)
    ]
    product = await open_product(
        Path(given["folder"]), utc_now, [(a_line(account.address), settings)], people
    )
    try:
        while True:
            begun = time.monotonic()
            await product.sync()
            took = time.monotonic() - begun
            counts = [[c.folder, c.server, c.stored, c.quarantined] for c in await product.counts()]
            page = await product.desk.page(ListState.ALL)
            said = {"seconds": took, "megabytes": peak(), "counts": counts, "rows": len(page.rows)}
            print(json.dumps(said), flush=True)
            if not await asyncio.to_thread(sys.stdin.readline):
                break
    finally:
        await product.close()


async def test_ten_thousand_mails(
    dovecot: DovecotServer,
    postfix: PostfixServer,
    front_desk: Account,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await asyncio.to_thread(
        dovecot.append_many, front_desk, practice_mail(MAILS, front_desk.address)
    )
    given = {
        "address": front_desk.address,
        "password": front_desk.password,
        "imap": dovecot.imaps_port,
        "smtp": postfix.submission_port,
        "cafile": str(dovecot.certificate.authority),
        "folder": str(tmp_path / "data"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.interop.test_product_large",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None

    async def told(seconds: float) -> dict[str, Any]:
        line = await asyncio.wait_for(process.stdout.readline(), seconds)  # type: ignore[union-attr]  # checked above
        said: dict[str, Any] = json.loads(line)
        return said

    try:
        process.stdin.write(json.dumps(given).encode() + b"\n")
        first = await told(600)
        later = list(practice_mail(LATER, front_desk.address, MAILS))
        await asyncio.to_thread(dovecot.append_many, front_desk, later)
        process.stdin.write(b"again\n")
        second = await told(120)
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    with capsys.disabled():
        print(
            f"\n{MAILS} mails: {first['seconds']:.1f} s, peak {first['megabytes']} MB;"
            f" {LATER} more: {second['seconds']:.2f} s, peak {second['megabytes']} MB"
        )
    assert first["counts"] == [["INBOX", MAILS, MAILS, 0], ["Sent", 0, 0, 0]]
    assert second["counts"] == [["INBOX", MAILS + LATER, MAILS + LATER, 0], ["Sent", 0, 0, 0]]
    assert first["rows"] > 0
    with closing(sqlite3.connect(tmp_path / "data" / "twoway.db")) as db:
        kept = db.execute(
            "SELECT count(*), count(DISTINCT raw_id), count(DISTINCT rfc_id) FROM message"
        ).fetchone()
        due = db.execute("SELECT count(*) FROM record_due").fetchone()
    assert kept == (MAILS + LATER,) * 3
    assert due == (0,)
    assert second["megabytes"] < MEMORY
    assert second["seconds"] < first["seconds"] / 5


if __name__ == "__main__":
    asyncio.run(_follow(json.loads(sys.stdin.readline())))
