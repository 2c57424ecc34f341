"""The process that dies. Run as a program: one order a line on stdin, one outcome a line on stdout.

Each order is carried out by a fork of this process, with everything imported already, so that a
death costs milliseconds and is a real SIGKILL of a process of its own.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.mail import compose, mime, reading, smtp
from adapters.mail.settings import ImapSettings, MailSettings, SmtpSettings
from inbox import filing
from inbox.message import MessageStatus
from inbox.outgoing import Draft
from tests.clock import FakeClock
from tests.crash.death import Death
from tests.interop.product import Product, a_line, a_patient, open_product, until

ADDRESS = "frontdesk@lakeside.example"
PATIENTS = (
    a_patient("p-rosa", "Rosa Jimenez", "rosa@example.com"),
    a_patient("p-omar", "Omar Haddad", "omar@example.com"),
)
WORDS = "Thursday at ten is fine. Dana"

# Loaded now, so that no fork spends its time on it.
_LOADED = (compose, mime, smtp)


async def _open(order: dict[str, Any]) -> Product:
    settings = MailSettings(
        ImapSettings("127.0.0.1", order["imap"], "none", "frontdesk", sent="Sent"),
        SmtpSettings(
            "127.0.0.1", order["smtp"], "none", "frontdesk", save_sent=order.get("copies", True)
        ),
        lambda: "secret",
    )
    clock = FakeClock(datetime.fromisoformat(order["now"]))
    return await open_product(
        Path(order["folder"]),
        clock,
        [(a_line(ADDRESS), settings)],
        PATIENTS if order["act"] == "sync" else (),
        holder=order["holder"],
    )


async def _sync(product: Product, death: Death) -> None:
    """The first sync of a mailbox, into a folder that may not be there yet."""
    death.armed = True
    await product.sync()


async def _reply(product: Product, death: Death) -> None:
    """Answer the conversation that waits: keep the draft, queue it, send it, record it."""
    row = next(row for row in await product.rows() if row.person_address == "rosa@example.com")
    draft: Draft = await product.desk.reply_draft(row.id)
    death.armed = True
    draft = replace(draft, text=WORDS)
    await product.desk.keep_draft(draft)
    await product.desk.send(draft, undo=False)
    await product.back_office.deliver_due()
    await product.settle()
    await product.back_office.record()


async def _resume(product: Product, death: Death) -> None:
    """What the next start does by itself: nobody touches a key."""
    waiting = {MessageStatus.QUEUED, MessageStatus.SENDING}

    async def at_rest() -> bool:
        open_rows = await product.repository.outbox.open_rows(10)
        due = await product.repository.records.due(1)
        health = (await product.repository.lines.health())["front-desk"]
        return not due and health.state == "ready" and not waiting & {r.status for r in open_rows}

    async def all_known() -> bool:
        rows = await product.repository.outbox.open_rows(10)
        return not [row for row in rows if row.status is MessageStatus.UNKNOWN]

    death.armed = True
    async with product.running():
        await until("everything to be at rest", at_rest, every=0.01)
        # An unknown outcome is looked up right after; that may find nothing.
        with suppress(TimeoutError):
            await until("every outcome to be known", all_known, seconds=0.3, every=0.01)
        await until("everything to be at rest", at_rest, every=0.01)
    await product.settle()
    await product.sync()


async def _run(order: dict[str, Any], death: Death) -> None:
    product = await _open(order)
    await {"sync": _sync, "reply": _reply, "resume": _resume}[order["act"]](product, death)
    death.armed = False
    await product.close()


def _carry_out(order: dict[str, Any]) -> list[str]:
    """Do one order in this process; give the names of its steps."""
    reading.BATCH_ITEMS = 3
    filing._AT_ONCE = 2
    death = Death(order.get("kind", "steps"), order.get("die", 0))
    # A sync dies anywhere from the making of the folder on; an answer in what is done for it.
    death.armed = order["act"] == "sync"
    death.install()
    asyncio.run(_run(order, death))
    return death.names


def _fork(order: dict[str, Any]) -> dict[str, Any]:
    """Do one order in a process of its own; give how that process ended."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        code = 1
        try:
            with os.fdopen(write, "w") as out:
                json.dump(_carry_out(order), out)
            code = 0
        except BaseException:  # noqa: BLE001  # the fork ends here, whatever it was
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as told:
        said = told.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return {"signal": os.WTERMSIG(status)}
    return {"code": os.WEXITSTATUS(status), "steps": json.loads(said) if said else []}


def main() -> None:
    """Carry out orders until stdin ends."""
    # What is here already is no work for any fork's garbage collection.
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(_fork(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
