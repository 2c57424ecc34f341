"""Patients who answer: they read their mail in the world and write back, in the same thread.

They answer where a mail asks to be answered (Reply-To, else From), like anybody's mail program.
So what they say to an address that nobody reads is lost, which is the point of the whole app.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses, parseaddr
from zoneinfo import ZoneInfo

from demo.quoting import Original, Program, reply_html, reply_text
from demo.script import Answer, Arrival, Person, Script
from demo.world import Delivered, MailWorld, Treatment

ZONE = ZoneInfo("America/Chicago")
"""The town's time: what patients' programs write into quotes and Date headers."""

HTML_PROGRAMS: frozenset[Program] = frozenset({"gmail", "outlook"})
"""Programs that send an HTML version beside the plain one."""


@dataclass(slots=True)
class _Talk:
    """One person's side of one conversation."""

    turns: int = 0
    said: set[str] = field(default_factory=set)


class Patients:
    """The script's people, living in a mail world.

    Args:
        world: where they live; it must be started.
        script: who they are and what they say.
        seed: makes delays and message ids repeat from run to run.
        delay: least and greatest number of seconds before an answer; ``(0, 0)`` in tests.
    """

    def __init__(
        self,
        world: MailWorld,
        script: Script,
        *,
        seed: int = 1,
        delay: tuple[float, float] = (1.0, 4.0),
    ) -> None:
        self.answered = 0
        """How many answers were written so far."""
        self._world = world
        self._script = script
        self._random = random.Random(seed)
        self._delay = delay
        self._talks: dict[tuple[str, str], _Talk] = {}
        self._away_told: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrivals: list[asyncio.TimerHandle] = []

    def move_in(self) -> None:
        """Give everybody a mailbox and have them watch it."""
        for person in self._script.people.values():
            if person.kind == "unknown":
                self._world.remove_alias(person.address)
                continue
            self._world.add_address(person.address)
            if person.kind == "deaf":
                self._world.treat(person.address, Treatment(discard=True))
            elif person.kind != "silent":
                self._world.listen(person.address, self._read)

    def begin_arrivals(self) -> None:
        """Start the clock for the mail that comes unasked; it ends with the script's list."""
        self._world.thread.soon(self._schedule_arrivals)

    # ---- on the world's loop -----------------------------------------------------------------

    def _schedule_arrivals(self) -> None:
        loop = asyncio.get_running_loop()
        for arrival in self._script.arrivals:
            self._arrivals.append(loop.call_later(arrival.after, self._arrive, arrival))

    def _arrive(self, arrival: Arrival) -> None:
        person = self._script.people[arrival.sender.lower()]
        mail = self._new_mail(person, arrival.recipient, arrival.subject)
        _fill(mail, person.program, arrival.say, None)
        self._post(person, arrival.recipient, mail, 0.0)

    def _read(self, delivered: Delivered) -> None:
        mail = email.message_from_bytes(delivered.raw, policy=email.policy.default)
        if not delivered.sender or _automatic(mail):
            return
        person = self._script.people[delivered.recipient.lower()]
        where = _reply_address(mail)
        if person.kind == "away":
            self._say_away(person, delivered.sender, mail)
        elif where:
            self._answer(person, where, mail)

    def _say_away(self, person: Person, sender: str, mail: EmailMessage) -> None:
        # Once to each sender (RFC 3834 2), to the envelope sender, marked as automatic.
        pair = (person.address, sender.lower())
        if pair in self._away_told or not person.answers:
            return
        self._away_told.add(pair)
        subject = str(mail["Subject"] or "").removeprefix("Re: ")
        note = self._new_mail(person, sender, f"Automatic reply: {subject}", thread=mail)
        note["Auto-Submitted"] = "auto-replied"
        note["X-Auto-Response-Suppress"] = "All"
        _fill(note, "bare", person.answers[0].say, None)
        self._post(person, sender, note, 0.0, envelope="")

    def _answer(self, person: Person, where: str, mail: EmailMessage) -> None:
        talk = self._talks.setdefault((person.address, _root(mail)), _Talk())
        whole = _text(mail)
        words = self._choose(person, talk, _without_quotes(whole))
        if words is None:
            return
        talk.turns += 1
        talk.said.add(words)
        writer = self._script.people[(person.via or person.address).lower()]
        subject = str(mail["Subject"] or "")
        if not re.match(r"(?i)re:", subject):
            subject = ("RE: " if writer.program == "outlook" else "Re: ") + subject
        reply = self._new_mail(writer, where, subject, thread=mail)
        _fill(reply, writer.program, words, _original(mail, whole))
        self._post(writer, where, reply, self._random.uniform(*self._delay))

    def _choose(self, person: Person, talk: _Talk, text: str) -> str | None:
        if talk.turns >= person.turns:
            return None
        candidates: Iterable[Answer] = (*person.answers, *self._script.common)
        for answer in candidates:
            if answer.say not in talk.said and answer.on.search(text):
                return answer.say
        return None

    def _new_mail(
        self, writer: Person, to: str, subject: str, thread: EmailMessage | None = None
    ) -> EmailMessage:
        mail = EmailMessage(policy=email.policy.SMTP)
        mail["From"] = formataddr((writer.name, writer.address))
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(self._now())
        host = writer.address.rpartition("@")[2]
        mail["Message-ID"] = f"<{self._random.getrandbits(80):020x}@{host}>"
        if thread is not None and thread["Message-ID"]:
            parent = str(thread["Message-ID"]).strip()
            before = str(thread["References"] or thread["In-Reply-To"] or "").split()
            mail["In-Reply-To"] = parent
            mail["References"] = " ".join([*before, parent])
        return mail

    def _post(
        self,
        writer: Person,
        to: str,
        mail: EmailMessage,
        wait: float,
        envelope: str | None = None,
    ) -> None:
        sender = writer.address if envelope is None else envelope

        async def send() -> None:
            await asyncio.sleep(wait)
            # Written a few seconds ago is written now.
            mail.replace_header("Date", format_datetime(self._now()))
            await self._world.send_soon(sender, (to,), mail.as_bytes())
            self.answered += 1

        task = asyncio.get_running_loop().create_task(send())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _now(self) -> datetime:
        return self._world.clock().astimezone(ZONE)


def _automatic(mail: EmailMessage) -> bool:
    """Whether a mail was written by a machine and must not be answered (RFC 3834 2)."""
    marked = str(mail["Auto-Submitted"] or "no").strip().lower()
    return marked != "no" or str(mail["Precedence"] or "").lower() in {"bulk", "junk", "list"}


def _reply_address(mail: EmailMessage) -> str:
    fields = mail.get_all("Reply-To") or mail.get_all("From") or []
    addresses = [address for _, address in getaddresses([str(field) for field in fields])]
    return addresses[0] if addresses else ""


def _root(mail: EmailMessage) -> str:
    """The id of the first mail of the conversation, as far as this mail knows it."""
    for name in ("References", "In-Reply-To", "Message-ID"):
        ids = str(mail[name] or "").split()
        if ids:
            return ids[0]
    return ""


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    content: str = part.get_content()
    if part.get_content_subtype() == "html":
        content = re.sub(r"(?s)<(style|script)\b.*?</\1>|<[^>]*>", "", content)
    return content.replace("\r\n", "\n")


def _without_quotes(text: str) -> str:
    """What was written, up to the first sign of quoted history."""
    cut = re.search(r"(?m)^(>|On .+(\n.+)?wrote:$|_{8,}$|From: .+$)", text)
    return text[: cut.start()] if cut else text


def _original(mail: EmailMessage, text: str) -> Original:
    name, address = parseaddr(str(mail["From"]))
    date = mail["Date"]
    at = getattr(date, "datetime", None) or datetime.now(ZONE)
    return Original(
        name=name or address,
        address=address,
        to=str(mail["To"] or ""),
        subject=str(mail["Subject"] or ""),
        at=at.astimezone(ZONE),
        text=text,
    )


def _fill(mail: EmailMessage, program: Program, words: str, original: Original | None) -> None:
    mail.set_content(reply_text(program, words, original))
    if program in HTML_PROGRAMS:
        mail.add_alternative(reply_html(program, words, original), subtype="html")
