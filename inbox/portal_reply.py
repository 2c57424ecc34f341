"""Whether a portal message can be answered: by its thread, by experience, by its portal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inbox.address import ChannelKind
from inbox.capability import Capabilities
from inbox.message import Message
from inbox.outgoing import Draft
from inbox.reply_path import PROOF_LASTS, Evidence, EvidenceKind
from inbox.repository import PortalThread, Repository


@dataclass(frozen=True, slots=True)
class ReplyWord:
    """Whether they can answer in the portal, and how that is known."""

    can_reply: bool | None
    """None: nobody says."""
    words: str
    """One sentence for what speaks against sending, or for why nothing does."""


UNKNOWN = ReplyWord(None, "Neither this thread nor the portal says whether they can answer there.")
NOT_SAID = ReplyWord(None, "The portal does not say whether patients can answer there.")
"""Where no thread is continued."""
COMPLETED = ReplyWord(
    None, "The portal calls this thread completed, which may mean that they cannot answer there."
)


@dataclass(frozen=True, slots=True)
class Continued:
    """The thread that a draft continues."""

    thread_key: str = ""
    """As the portal names it; empty: it begins a new one."""
    answers: str = ""
    """What the portal calls the message it answers; empty: none in particular."""


def judge_reply(
    thread: PortalThread | None,
    capabilities: Capabilities | None,
    evidence: Iterable[Evidence],
    line_id: str,
    now: datetime,
) -> ReplyWord:
    """Whether a message to a portal can be answered there.

    The thread's own word counts first; then that they answered in it before; then the word of the
    portal or of the practice's settings; then that a test patient's answer came home. A thread that
    is completed is closed where the portal keeps others open; where it completes all that is ever
    created, that says nothing.

    Args:
        thread: The thread it continues; None: it begins one.
        capabilities: What the portal can do; None: not known.
        evidence: What was seen of the lines.
        line_id: The portal's line.
        now: Aware.
    """
    if thread is not None:
        if thread.can_reply is False:
            return ReplyWord(False, "They cannot answer in this portal thread.")
        if thread.completed and thread.keeps_open:
            return ReplyWord(False, "This portal thread is closed: they cannot answer in it.")
        if thread.can_reply:
            return ReplyWord(True, "The portal lets them answer in this thread.")
        if thread.answered:
            return ReplyWord(True, "They have answered in this thread.")
    answerable = capabilities.answerable if capabilities is not None else None
    if answerable is not None:
        if answerable:
            return ReplyWord(True, "The portal takes answers from patients.")
        return ReplyWord(False, "This portal takes no answers from patients.")
    home = (
        seen
        for seen in evidence
        if seen.line_id == line_id and seen.kind is EvidenceKind.ROUND_TRIP
    )
    if any(now - seen.at <= PROOF_LASTS for seen in home):
        return ReplyWord(True, "The test patient's answer arrived.")
    if thread is None:
        return NOT_SAID
    return COMPLETED if thread.completed else UNKNOWN


async def continued(repository: Repository, draft: Draft, line_id: str) -> Continued:
    """The thread that a draft continues on a portal's line.

    That of the message it answers, else the one its conversation was last continued in. A row that
    is queued stays in the thread it was queued for.
    """
    if draft.channel is not ChannelKind.PORTAL:
        return Continued()
    if draft.outbox_id is not None:
        row = await repository.outbox.get(draft.outbox_id)
        own = await repository.conversations.message(row.message_id)
        return Continued(own.thread_key, row.in_reply_to)
    answered = None
    if draft.answers is not None:
        answered = await repository.conversations.message(draft.answers)
    if answered is not None and _is_there(answered, line_id):
        return Continued(answered.thread_key, answered.message_id)
    if draft.conversation_id is None:
        return Continued()
    return Continued(await repository.portal.current_thread(draft.conversation_id, line_id))


async def reply_word(
    repository: Repository,
    draft: Draft,
    line_id: str,
    capabilities: Capabilities | None,
    now: datetime,
) -> ReplyWord:
    """Whether a draft for a portal can be answered there, by all that is stored."""
    key = (await continued(repository, draft, line_id)).thread_key
    thread = await repository.portal.thread(line_id, key) if key else None
    evidence = await repository.lines.evidence()
    return judge_reply(thread, capabilities, evidence, line_id, now)


def _is_there(answered: Message, line_id: str) -> bool:
    """Whether a message lies in that very portal, under a name the portal gave it."""
    there = answered.channel is ChannelKind.PORTAL and answered.line_id == line_id
    return there and bool(answered.thread_key)
