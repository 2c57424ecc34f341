"""Words alone: what the rules say of a text before there is a reader or a line for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from inbox.address import ChannelKind, is_no_reply
from inbox.capability import Capabilities
from inbox.line import Line, LineHealth, LineState
from inbox.outgoing import Draft
from inbox.patient import Patient
from inbox.practice import Practice
from inbox.reply_path import Plan, Proof, ProofState
from inbox.situation import Recipient, Situation

ABOUT_THE_READER: Final = frozenset({"TW20", "TW23", "TW32"})
"""Rules that ask for a reader or a patient, whom words alone do not have."""
_ADDRESSES: Final = {
    ChannelKind.EMAIL: "frontdesk@practice.example",
    ChannelKind.SMS: "+15550107788",
    ChannelKind.PHONE: "+15550107700",
    ChannelKind.PORTAL: "https://portal.example/fhir",
}
_LONGEST_TEXT: Final = 1600


def on_a_good_line(
    draft: Draft,
    practice: Practice,
    now: datetime,
    staff_id: str,
    *,
    patient: Patient | None = None,
    recipients: tuple[Recipient, ...] = (),
) -> Situation:
    """A draft as it would be examined on a line that is proven and read this minute.

    Args:
        draft: Its words, channel, category; its line is chosen here.
        practice: Its hours and staff count; its first line of the channel is taken for good, and
            one is made up when it has none.
        now: When it is examined (aware).
        staff_id: Who would send it.
        patient: Whom it is about, when somebody is assumed.
        recipients: Whom it goes to, when somebody is assumed.
    """
    channel = draft.channel
    line = next(
        (one for one in practice.lines if one.channel is channel and not is_no_reply(one.address)),
        Line("sample", channel, _ADDRESSES[channel]),
    )
    rich = channel in {ChannelKind.EMAIL, ChannelKind.PORTAL}
    return Situation(
        draft=replace(draft, line_id=line.id),
        practice=practice,
        now=now,
        staff_id=staff_id,
        plan=Plan(line, Proof(line.id, ProofState.PROVEN, now, "round trip"), "taken for good"),
        health=LineHealth(line.id, LineState.READY, now),
        patient=patient,
        recipients=recipients,
        newest_inbound_id=draft.seen_message_id,
        capabilities=Capabilities(
            subject=rich,
            attachments=rich,
            max_characters=_LONGEST_TEXT if channel is ChannelKind.SMS else None,
        ),
        can_reply=True,
    )
