"""What a server says it can do: its CapabilityStatement.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.portal.page import Record
from adapters.portal.resource import parts, word
from adapters.portal.thread import said_by_extension


@dataclass(frozen=True, slots=True)
class Statement:
    """What a server says of itself; None wherever it does not."""

    conditional: bool | None = None
    """A create may be bound to there being none yet (`If-None-Exist`)."""
    documents: bool | None = None
    """It takes files by themselves (Binary and DocumentReference)."""
    answerable: bool | None = None
    """Patients can answer; FHIR R4 has no word for it, so only an extension says so."""


def read_statement(record: Record) -> Statement:
    """A CapabilityStatement, read."""
    rest = next((one for one in parts(record, "rest") if word(one, "mode") != "client"), {})
    kinds = {word(one, "type"): one for one in parts(rest, "resource")}
    if not kinds:
        return Statement()
    messages = kinds.get("Communication", {})
    told = messages.get("conditionalCreate")
    answerable = [said_by_extension(one) for one in (messages, rest, record)]
    return Statement(
        conditional=told if isinstance(told, bool) else None,
        documents=all(_creates(kinds.get(one)) for one in ("Binary", "DocumentReference")),
        answerable=next((one for one in answerable if one is not None), None),
    )


def _creates(resource: Any) -> bool:
    return any(word(one, "code") == "create" for one in parts(resource, "interaction"))
