"""The account: what it holds, what happens to texts, and what the telephone network does.

Every method may be called from any thread. Times are the account's own: the clock it was given plus
its skew.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.twilio.network import record, ring
from demo.twilio.optout import Word, reply_to, word_of
from demo.twilio.problem import Problem
from demo.twilio.record import (
    ENDED_AFTER,
    SENDING_AFTER,
    SENT_AFTER,
    Call,
    File,
    Number,
    Phone,
    Recording,
    Service,
    Text,
    Transcription,
    sid,
)

Clock = Callable[[], datetime]
"""The current time, aware."""
Listener = Callable[[Text], None]
"""Told of a text of the account that reached a telephone, on whatever thread took it."""

MOST_CHARACTERS = 1600
NEVER = datetime(9000, 1, 1, tzinfo=UTC)


class Account:
    """One Twilio account.

    Args:
        account_sid: `AC...`.
        auth_token: the password of the account SID.
        clock: the world's time.
    """

    def __init__(self, account_sid: str, auth_token: str, clock: Clock) -> None:
        self.sid = account_sid
        self.secrets = {account_sid: auth_token}
        """Who may log in: the account SID and API keys, each with its secret."""
        self.clock = clock
        self.skew = timedelta(0)
        """How far the account's clock is ahead of the world's."""
        self.status = "active"
        """`active` or `suspended`."""
        self.index_lag = timedelta(0)
        """How long new texts stay out of lists."""
        self.numbers: dict[str, Number] = {}
        self.services: list[Service] = []
        self.phones: dict[str, Phone] = {}
        self.opted_out: set[tuple[str, str]] = set()
        """Pairs of a telephone and a number of ours it told to stop."""
        self.texts: list[Text] = []
        """Oldest first."""
        self.calls: list[Call] = []
        self.recordings: list[Recording] = []
        self.transcriptions: list[Transcription] = []
        self.caller_ids: list[str] = []
        self.lost: list[tuple[str, str, str]] = []
        """Texts of patients that nobody will ever see: telephone, number, body."""
        self.lock = threading.RLock()
        self._serial = itertools.count(1)
        self._listeners: dict[str, list[Listener]] = {}

    @property
    def now(self) -> datetime:
        """The account's present moment, in whole seconds as the API tells them."""
        return (self.clock() + self.skew).astimezone(UTC).replace(microsecond=0)

    # ---- setting up --------------------------------------------------------------------------

    def add_number(self, number: Number) -> Number:
        """Give the account a number."""
        self.numbers[number.phone_number] = number
        return number

    def add_service(self, service: Service) -> Service:
        """Give the account a Messaging Service."""
        self.services.append(service)
        return service

    def phone(self, number: str) -> Phone:
        """The telephone with this number; there is one for every number that is asked for."""
        return self.phones.setdefault(number, Phone(number))

    def listen(self, number: str, listener: Listener) -> None:
        """Be told of every text that reaches a telephone."""
        self._listeners.setdefault(number, []).append(listener)

    def service_of(self, number: str) -> Service | None:
        """The Messaging Service a number belongs to."""
        return next((one for one in self.services if number in one.numbers), None)

    # ---- texts -------------------------------------------------------------------------------

    def receive(
        self,
        sender: str,
        to: str,
        body: str,
        *,
        files: Sequence[tuple[str, bytes]] = (),
        hosted: str | None = None,
        lag: timedelta | None = None,
        ago: timedelta = timedelta(0),
        **more: Any,
    ) -> Text | None:
        """Let somebody text one of our numbers.

        Args:
            sender: their number.
            to: ours.
            body: what they wrote.
            files: media type and content of each picture.
            hosted: `far` keeps the pictures on another host.
            lag: how long lists do not show it; by default `index_lag`.
            ago: how long ago it came; what lists show keeps the order of coming.
            more: fields that replace or add to what the API shows.

        Returns:
            The text, or None when it is lost: the number takes no texts, or its Messaging Service
            has no inbound set-up.
        """
        with self.lock:
            number, service = self.numbers.get(to), self.service_of(to)
            if number is None or not number.sms or (service is not None and service.dead):
                self.lost.append((sender, to, body))
                return None
            now = self.now - ago
            name = sid("MM" if files else "SM", self.sid, next(self._serial))
            text = Text(
                sid=name,
                direction="inbound",
                sender=sender,
                to=to,
                body=body,
                created=now,
                indexed=now + (self.index_lag if lag is None else lag),
                status="received",
                sent=now,
                updated=now,
                service_sid=service.sid if service else None,
                files=[
                    File(sid("ME", name, place), kind, content, now, hosted)
                    for place, (kind, content) in enumerate(files)
                ],
                more=more,
            )
            self.texts.append(text)
            self._heed(text)
            return text

    def send(self, to: str, sender: str, body: str, service_sid: str | None = None) -> Text:
        """Take a text of ours.

        Raises:
            Problem: it is refused.
        """
        with self.lock:
            self._check(to, sender, body)
            now, phone = self.now, self.phone(to)
            fate = "undelivered" if phone.fails_with else "delivered" if phone.receipts else "sent"
            text = Text(
                sid=sid("SM", self.sid, next(self._serial)),
                direction="outbound-api",
                sender=sender,
                to=to,
                body=body,
                created=now,
                indexed=now + self.index_lag,
                status="queued",
                updated=now,
                service_sid=service_sid,
                fate=fate,
                fate_code=phone.fails_with,
            )
            self.texts.append(text)
            if to in self.numbers:
                self.receive(sender, to, body)
        if fate != "undelivered":
            for listener in self._listeners.get(to, ()):
                listener(text)
        return text

    def settle(self) -> None:
        """Move texts of ours along: queued, sending, sent, delivered or undelivered."""
        with self.lock:
            now = self.now
            for text in self.texts:
                if text.status not in {"queued", "sending", "sent"} or text.direction == "inbound":
                    continue
                age = now - text.created
                before = text.status
                if age >= ENDED_AFTER:
                    text.status, text.error_code = text.fate, text.fate_code
                elif age >= SENT_AFTER:
                    text.status = "sent"
                elif age >= SENDING_AFTER:
                    text.status = "sending"
                if age >= SENT_AFTER and text.sent is None:
                    text.sent = text.created + SENT_AFTER
                if text.status != before:
                    text.updated = now

    def text(self, name: str) -> Text:
        """The text with this SID.

        Raises:
            Problem: there is none.
        """
        found = next((one for one in self.texts if one.sid == name), None)
        if found is None:
            raise Problem(20404)
        return found

    def remove_texts(self, names: Iterable[str]) -> None:
        """Delete texts, as somebody can by the API."""
        with self.lock:
            gone = set(names)
            self.texts = [one for one in self.texts if one.sid not in gone]

    def _check(self, to: str, sender: str, body: str) -> None:
        if not to:
            raise Problem(21604)
        if not sender:
            raise Problem(21603)
        if not body:
            raise Problem(21602)
        if len(body) > MOST_CHARACTERS:
            raise Problem(21617)
        if not (to.startswith("+") and to[1:].isdigit() and 8 <= len(to) <= 16):
            raise Problem(21211)
        own = self.numbers.get(sender)
        if own is None or not own.sms:
            raise Problem(21606)
        if to == sender:
            raise Problem(21266)
        if self.phone(to).landline:
            raise Problem(21614)
        if (to, sender) in self.opted_out:
            raise Problem(21610)

    def _heed(self, text: Text) -> None:
        """What the carrier does by itself with STOP, START and HELP."""
        word = word_of(text.body)
        pair = (text.sender, text.to)
        if word is Word.YES and pair not in self.opted_out:
            return
        if word is Word.STOP:
            self.opted_out.add(pair)
        elif word in {Word.START, Word.YES}:
            self.opted_out.discard(pair)
        if word is None:
            return
        now = text.created + timedelta(seconds=1)
        self.texts.append(
            Text(
                sid=sid("SM", self.sid, next(self._serial)),
                direction="outbound-reply",
                sender=text.to,
                to=text.sender,
                body=reply_to(word),
                created=now,
                indexed=text.indexed,
                status="queued",
                updated=now,
            )
        )

    # ---- calls -------------------------------------------------------------------------------

    def call_in(
        self,
        sender: str,
        to: str,
        *,
        rings: int = 15,
        talks: int = 0,
        dialled: str = "",
        voicemail: int = 0,
        said: str | None = None,
        recorded_after: timedelta = timedelta(0),
        ago: timedelta = timedelta(0),
    ) -> Call:
        """Let somebody call one of our numbers.

        Args:
            sender: their number.
            to: ours.
            rings: seconds until somebody answers, or they hang up or are asked for a message.
            talks: seconds somebody of ours talks with them; 0: nobody answers.
            dialled: the telephone of ours that rings; empty: none does.
            voicemail: seconds they speak after the beep; 0: they leave nothing.
            said: what the transcription makes of it; None: there is none.
            recorded_after: how long after the call its recording comes up.
            ago: how long ago the call began.
        """
        with self.lock:
            now = self.now - ago
            name = sid("CA", self.sid, next(self._serial))
            over = now + timedelta(seconds=rings + talks + voicemail)
            ring = timedelta(seconds=rings)
            call = Call(name, "inbound", sender, to, now, [(now, "in-progress")])
            call.steps.append((over, "completed"))
            self.calls.append(call)
            if dialled:
                steps = [(now, "ringing")]
                if talks:
                    steps += [
                        (now + ring, "in-progress"),
                        (now + ring + timedelta(seconds=talks), "completed"),
                    ]
                else:
                    steps += [(now + ring, "no-answer")]
                leg = sid("CA", self.sid, next(self._serial))
                self.calls.append(
                    Call(leg, "outbound-dial", sender, dialled, now, steps, parent=name)
                )
            if voicemail:
                self._keep(call, over, voicemail, said, recorded_after)
            return call

    def call_out(self, to: str, sender: str, dials: tuple[str, str] | None) -> Call:
        """Call a telephone, and connect it with another once it answers.

        Args:
            to: who is called first.
            sender: the number shown to them.
            dials: the number to connect to, and the number shown there.

        Raises:
            Problem: it is refused.
        """
        with self.lock:
            if not to:
                raise Problem(21201)
            shown = {sender, dials[1]} if dials else {sender}
            own = {one.phone_number for one in self.numbers.values() if one.voice}
            if not shown <= own | set(self.caller_ids):
                raise Problem(21210)
            now = self.now
            name = sid("CA", self.sid, next(self._serial))
            call = Call(name, "outbound-api", sender, to, now, [(now, "queued")])
            answered = ring(call, self.phone(to), now)
            if answered is not None and dials is not None:
                child = Call(
                    sid("CA", self.sid, next(self._serial)),
                    "outbound-dial",
                    dials[1],
                    dials[0],
                    answered,
                    [(answered, "queued")],
                    parent=name,
                )
                ring(child, self.phone(dials[0]), answered)
                # Both hang up together.
                call.steps[-1] = (child.steps[-1][0], "completed")
                self.calls.append(child)
            self.calls.append(call)
            return call

    def call(self, name: str) -> Call:
        """The call with this SID.

        Raises:
            Problem: there is none.
        """
        found = next((one for one in self.calls if one.sid == name), None)
        if found is None:
            raise Problem(20404)
        return found

    def _keep(
        self, call: Call, over: datetime, seconds: int, said: str | None, late: timedelta
    ) -> None:
        recording, transcription = record(call, over, seconds, said, late)
        self.recordings.append(recording)
        if transcription is not None:
            self.transcriptions.append(transcription)
