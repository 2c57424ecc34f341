"""FHIR R4 Consent (http://hl7.org/fhir/R4/consent.html): which channels a patient allowed.

The standard has no field for a channel. Two code systems that it names say one without guessing:
`contact-point-system` and `v3-ParticipationMode`, as a provision's `code`. Whatever else narrows a
provision (actors, purposes, data, ...) is not what a privacy form asks: such a provision is
reported and left out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from inbox.patient import Consent
from tui.importing.entry import Reader
from tui.importing.own import list_in, object_in

_SCOPE = "patient-privacy"
_CHANNELS = {
    ("contact-point-system", "email"): "email",
    ("contact-point-system", "sms"): "sms",
    ("v3-ParticipationMode", "EMAILWRIT"): "email",
    ("v3-ParticipationMode", "SMSWRIT"): "sms",
}
_ANSWERS = {"permit": Consent.ACCEPTED, "deny": Consent.DECLINED}
_DEEPEST = 5
_NARROWS = (
    "actor", "action", "securityLabel", "purpose", "class", "dataPeriod", "data",
)  # fmt: skip


def read_consent(one: dict[str, Any], read: Reader, today: date | None) -> dict[str, Any]:
    """What a Consent says, as fields of the privacy form; empty when it says nothing of ours.

    Args:
        one: The resource.
        read: Notes what was not understood, by path.
        today: For provisions that have not begun or are over; None: none is.
    """
    if one.get("status") != "active":
        read.left_out("status", "is not active: not taken")
        return {}
    if _SCOPE not in _codes(one.get("scope")):
        read.left_out("scope", f"is not {_SCOPE}: not taken")
        return {}
    if not any(_codes(category) for category in list_in(read, "category", one.get("category"))):
        read.left_out("category", "has no code; it is taken by its scope")
    signed = read.past("dateTime", str(one.get("dateTime") or "")[:10])
    doubtful: set[str] = set()
    root = object_in(read, "provision", one.get("provision"))
    answers = _level([(root, "provision")], read, today, doubtful)
    found = {
        channel: answer
        for channel, answer in answers.items()
        if channel not in doubtful or answer is Consent.DECLINED
    }
    if not found:
        read.left_out("provision", "names no channel: not taken")
        return {}
    return {**found, **({"form_date": signed} if signed else {})}


def _level(
    parts: list[tuple[dict[str, Any], str]], read: Reader, today: date | None, doubtful: set[str]
) -> dict[str, Consent]:
    """The channels of provisions side by side, of which a deny counts more than a permit.

    What is nested is an exception and counts more than what it is nested in.

    Args:
        parts: Each provision with its path.
        read: Notes what was not understood.
        today: As in `read_consent`.
        doubtful: Gets the channels of a deny that cannot be taken as it is.
    """
    found: dict[str, Consent] = {}
    for one, path in parts:
        inner = list_in(read, f"{path}.provision", one.get("provision"))
        if inner and path.count(".") >= _DEEPEST:
            read.wrong(f"{path}.provision", "is nested too deeply")
            inner = []
        nested = [
            (object_in(read, place, part), place)
            for place, part in (
                (f"{path}.provision[{at}]", part) for at, part in enumerate(inner, start=1)
            )
        ]
        said = _provision(one, path, read, today, doubtful)
        said |= _level(nested, read, today, doubtful) if nested else {}
        for channel, answer in said.items():
            if found.get(channel) is not Consent.DECLINED:
                found[channel] = answer
    return found


def _provision(
    one: dict[str, Any], path: str, read: Reader, today: date | None, doubtful: set[str]
) -> dict[str, Consent]:
    """The channels that one provision names itself."""
    codes = list_in(read, f"{path}.code", one.get("code"))
    if not codes:
        return {}
    answer = _ANSWERS.get(str(one.get("type")))
    if answer is None:
        read.left_out(f"{path}.type", "is neither permit nor deny")
        doubtful |= _named(codes)
        return {}
    narrowed = [name for name in _NARROWS if one.get(name)]
    if narrowed:
        read.left_out(f"{path}.{narrowed[0]}", "narrows it in a way a privacy form does not know")
    if narrowed or not _in_force(one, path, read, today):
        if answer is Consent.DECLINED and (narrowed or not _over(one, today)):
            doubtful |= _named(codes)
        return {}
    found: dict[str, Consent] = {}
    for at, concept in enumerate(codes, start=1):
        channels = _named([concept])
        if len(channels) == 1 or (channels and answer is Consent.DECLINED):
            found |= dict.fromkeys(channels, answer)
        else:
            read.left_out(f"{path}.code[{at}]", "is no channel that is known")
    return found


def _over(one: dict[str, Any], today: date | None) -> bool:
    period = one.get("period")
    end = str(period.get("end") or "")[:10] if isinstance(period, dict) else ""
    return bool(end) and today is not None and end < today.isoformat()[: len(end)]


def _named(codes: list[Any]) -> set[str]:
    """The channels that codes name."""
    return {_CHANNELS[pair] for code in codes for pair in _pairs(code) if pair in _CHANNELS}


def _in_force(one: dict[str, Any], path: str, read: Reader, today: date | None) -> bool:
    period = object_in(read, f"{path}.period", one.get("period"))
    starts, ends = (
        read.day(f"{path}.period.{end}", str(period.get(end) or "")[:10])
        for end in ("start", "end")
    )
    if today is not None and ends is not None and ends < today:
        read.left_out(f"{path}.period.end", "has passed: not taken")
        return False
    if ends is not None:
        read.left_out(f"{path}.period.end", "is set; a privacy form has no end: not taken")
        return False
    if today is not None and starts is not None and starts > today:
        read.left_out(f"{path}.period.start", "lies ahead: not taken")
        return False
    return True


def _pairs(concept: Any) -> list[tuple[str, str]]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [
        (str(coding.get("system", "")).rpartition("/")[2], str(coding.get("code", "")))
        for coding in (codings if isinstance(codings, list) else [])
        if isinstance(coding, dict)
    ]


def _codes(concept: Any) -> set[str]:
    return {code for _, code in _pairs(concept)}
