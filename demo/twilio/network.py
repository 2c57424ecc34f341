"""What the telephone network does with a call: it rings, and it takes down what is said."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.twilio.record import Call, Phone, Recording, Transcription, sid

_TRANSCRIBABLE = range(2, 121)
"""Seconds a recording may last to be transcribed (13617 otherwise)."""


def ring(call: Call, phone: Phone, begun: datetime) -> datetime | None:
    """Let a telephone ring; when it is answered, if it is."""
    answered = begun + timedelta(seconds=5)
    call.steps.append((begun + timedelta(seconds=1), "ringing"))
    if phone.leg == "busy":
        call.steps.append((begun + timedelta(seconds=2), "busy"))
        return None
    if phone.leg == "no-answer":
        call.steps.append((begun + timedelta(seconds=25), "no-answer"))
        return None
    call.steps.append((answered, "in-progress"))
    call.steps.append((answered + timedelta(seconds=phone.talks), "completed"))
    return answered


def record(
    call: Call, over: datetime, seconds: int, said: str | None, late: timedelta
) -> tuple[Recording, Transcription | None]:
    """A voicemail that was left, and what a machine makes of it.

    Args:
        call: the call.
        over: when it was over.
        seconds: how long they spoke.
        said: what they said; None: nothing is transcribed.
        late: how long after the call all of it comes up.
    """
    name = sid("RE", call.sid)
    recording = Recording(name, call.sid, "RecordVerb", over, seconds, over + late)
    if said is None:
        return recording, None
    fine = seconds in _TRANSCRIBABLE
    return recording, Transcription(
        sid("TR", name),
        name,
        over,
        said if fine else "(blank)",
        "completed" if fine else "failed",
        over + late,
    )
