"""Making the practice, as the rules know it, of what the configuration says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from inbox.address import ChannelKind
from inbox.hours import DAYS, Hours, parse_spans
from inbox.line import Line
from inbox.practice import AnsweringService, Practice, StaffMember
from tui.config.closures import Calendar
from tui.config.policy import rule_policy
from tui.config.tables import EmailTable, FileTables, LineTable, PluginTable, PortalTable

_SPAN = re.compile(r"(?=\d)(?:(\d{1,3})\s*h)?\s*(?:(\d{1,4})\s*min)?", re.IGNORECASE)


def make_practice(tables: FileTables, days: Calendar) -> Practice:
    """The practice of a checked file, with its holidays and closures."""
    zone = ZoneInfo(tables.practice.timezone)
    service = tables.answering_service
    heads_up = service.heads_up if service else None
    shared = {key: text for key, text in tables.hours.items() if isinstance(text, str)}
    return Practice(
        name=tables.practice.name,
        timezone=zone,
        country=tables.practice.country,
        subdivision=tables.practice.subdivision,
        scheduling_url=tables.practice.scheduling_url,
        answer_within=span_of(tables.practice.answer_within),
        policy=rule_policy(tables.rules),
        hours=_hours(shared, zone, days),
        line_hours={
            key: _hours(week, zone, days)
            for key, week in tables.hours.items()
            if isinstance(week, dict)
        },
        staff=tuple(
            StaffMember(member.id, member.name, member.direct_line, member.email)
            for member in tables.staff
        ),
        lines=tuple(
            Line(
                id=line.id,
                channel=ChannelKind(line.channel),
                address=address_of(line),
                name=line.name,
                also=line.also if isinstance(line, EmailTable) else (),
                test_patient=line.test_patient if isinstance(line, PortalTable) else "",
            )
            for line in tables.line
        ),
        answering_service=AnsweringService(
            number=service.number,
            takes_messages=service.takes_messages,
            heads_up_channel=ChannelKind(heads_up.channel) if heads_up else None,
            heads_up_to=heads_up.to if heads_up else "",
            names_patients=heads_up.names_patients if heads_up else False,
        )
        if service
        else None,
    )


def span_of(text: str) -> timedelta | None:
    """`4h`, `90min`, `1h 30min`; None when it is none."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes) or None


def _hours(texts: Mapping[str, str], zone: ZoneInfo, days: Calendar) -> Hours:
    week = tuple(parse_spans(texts.get(day, ""), f"hours.{day}") for day in DAYS)
    return Hours(week, zone, days)


def address_of(line: LineTable) -> str:
    """The address of a line, on whatever channel."""
    if isinstance(line, EmailTable | PluginTable):
        return line.address
    return line.base_url if isinstance(line, PortalTable) else line.number
