"""Rules about reminders and the portal: no detour, no dead end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inbox.address import ChannelKind
from inbox.finding import Finding, Fix, Severity
from inbox.outgoing import Category
from inbox.rules.patterns import INVITES_REPLY, LINK, PORTAL_LOGIN, REMINDER, RESULTS
from inbox.rules.privacy import says_much
from inbox.rules.rule import rule
from inbox.rules.sentence import with_sentence, without_sentence
from inbox.rules.ways import other_channels
from inbox.rules.wording import wording
from inbox.situation import Situation

_EMERGENCY: Final = re.compile(r"\b(?:911|112|999|000|111)\b")
_ANSWERED_WHEN: Final = re.compile(
    r"\b\d{1,2}(?::\d{2})?\s?[ap]\.?m\b|\b\d{1,2}:\d{2}\b|\btomorrow\b|\bmorning\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\{phones\.open\}",
    re.IGNORECASE,
)
_ANSWERED_HOW: Final = re.compile(
    r"\b(?:answer|write|reply\s+to|text|e-?mail|call|get\s+back\s+to)\s+(?:to\s+)?you\b"
    r"|\b(?:call|write|text)\s+back\b",
    re.IGNORECASE,
)


def about_results(situation: Situation) -> bool:
    """Whether it is about results or documents: by its category, its files or its words."""
    draft = situation.draft
    return (
        draft.category is Category.RESULT
        or bool(draft.attachments)
        or wording(draft.text).says(RESULTS)
    )


@rule("TW07", "Sends them to the portal for a reminder")
def portal_detour(situation: Situation) -> Iterator[Finding]:
    """A reminder says date, time and place itself; nobody should log in to learn them.

    Keep the portal for documents and results.
    """
    draft = situation.draft
    if draft.channel is ChannelKind.PORTAL:
        return
    said = wording(draft.text)
    found = said.find(PORTAL_LOGIN)
    if found is None or about_results(situation):
        return
    if draft.category is not Category.REMINDER and not said.says(REMINDER):
        return
    text = without_sentence(draft.text, found.start(), found.end())
    url = situation.practice.scheduling_url
    label = "Take the sentence out"
    if url and url not in text:
        label = "Give the link to schedule instead"
        text = with_sentence(text, f"To choose or change the time: {url}")
    yield Finding(
        "TW07",
        Severity.HOLD,
        "It sends them to the portal for a mere reminder. Say when and where right here.",
        Fix(label, text=text),
    )


@rule("TW08", "Points to the portal and says no more")
def portal_pointer(situation: Situation) -> Iterator[Finding]:
    """Who is sent to the portal should know what waits there, and how to answer without logging in.

    Neutral words are enough: “a document about your visit on Friday”.
    """
    draft = situation.draft
    said = wording(draft.text)
    if draft.channel is ChannelKind.PORTAL or not said.says(PORTAL_LOGIN):
        return
    reminder = draft.category is Category.REMINDER or said.says(REMINDER)
    if reminder and not about_results(situation):
        return
    if not said.says(INVITES_REPLY):
        yield Finding(
            "TW08",
            Severity.INFO,
            "Say in neutral words what waits in the portal, and how to answer without it.",
            Fix(
                "Add a way to answer",
                text=with_sentence(draft.text, "You can also just reply to this message."),
            ),
        )


@rule("TW09", "A reminder without a way to act")
def reminder_no_link(situation: Situation) -> Iterator[Finding]:
    """A reminder has a link to schedule, or says what to reply.

    Then it is answered in a minute, and nobody has to call.
    """
    draft = situation.draft
    if draft.category is not Category.REMINDER:
        return
    said = wording(draft.text)
    if said.says(LINK) or said.says(INVITES_REPLY):
        return
    url = situation.practice.scheduling_url
    sentence = (
        f"To change it, reply here or go to {url}" if url else "To change it, just reply here."
    )
    yield Finding(
        "TW09",
        Severity.WARN,
        "They cannot act on it: there is no link to schedule and no word on replying.",
        Fix("Add how to answer", text=with_sentence(draft.text, sentence)),
    )


@rule("TW10", "The portal takes no answer", core=True)
def portal_deaf(situation: Situation) -> Iterator[Finding]:
    """A portal message that cannot be answered is a notice board.

    Let the portal take replies, or use another channel. Where neither the thread nor the portal
    says whether they can answer, a person may decide; `replies` in the line's configuration says it
    once for all.
    """
    if situation.draft.channel is not ChannelKind.PORTAL or situation.can_reply is True:
        return
    agreed = other_channels(situation, agreed=True)
    more = () if says_much(situation.draft.text) else other_channels(situation)
    ways = tuple(dict.fromkeys((*agreed, *more)))
    first = ways[0] if ways else None
    if situation.can_reply is None:
        said = situation.reply_words or "The portal does not say whether they can answer there."
        yield Finding("TW10", Severity.HOLD, said, first, ways[1:])
        return
    said = situation.reply_words or "They cannot answer in this portal thread."
    way = "Choose another channel." if ways else "Call them: they agreed to no other channel."
    yield Finding("TW10", Severity.BLOCK, f"{said} {way}", first, ways[1:])


@rule("TW37", "An after-hours answer that leaves them alone")
def after_hours(situation: Situation) -> Iterator[Finding]:
    """Who writes when nobody is there is told three things.

    To call 911 in an emergency; when somebody reads what they wrote; and how they are answered. The
    rule looks at messages of the category `after-hours`, which a template gives them.
    """
    draft = situation.draft
    if draft.category is not Category.AFTER_HOURS:
        return
    missing = []
    if not _EMERGENCY.search(draft.text):
        missing.append("to call 911 in an emergency")
    if not _ANSWERED_WHEN.search(draft.text):
        missing.append("when somebody reads it")
    if not (_ANSWERED_HOW.search(draft.text) or wording(draft.text).says(INVITES_REPLY)):
        missing.append("how they are answered")
    if missing:
        yield Finding("TW37", Severity.WARN, f"It does not say {', nor '.join(missing)}.")
