"""Listening: what the inbound rules hear in an arrival, and what takes effect at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from inbox.address import Address, ChannelKind
from inbox.clock import Clock
from inbox.consent import THEMSELVES
from inbox.message import Arrival, Direction, Nature
from inbox.patient import Consent, Patient
from inbox.practice import Practice
from inbox.repository import ConsentEntry, Filed, Filing, Repository
from inbox.signals.heard import Heard
from inbox.signals.opting import START_WORDS, may_opt_in, says_start
from inbox.signals.rules import listen
from inbox.signals.signal import BY_PATIENT, OPT_IN, OPT_OUT, Sign, SignalState

_HISTORY: Final = timedelta(days=1)
"""What is older than a line's first start by more than this alarms nobody."""
_ANSWERS: Final = re.compile(r"\s*(?:re|aw|sv|rv)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
"""How the subject of an answer begins (RFC 5322 section 3.6.5), in some languages."""


class Listening:
    """Runs the inbound rules on what is being filed."""

    def __init__(self, repository: Repository, practice: Practice, clock: Clock) -> None:
        """Listen on behalf of `practice`."""
        self._repository = repository
        self._clock = clock
        self._staff = _names(member.name for member in practice.staff)
        self._began: dict[str, datetime] = {}
        self._started: dict[str, datetime] = {}
        """When START was last said, by the address's key: history is read newest first."""

    async def begin(self, line_id: str) -> None:
        """A line is being read: remember since when, for what comes later."""
        if line_id not in self._began:
            now = self._clock()
            self._began[line_id] = await self._repository.signals.line_began(line_id, now)

    async def is_fresh(self, line_id: str, at: datetime) -> bool:
        """Whether something is not older than the practice's use of a line."""
        await self.begin(line_id)
        return at >= self._began[line_id] - _HISTORY

    async def signs(self, filing: Filing, candidates: Sequence[Patient]) -> tuple[Sign, ...]:
        """What is heard in an arrival, and whether it takes effect at once.

        Args:
            filing: The arrival; what is ours, and what a machine wrote, says nothing.
            candidates: Everybody its sender's address belongs to.
        """
        arrival, other = filing.arrival, filing.arrival.sender
        if filing.direction is not Direction.INBOUND or arrival.nature is not Nature.PERSONAL:
            return ()
        if other is not None and arrival.channel is ChannelKind.SMS and says_start(arrival.text):
            self._started[other.key] = max(filing.at, self._started.get(other.key, filing.at))
        declined = await self._declined(other, arrival.channel, arrival.text)
        liftable = (
            declined is not None
            and declined.at <= filing.at
            and await self._liftable(declined, candidates)
        )
        people = (patient.name for patient in candidates)
        heard = Heard(
            text=arrival.text if arrival.text.strip() else arrival.subject,
            subject=_own_subject(arrival),
            channel=arrival.channel,
            nature=arrival.nature,
            sender=other.value if other else "",
            files=len(arrival.attachments),
            names=self._staff | _names((other.name if other else "", *people)),
            opted_out_ago=filing.at - declined.at if declined else None,
        )
        fresh = await self.is_fresh(filing.line_id, filing.at)
        signs = listen(heard, fresh=fresh)
        if not any(sign.state is SignalState.PROPOSED for sign in signs):
            return signs
        return tuple(
            # What somebody opted out of does not expire: the newest word of a number holds, by the
            # time at which it was said.
            replace(sign, state=SignalState.APPLIED, by=BY_PATIENT)
            if other is not None
            and _at_once(sign, arrival.channel, liftable)
            and (fresh or self._started.get(other.key, filing.at) <= filing.at)
            else sign
            for sign in signs
        )

    async def heed(self, filing: Filing, filed: Filed) -> None:
        """Keep the consent that a message just filed gives or takes back at once."""
        other = filing.arrival.sender
        if other is None:
            return
        entries = [
            ConsentEntry(
                address=other,
                channel=filing.arrival.channel,
                consent=Consent.DECLINED if sign.rule == OPT_OUT else Consent.ACCEPTED,
                at=filing.at,
                by=BY_PATIENT,
                method=f"text {sign.words}",
                message_id=filed.message_id,
            )
            for sign in filing.signs
            if sign.state is SignalState.APPLIED and sign.rule in filed.heard
        ]
        if entries:
            await self._repository.consents.add(entries)

    def took_back(self, address: Address, at: datetime) -> bool:
        """Whether a later START is known already, when history says that they had stopped then."""
        return self._started.get(address.key, at) > at

    async def _declined(
        self, other: Address | None, channel: ChannelKind, text: str
    ) -> ConsentEntry | None:
        """The opt-out that holds for an address, looked up where the words may take it back."""
        if other is None or channel is not ChannelKind.SMS or not may_opt_in(text):
            return None
        said = await self._repository.consents.current([other])
        entry = said.get((other.key, channel))
        return entry if entry is not None and entry.consent is Consent.DECLINED else None

    async def _liftable(self, declined: ConsentEntry, holders: Sequence[Patient]) -> bool:
        """Whether START may take an opt-out back: it is theirs alone, and nobody's form says no."""
        channel = declined.channel
        if any(patient.form.consent(channel) is Consent.DECLINED for patient in holders):
            return False
        for entry in await self._repository.consents.history(declined.address):
            if entry.channel is channel and entry.consent is Consent.ACCEPTED:
                return True
            declines = entry.channel is channel and entry.consent is Consent.DECLINED
            if declines and entry.by not in THEMSELVES:
                return False
        return True


def _at_once(sign: Sign, channel: ChannelKind, liftable: bool) -> bool:
    if channel is not ChannelKind.SMS:
        return False
    if sign.rule == OPT_OUT:
        return True
    return sign.rule == OPT_IN and liftable and sign.words.casefold() in START_WORDS


def _own_subject(arrival: Arrival) -> str:
    """The subject where it is written for this message: that of an answer may be our own words."""
    return "" if not arrival.text.strip() or _ANSWERS.match(arrival.subject) else arrival.subject


def _names(names: Iterable[str]) -> frozenset[str]:
    words = " ".join(names).replace(",", " ").casefold().split()
    return frozenset(word for word in words if len(word) > 1)
