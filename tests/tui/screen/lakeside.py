"""A small practice for the screen: a real data folder, real rules, memory channels."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.memory.channel import MemoryChannel
from adapters.memory.server import MemoryServer
from inbox.address import AddressSystem, ChannelKind, email
from inbox.backoffice import BackOffice
from inbox.channel import Batch, Channel, RawItem, RemoteId
from inbox.conversation import ConversationRow, ListState
from inbox.desk import Desk
from inbox.gate import Gate
from inbox.hours import DAYS, Hours, parse_spans
from inbox.line import Line
from inbox.message import Arrival, Attachment, Direction, Message, MessageStatus
from inbox.outbox import Outbox
from inbox.patient import Consent, ContactPoint, Patient, PrivacyForm, Proxy, VoicemailConsent
from inbox.practice import Practice, StaffMember
from inbox.repository import Filing, Repository
from inbox.rules import RULES
from store.database import open_repository
from tests.clock import FakeClock
from tui.app import TwowayApp

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Chicago."""
FRONT_DESK = Line("front-desk", ChannelKind.EMAIL, "frontdesk@lakeside.example", "Lakeside")
NURSE = Line("nurse", ChannelKind.EMAIL, "nurse@lakeside.example", "Lakeside nurses")
DANA = StaffMember("dana", "Dana Reyes", email="dana@lakeside.example")
SAM = StaffMember("sam", "Sam Ortiz", email="sam@lakeside.example")
_WEEK = Hours(
    tuple(
        tuple(parse_spans("08:00-12:00, 13:00-17:00", day)) if day not in {"sat", "sun"} else ()
        for day in DAYS
    ),
    ZONE,
)
PRACTICE = Practice(
    name="Lakeside Family Practice",
    timezone=ZONE,
    hours=_WEEK,
    staff=(DANA, SAM),
    lines=(FRONT_DESK, NURSE),
)


def _patient(number: int, given: str, family: str, **changes: Any) -> Patient:
    address = f"{given}.{family}".lower().replace(" ", "") + "@example.com"
    plain = Patient(
        id=f"p{number}",
        given=given,
        family=family,
        points=(ContactPoint(AddressSystem.EMAIL, address),),
        form=PrivacyForm(
            form_date=datetime(2026, 1, 12, tzinfo=UTC).date(),
            email=Consent.ACCEPTED,
            voicemail=VoicemailConsent.DETAILED,
        ),
    )
    return replace(plain, **changes)


ROSA = _patient(
    1,
    "Rosa",
    "Jimenez",
    birth_date=datetime(1984, 7, 2, tzinfo=UTC).date(),
    preferred_channel=ChannelKind.EMAIL,
    language="es",
    proxies=(
        Proxy("Luis Jimenez", "spouse", (ContactPoint(AddressSystem.PHONE, "+15550102233"),)),
    ),
)
OMAR = _patient(2, "Omar", "Haddad")
ERIK = _patient(3, "Erik", "Lindqvist")
MEI = _patient(4, "Mei", "Chen")
PATIENTS = (ROSA, OMAR, ERIK, MEI)


class Lakeside:
    """The office the tests open: everything is real but the servers."""

    def __init__(self, folder: Path, clock: FakeClock, practice: Practice = PRACTICE) -> None:
        self.folder = folder
        self.clock = clock
        self.practice = practice
        self.servers = {line.id: MemoryServer() for line in practice.lines}
        self.started = 0
        self.proved: list[str] = []
        self.repository: Repository
        self.desk: Desk
        self.outbox: Outbox
        self.back_office: BackOffice
        self.channels: dict[str, Channel] = {}
        self.opened = False
        self._filed = 0

    async def open(self) -> Lakeside:
        """Open the data folder; also again, as a second start."""
        if self.opened:
            return self
        self.opened = True
        self.repository = await open_repository(self.folder, self.clock)
        gate = Gate(RULES)
        self.channels = {
            line.id: MemoryChannel(line, self.servers[line.id], self.clock)
            for line in self.practice.lines
        }
        capabilities = {id_: channel.capabilities for id_, channel in self.channels.items()}
        self.desk = Desk(self.repository, self.practice, gate, self.clock, "dana", capabilities)
        self.outbox = Outbox(
            self.repository, self.practice, gate, self.channels, self.clock, "test"
        )
        self.back_office = BackOffice(
            self.repository, self.practice, gate, self.channels, self.clock, "test"
        )
        return self

    async def start(self) -> None:
        self.started += 1

    async def close(self) -> None:
        if self.opened:
            self.opened = False
            await self.back_office.close()
            await self.repository.close()

    def wake(self) -> None:
        """The tests say when something leaves."""

    async def fetch_whole(self, message: Message) -> None:
        await self.back_office.fetch_whole(message)

    async def attachment(self, message: Message, attachment: Attachment) -> bytes:
        raw = await self.desk.raw(message)
        return self.channels[message.line_id].attachment(raw.content, attachment.part)

    async def prove(self, line_id: str) -> None:
        self.proved.append(line_id)

    async def fetch_missing(self, line_id: str) -> None:
        await self.back_office.fetch_missing(line_id)

    async def read_back(self, line_id: str, day: date | None) -> None:
        await self.back_office.read_back(line_id, day)

    async def read_again(self, conversation_id: int) -> int:
        return await self.back_office.read_again(conversation_id)

    # ---- what happens in a test ---------------------------------------------------------------

    def put(
        self,
        sender: str,
        text: str,
        ago: timedelta = timedelta(),
        line: Line = FRONT_DESK,
        **more: Any,
    ) -> None:
        """Let a message arrive on the server, some time ago."""
        more = {"to": [line.address], **more}
        number = self.servers[line.id].deliver(sender, text, **more)
        folder = self.servers[line.id].folders["messages"]
        content, _ = folder.items[int(number)]
        folder.items[int(number)] = (content, self.clock() - ago)

    async def arrive(self, sender: str, text: str, **more: Any) -> None:
        """Let a message arrive and be filed."""
        self.put(sender, text, **more)
        await self.back_office.sync_once()

    async def file(self, arrival: Arrival, **more: Any) -> None:
        """File an arrival as a mail adapter would make it."""
        self._filed += 1
        item = RawItem(
            RemoteId("INBOX", "1", str(self._filed)),
            f"raw text of {self._filed}".encode(),
            self.clock(),
            10,
        )
        stores = self.repository
        batch = Batch("INBOX", "1", (item,), "cursor")
        await stores.raw.save_batch("front-desk", batch, self.clock())
        (raw,) = await stores.raw.unfiled("front-desk", 1)
        plain: dict[str, Any] = {
            "raw_id": raw.raw_id,
            "line_id": "front-desk",
            "arrival": arrival,
            "direction": Direction.INBOUND,
            "status": MessageStatus.RECEIVED,
            "at": self.clock(),
        }
        await stores.filing.file(Filing(**{**plain, **more}))

    async def rows(self, state: ListState = ListState.ALL) -> list[ConversationRow]:
        return list((await self.desk.page(state)).rows)

    async def row_of(self, name: str) -> ConversationRow:
        """The conversation with somebody."""
        return next(row for row in await self.rows() if name in row.title)

    async def deliver(self) -> None:
        """Let what is due leave."""
        await self.outbox.deliver_due()

    async def furnish(self) -> None:
        """A morning's mail."""
        await self.repository.patients.save(PATIENTS)
        self.put(
            "rosa.jimenez@example.com",
            "Hello,\n\ncan I move Thursday's visit to next week? "
            "Any morning is fine for me except Tuesday.\n\nThank you\nRosa",
            timedelta(minutes=12),
            name="Rosa Jimenez",
            subject="Moving Thursday's visit",
            id="r1@x",
        )
        self.put(
            "omar.haddad@example.com",
            "The form from school is attached. Could the doctor sign it before Friday?",
            timedelta(minutes=48),
            name="Omar Haddad",
            subject="School form",
            attachments=[
                {
                    "name": "school-form.pdf",
                    "media_type": "application/pdf",
                    "content": base64.b64encode(b"%PDF-1.4 form").decode(),
                }
            ],
        )
        self.put(
            "marta@client.example",
            "Do you take new patients? My mother needs a doctor near the lake.",
            timedelta(hours=3),
            name="Marta Novak",
            subject="New patient?",
        )
        self.put(
            "erik.lindqvist@example.com",
            "Here are the readings of this week: 128/82, 131/85, 126/80.",
            timedelta(hours=26),
            name="Erik Lindqvist",
            subject="Blood pressure",
            id="e1@x",
        )
        self.put(
            "mei.chen@example.com",
            "请问我可以改预约时间吗？星期五下午比较方便。",
            timedelta(hours=50),
            line=NURSE,
            name="陈美",
            subject="改预约时间 · change of appointment",
        )
        await self.back_office.sync_once()
        row = await self.row_of("Erik")
        draft = await self.desk.reply_draft(row.id)
        text = "Thank you, Erik. The doctor looks at them today.\n\nDana"
        await self.desk.send(replace(draft, text=text), undo=False)
        await self.deliver()
        await self.desk.assign((await self.row_of("Omar")).id, "sam")
        await self.desk.note(row.id, "Dr. Weiss wants to see the cuff he uses.")
        await self.back_office.record()


def app_of(office: Lakeside, **more: Any) -> TwowayApp:
    """The app on an office, by the test's clock."""
    return TwowayApp(office.open, office.practice, DANA, clock=office.clock, **more)


ROSA_ADDRESS = email("rosa.jimenez@example.com", "Rosa Jimenez")
