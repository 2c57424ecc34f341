"""Where a message of ours is on its way, as `Communication.status` tells.

http://hl7.org/fhir/R4/valueset-event-status.html
"""

from __future__ import annotations

from typing import Any

from adapters.portal.resource import codes, concept, word
from inbox.message import DeliveryReport, FailedRecipient

DRAFT = "preparation"
"""Somebody is writing it; it has not been sent."""

_ACTIONS = {
    "in-progress": "relayed",
    "on-hold": "delayed",
    "completed": "delivered",
    "not-done": "failed",
    "stopped": "failed",
}
"""The action of RFC 3464 section 2.3.3 that says the same."""
_REASONS = {
    "system-error": "The portal had trouble of its own.",
    "invalid-phone-number": "The phone number is wrong.",
    "recipient-unavailable": "The patient cannot be reached in the portal.",
    "family-objection": "The family does not want it.",
    "patient-objection": "The patient does not want it.",
    "unknown": "The portal does not say why.",
}
"""http://terminology.hl7.org/CodeSystem/communication-not-done-reason."""


def is_draft(resource: Any) -> bool:
    """Whether a Communication has not been sent yet: what others are writing is not for us."""
    return isinstance(resource, dict) and resource.get("status") == DRAFT


def is_retracted(resource: Any) -> bool:
    """Whether its author took a Communication back."""
    return isinstance(resource, dict) and resource.get("status") == "entered-in-error"


def report_of(resource: Any, own: str, to: str) -> DeliveryReport | None:
    """What a message of ours tells of its way; None while there is nothing to tell.

    Args:
        resource: The Communication.
        own: Its own reference.
        to: Whom it goes to.
    """
    status = word(resource, "status", 40)
    action = _ACTIONS.get(status)
    if action is None or not own:
        return None
    enhanced, words = "", ""
    if status == "stopped":
        enhanced, words = "5.0.0", "It was cancelled in the portal."
    elif action == "failed":
        known = (_REASONS[code] for code in codes(resource, "statusReason") if code in _REASONS)
        enhanced = "5.0.0"
        words = next(known, "") or concept(resource, "statusReason") or _REASONS["unknown"]
    return DeliveryReport(
        recipients=(FailedRecipient(address=to, action=action, status=enhanced, diagnostic=words),),
        original_message_id=own,
    )
