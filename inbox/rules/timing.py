"""Rules about what happened meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from inbox.finding import Finding, Fix, Severity
from inbox.message import MessageStatus
from inbox.rules.rule import rule
from inbox.situation import Situation
from inbox.words import ago_words


@rule("TW30", "Sent already")
def duplicate(situation: Situation) -> Iterator[Finding]:
    """The same words to the same person twice within ten minutes are most likely a slip.

    It also holds while it is not known whether an earlier message to them left. The answering
    service is told of each call, in the same words.
    """
    for earlier in situation.earlier:
        ago = ago_words(earlier.at, situation.now)
        if earlier.status is MessageStatus.UNKNOWN:
            yield Finding(
                "TW30",
                Severity.HOLD,
                f"It is not known whether your message to them ({ago}) left. Look at it first.",
            )
            return
        # Whoever did not pick up may be called again at once, with the same words; and a heads-up
        # names nobody, so that those of two calls are the same.
        again = earlier.same_text and situation.draft.call is None and not situation.to_service
        if again and earlier.status is not MessageStatus.FAILED:
            yield Finding("TW30", Severity.HOLD, f"The same message went to them {ago}.")
            return


@rule("TW31", "They wrote again", core=True)
def stale_reply(situation: Situation) -> Iterator[Finding]:
    """Something arrived in this conversation after you began to write.

    Read it first: your answer may no longer fit.
    """
    draft = situation.draft
    known = max(draft.seen_message_id, draft.covered_message_id)
    if situation.newest_inbound_id > known and draft.conversation_id is not None:
        when = situation.newest_inbound_at
        ago = f" ({ago_words(when, situation.now)})" if when else ""
        yield Finding(
            "TW31",
            Severity.HOLD,
            f"They wrote again{ago} after you began. Read it first.",
            Fix("I have read it", seen_message_id=situation.newest_inbound_id),
        )
