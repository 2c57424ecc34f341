"""The JSON shapes of the commands; fields may be added, never renamed."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from inbox.conversation import ConversationRow
from inbox.finding import Finding
from inbox.message import Message, MessageStatus
from inbox.patient import ContactPoint, Patient, RiskWarning
from inbox.practice import Practice
from inbox.promise import Promise
from inbox.reply_path import Proof
from inbox.repository import OutboxRow
from inbox.signals.signal import Signal
from tui.commandline.output import stamp

Document = dict[str, Any]
"""One JSON object."""


def conversation(row: ConversationRow, now: datetime, practice: Practice) -> Document:
    """One row of `list --json`; `waiting_minutes` counts the time in which somebody was there."""
    zone = practice.timezone
    return {
        "id": row.id,
        "patient": row.patient_id,
        "patient_name": row.patient_name or None,
        "person": row.person or row.person_address or None,
        "address": row.person_address or None,
        "state": row.state.value,
        "channels": [channel.value for channel in row.channels],
        "line": row.line_id or None,
        "subject": row.subject,
        "snippet": row.snippet,
        "last_message_at": stamp(row.last_message_at, zone),
        "waiting_minutes": _waiting_minutes(row, now, practice),
        "waiting_since": stamp(row.waiting_since, zone),
        "leaves_at": stamp(row.leaves_at, zone),
        "urgent": row.urgent,
        "overdue": practice.is_overdue(row.waiting_since, now, row.line_id),
        "signals": list(row.signals),
        "unread": row.unread,
        "undelivered": row.undelivered,
        "needs_look": row.needs_look,
        "assigned_to": row.assigned_to or None,
        "snoozed_until": stamp(row.snoozed_until, zone),
        "recorded": not row.unrecorded,
    }


def _waiting_minutes(row: ConversationRow, now: datetime, practice: Practice) -> int | None:
    if row.waiting_since is None:
        return None
    hours = practice.hours_of(row.line_id)
    passed = now - row.waiting_since
    if any(hours.week):
        passed = hours.staffed_between(row.waiting_since, now)
    return max(0, int(passed.total_seconds() // 60))


def message(one: Message, zone: tzinfo, *, whole: bool = False) -> Document:
    """One message of `show --json`."""
    return {
        "id": one.id,
        "direction": one.direction.value,
        "channel": one.channel.value if one.channel else None,
        "kind": one.kind.value,
        "nature": one.nature.value,
        "line": one.line_id or None,
        "from": one.sender.value if one.sender else None,
        "from_name": (one.sender.name or None) if one.sender else None,
        "to": [address.value for address in one.to],
        "cc": [address.value for address in one.cc],
        "at": stamp(one.at, zone),
        "sent_at": stamp(one.sent_at, zone),
        "subject": one.subject,
        "text": one.whole if whole else one.text,
        "status": one.status.value,
        "status_text": one.status_text or None,
        "leaves_at": stamp(one.leaves_at, zone),
        "attachments": [
            {"name": file.name, "type": file.media_type, "size": file.size}
            for file in one.attachments
        ],
        "about": one.patient_id,
        "about_reason": one.match_reason or None,
        "confidential": one.confidential,
        "staff": one.staff_id or None,
        "message_id": one.message_id or None,
        "proof": one.proof or None,
        "because": one.because or None,
        "outbox_id": one.outbox_id,
        "call": _call(one),
        "recorded": one.recorded,
        "partial": one.partial,
        "retracted": one.retracted,
        "deleted_on_server": one.gone,
        "set_aside": one.set_aside or None,
    }


def _call(one: Message) -> Document | None:
    """What became of a call of ours; `finished` is false while something of its log is missing."""
    if one.call is None:
        return None
    told = one.heads_up
    left = told is None or told in {MessageStatus.SENT, MessageStatus.DELIVERED}
    return {
        "outcome": one.call.outcome.value if one.call.outcome else None,
        "ways": sorted(way.value for way in one.call.ways),
        "watched": one.call.watched or None,
        "heads_up": told.value if told else None,
        "finished": one.call.outcome is not None and left,
    }


def finding(one: Finding) -> Document:
    """One finding; `fix` is the way out in words, or null."""
    return {
        "rule": one.rule,
        "severity": one.severity.value,
        "reason": one.reason,
        "fix": one.fix.label if one.fix else None,
        "fixes": [fix.label for fix in one.fixes],
    }


def signal(one: Signal, zone: tzinfo) -> Document:
    """One of a message's `signals`."""
    return {
        "rule": one.rule,
        "state": one.state.value,
        "words": one.words or None,
        "at": stamp(one.at, zone),
        "by": one.by or None,
    }


def proof(one: Proof | None, zone: tzinfo) -> Document | None:
    """What is known of a line's reply path."""
    if one is None:
        return None
    return {"state": one.state.value, "at": stamp(one.at, zone), "how": one.how or None}


def promise(one: Promise, now: datetime, zone: tzinfo) -> Document:
    """One promise of `promises --json`."""
    return {
        "id": one.id,
        "kind": one.kind.value,
        "said": one.said or None,
        "due": stamp(one.due, zone),
        "owner": one.owner,
        "state": one.state(now).value.replace(" ", "-"),
        "minutes_left": int((one.due - now).total_seconds() // 60),
        "conversation": one.conversation_id,
        "patient": one.patient_id,
        "person": one.person,
        "made_at": stamp(one.made_at, zone),
        "asked_at": stamp(one.asked_at, zone),
        "answered_at": stamp(one.answered_at, zone),
        "everybodys_at": stamp(one.everybodys_at, zone),
        "withdrawn_because": one.withdrawn_because or None,
        "outbox_id": one.outbox_id,
    }


def outbox_row(row: OutboxRow, zone: tzinfo) -> Document:
    """One row of `outbox --json`."""
    return {
        "id": row.id,
        "state": row.status.value,
        "conversation": row.conversation_id,
        "channel": row.draft.channel.value,
        "line": row.draft.line_id,
        "from": row.line_address,
        "to": [address.value for address in row.draft.recipients],
        "subject": row.draft.subject,
        "queued_at": stamp(row.created_at, zone),
        "due_at": stamp(row.not_before, zone),
        "leaves_at": stamp(row.leaves_at, zone),
        "sent_at": stamp(row.sent_at, zone),
        "attempts": row.attempts,
        "retries_by_itself": row.automatic_retry,
        "problem": row.status_text or None,
        "hint": row.hint or None,
        "staff": row.staff_id,
        "because": row.because or None,
    }


def patient(one: Patient) -> Document:
    """One patient of `patients show --json`."""
    form = one.form
    return {
        "id": one.id,
        "given": one.given,
        "family": one.family,
        "birth_date": one.birth_date.isoformat() if one.birth_date else None,
        "contact": [_point(point) for point in one.points],
        "proxies": [
            {
                "name": proxy.name,
                "relation": proxy.relation,
                "contact": [_point(point) for point in proxy.points],
                "until": proxy.until.isoformat() if proxy.until else None,
            }
            for proxy in one.proxies
        ],
        "preferred_channel": one.preferred_channel.value if one.preferred_channel else None,
        "language": one.language or None,
        "best_time": one.best_time or None,
        "timezone": one.timezone or None,
        "postal_code": one.postal_code or None,
        "region": one.state or None,
        "privacy_form": {
            "form_date": form.form_date.isoformat() if form.form_date else None,
            "version": form.version or None,
            "voicemail": form.voicemail.value,
            "voicemail_on": list(form.voicemail_on),
            "sms": form.sms.value,
            "sms_warned": _warned(form.sms_warned),
            "email": form.email.value,
            "email_warned": _warned(form.email_warned),
            "portal": form.portal.value,
            "portal_state": form.portal_state.value,
            "confidential": form.confidential.value if form.confidential else None,
            "may_tell": [known.name for known in form.may_tell],
            "confidants": [
                {"name": known.name, "relation": known.relation or None, "detail": known.detail}
                for known in form.may_tell
            ],
        },
    }


def _warned(one: RiskWarning | None) -> Document | None:
    if one is None:
        return None
    return {"on": one.on.isoformat() if one.on else None, "version": one.version or None}


def _point(point: ContactPoint) -> Document:
    return {
        "system": point.system.value,
        "value": point.value,
        "use": point.use.value,
        "rank": point.rank,
        "health": point.health.value,
        "health_reason": point.health_reason or None,
    }
