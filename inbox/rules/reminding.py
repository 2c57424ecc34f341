"""Rules about reminders and the portal: no detour, no dead end."""

from __future__ import annotations

from collections.abc import Iterator

from inbox.address import ChannelKind
from inbox.finding import Finding, Fix, Severity
from inbox.outgoing import Category
from inbox.rules.patterns import INVITES_REPLY, LINK, PORTAL_LOGIN, REMINDER, RESULTS
from inbox.rules.privacy import says_much
from inbox.rules.rule import rule
from inbox.rules.sentence import with_sentence, without_sentence
from inbox.situation import Situation


def _about_results(situation: Situation) -> bool:
    draft = situation.draft
    return (
        draft.category is Category.RESULT
        or bool(draft.attachments)
        or RESULTS.search(draft.text) is not None
    )


@rule("TW07", "Sends them to the portal for a reminder")
def portal_detour(situation: Situation) -> Iterator[Finding]:
    """A reminder says date, time and place itself; nobody should log in to learn them.

    Keep the portal for documents and results.
    """
    draft = situation.draft
    if draft.channel is ChannelKind.PORTAL or _about_results(situation):
        return
    found = PORTAL_LOGIN.search(draft.text)
    if found is None:
        return
    if draft.category is not Category.REMINDER and REMINDER.search(draft.text) is None:
        return
    yield Finding(
        "TW07",
        Severity.HOLD,
        "It sends them to the portal for a mere reminder. Say when and where right here.",
        Fix(
            "Take the sentence out",
            text=without_sentence(draft.text, found.start(), found.end()),
        ),
    )


@rule("TW08", "Points to the portal and says no more")
def portal_pointer(situation: Situation) -> Iterator[Finding]:
    """Who is sent to the portal should know what waits there, and how to answer without logging in.

    Neutral words are enough: “a document about your visit on Friday”.
    """
    draft = situation.draft
    if draft.channel is ChannelKind.PORTAL or PORTAL_LOGIN.search(draft.text) is None:
        return
    reminder = draft.category is Category.REMINDER or REMINDER.search(draft.text) is not None
    if reminder and not _about_results(situation):
        return
    if not INVITES_REPLY.search(draft.text):
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
    if LINK.search(draft.text) or INVITES_REPLY.search(draft.text):
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

    Let the portal take replies, or use another channel. Where the portal does not say, a person may
    decide.
    """
    if situation.draft.channel is not ChannelKind.PORTAL or situation.can_reply is True:
        return
    if situation.can_reply is None:
        yield Finding(
            "TW10", Severity.HOLD, "The portal does not say whether they can answer there."
        )
        return
    yield Finding(
        "TW10",
        Severity.BLOCK,
        "They cannot answer in this portal thread. Choose another channel.",
        Fix("Send it by e-mail", channel=ChannelKind.EMAIL)
        if not says_much(situation.draft.text)
        else None,
    )
