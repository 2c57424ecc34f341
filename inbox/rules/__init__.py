"""The rules of the gate, one small function each."""

from __future__ import annotations

from typing import Final

from inbox.rules.content import attachment_forgotten, do_not_reply, unfilled
from inbox.rules.recipient import bad_contact, confidential, opted_out, shared_contact
from inbox.rules.rule import Rule
from inbox.rules.sender import no_reply_path, stale_poller
from inbox.rules.timing import duplicate, stale_reply

RULES: Final[tuple[Rule, ...]] = (
    no_reply_path,
    stale_poller,
    do_not_reply,
    opted_out,
    confidential,
    shared_contact,
    bad_contact,
    duplicate,
    stale_reply,
    unfilled,
    attachment_forgotten,
)
"""Every rule, by id."""

__all__ = ["RULES", "Rule"]
