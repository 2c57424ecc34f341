"""Where a text of ours is on its way, and what to tell of it.

A status only ever moves forward: lists may lag behind by minutes, so an older word can come after a
newer one.
"""

from __future__ import annotations

from typing import Any

from adapters.phone.code import code_of, effect_of
from inbox.message import DeliveryReport, Effect, FailedRecipient
from inbox.plain import plain_line

_RANK = {
    "accepted": 0,
    "scheduled": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "partially_delivered": 5,
    "delivered": 6,
    "undelivered": 6,
    "failed": 6,
    "canceled": 6,
    "read": 7,
}
_END = 6
_ACTIONS = {
    "sent": "relayed",
    "partially_delivered": "delayed",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""The action of RFC 3464 section 2.3.3 that says the same."""


def is_final(status: object) -> bool:
    """Whether a text stays as it is; a status nobody knows may still change."""
    return _RANK.get(str(status), 0) >= _END


def rank(status: object) -> int:
    """How far along a status is; 0 for one that nobody knows."""
    return _RANK.get(str(status), 0)


def report_of(message: dict[str, Any]) -> DeliveryReport | None:
    """What a text of ours tells of its way; None while there is nothing to tell."""
    status = str(message.get("status"))
    action = _ACTIONS.get(status)
    if action is None:
        return None
    enhanced, words, hint, effect = "", "", "", Effect.NONE
    if action == "failed":
        number = message.get("error_code")
        code = code_of(number if isinstance(number, int) else 30008)
        enhanced, words = code.enhanced, code.sentence
        hint, effect = code.hint, effect_of(code)
        if status == "canceled":
            enhanced, words = "5.0.0", "It was cancelled before it left."
            hint, effect = "", Effect.NONE
    return DeliveryReport(
        recipients=(
            FailedRecipient(
                address=plain_line(str(message.get("to", "")), 100),
                action=action,
                status=enhanced,
                diagnostic=words,
                hint=hint,
                effect=effect,
            ),
        ),
        original_message_id=plain_line(str(message.get("sid", "")), 100),
    )
