"""The practice: its name, its staff, its hours; what the configuration says, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from inbox.address import ChannelKind
from inbox.age import has_waited
from inbox.atlas import Atlas, Nowhere
from inbox.hours import Hours
from inbox.line import Line
from inbox.policy import RulePolicy
from inbox.quiet import Place, QuietRules


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person who works at the practice and acts under their own name."""

    id: str
    name: str
    """As patients know them: `Dana Reyes`."""
    direct_line: str = ""
    """A number that rings on their desk, past the phone tree (E.164), or empty."""
    email: str = ""

    @property
    def first_name(self) -> str:
        """What the reply-path lines call them."""
        return self.name.split()[0] if self.name.split() else self.id


@dataclass(frozen=True, slots=True)
class AnsweringService:
    """Who answers the phones when the practice does not."""

    number: str
    takes_messages: bool
    heads_up_channel: ChannelKind | None = None
    """How the service is told to expect a call."""
    heads_up_to: str = ""
    names_patients: bool = False
    """A heads-up names the patient; otherwise only that somebody may call back."""


@dataclass(frozen=True, slots=True)
class Practice:
    """Everything the rules need to know of the practice."""

    name: str
    timezone: ZoneInfo
    country: str = "US"
    subdivision: str = ""
    """State or province, by its code (ISO 3166-2 without the country): `TX`."""
    scheduling_url: str = ""
    hours: Hours = field(default_factory=Hours)
    """When the phones are staffed."""
    line_hours: dict[str, Hours] = field(default_factory=dict)
    """Hours of single lines, by line id, where they differ."""
    staff: tuple[StaffMember, ...] = ()
    lines: tuple[Line, ...] = ()
    answering_service: AnsweringService | None = None
    quiet: QuietRules = field(default_factory=QuietRules)
    """When texts and calls would wake somebody."""
    policy: RulePolicy = field(default_factory=RulePolicy)
    """What the practice thinks of the rules."""
    atlas: Atlas = field(default_factory=Nowhere)
    """Where postal codes and numbers are."""
    answer_within: timedelta | None = None
    """How soon everybody is to be answered, in staffed time; None: no limit is set."""

    def line(self, line_id: str) -> Line | None:
        """The line of this id, or None when the configuration no longer has it."""
        return next((line for line in self.lines if line.id == line_id), None)

    def member(self, staff_id: str) -> StaffMember | None:
        """The staff member of this id, or None."""
        return next((member for member in self.staff if member.id == staff_id), None)

    def is_overdue(self, since: datetime | None, now: datetime, line_id: str) -> bool:
        """Whether somebody who waits since then, on this line, has waited too long (IN06)."""
        if since is None or self.answer_within is None:
            return False
        return has_waited(since, now, self.hours_of(line_id), self.answer_within)

    def hours_of(self, line_id: str) -> Hours:
        """When this line is staffed: its own hours, else the practice's."""
        return self.line_hours.get(line_id, self.hours)

    @property
    def phone_hours(self) -> Hours:
        """When the phones are staffed: the first phone line's own hours, else the practice's."""
        phones = (line.id for line in self.lines if line.channel is ChannelKind.PHONE)
        own = (self.line_hours[id_] for id_ in phones if id_ in self.line_hours)
        return next(own, self.hours)

    @property
    def place(self) -> Place:
        """Where it is itself."""
        return Place(self.timezone.key, self.subdivision)

    @property
    def own_keys(self) -> frozenset[str]:
        """Every address that is the practice's own, to compare by."""
        return frozenset(key for line in self.lines for key in line.keys)
