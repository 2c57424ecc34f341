"""Rules of texts, and of messages that a list makes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from inbox.address import ChannelKind
from inbox.finding import Finding, Fix, Severity
from inbox.number import number_words
from inbox.rules.leaving import leave_in_the_morning
from inbox.rules.patterns import OPT_OUT_WORDS, SHORTENER
from inbox.rules.rule import rule
from inbox.rules.sentence import with_sentence
from inbox.rules.ways import other_line
from inbox.rules.wording import wording
from inbox.segment import measure, with_plain_characters
from inbox.situation import Situation

_REPLY_WITHIN: Final = timedelta(minutes=60)
_MANY_SEGMENTS: Final = 3
_SHORT_CODE: Final = 6
_MOST_A_DAY, _MOST_A_WEEK = 1, 3


@rule("TW02", "The number cannot receive", core=True)
def deaf_sender(situation: Situation) -> Iterator[Finding]:
    """A text leaves only from a number that can be texted back.

    Names as senders, short codes, numbers without texting and messaging services that throw answers
    away cannot. Choose another line.
    """
    plan = situation.plan
    if plan is None or plan.line.channel not in {ChannelKind.SMS, ChannelKind.PHONE}:
        return
    why = ""
    number = plan.line.address.lstrip("+")
    if not number.isdigit():
        why = "it is a name, not a number"
    elif len(number) <= _SHORT_CODE:
        why = "it is a short code"
    elif situation.capabilities is not None:
        why = situation.capabilities.deaf_because or (
            "" if situation.capabilities.receives else "its provider cannot receive for it"
        )
    if why:
        yield Finding(
            "TW02",
            Severity.BLOCK,
            f"{number_words(plan.line.address)} cannot be answered: {why}. Choose another line.",
            other_line(plan),
        )


@rule("TW18", "Quiet hours", law="47 CFR 64.1200(c)(1)")
def quiet_hours(situation: Situation) -> Iterator[Finding]:
    """No texts and calls at night, in the reader's own time.

    Between 8:00 and 21:00 where they are, or what their state says; where only the number tells, in
    every place it may be. An answer to somebody who wrote within the hour is fine, to the very
    address and on the channel they wrote from: who sent an e-mail at night may still sleep beside
    the phone of another.
    """
    draft, quiet = situation.draft, situation.practice.quiet
    if draft.channel not in {ChannelKind.SMS, ChannelKind.PHONE} or situation.to_service:
        return
    leaves = situation.leaves_at
    asleep = [
        place
        for one in situation.recipients
        if draft.automatic or one.wrote_at is None or leaves - one.wrote_at > _REPLY_WITHIN
        for place in one.places
    ]
    if quiet.allows(leaves, asleep):
        return
    yield Finding(
        "TW18",
        Severity.HOLD,
        "It is a time to rest where they may be.",
        leave_in_the_morning(situation) if draft.channel is ChannelKind.SMS else None,
    )


@rule("TW24", "A shortened link")
def shortened_link(situation: Situation) -> Iterator[Finding]:
    """Public link shorteners are filtered by carriers, and nobody sees where they lead.

    Write the whole link, on the practice's own domain where you can.
    """
    said = wording(situation.draft.text)
    found = said.find(SHORTENER)
    if found is not None:
        yield Finding("TW24", Severity.WARN, f"“{said.quote(found)}” is shortened: write it out.")


@rule("TW25", "Length of a text")
def length(situation: Situation) -> Iterator[Finding]:
    """A text is sent in parts of 160 characters, or of 70 when it holds a character outside GSM-7.

    One curly quote is enough to more than halve them.
    """
    draft = situation.draft
    if draft.channel is not ChannelKind.SMS:
        return
    limit = situation.capabilities.max_characters if situation.capabilities else None
    if limit is not None and len(draft.text) > limit:
        yield Finding(
            "TW25",
            Severity.BLOCK,
            f"It has {len(draft.text):,} characters; a text takes {limit:,}. Shorten it.",
            firm=True,
        )
        return
    size = measure(draft.text)
    if size.segments <= 1:
        return
    because = f", because of “{size.offending}”" if size.offending else ""
    severity = Severity.WARN if size.segments > _MANY_SEGMENTS else Severity.INFO
    plain = with_plain_characters(draft.text) if size.offending else draft.text
    yield Finding(
        "TW25",
        severity,
        f"It is sent in {size.segments} parts{because}.",
        Fix("Write plain quotes and dashes", text=plain)
        if size.offending and measure(plain).gsm
        else None,
    )


@rule("TW26", "Does not say who writes")
def unnamed_practice(situation: Situation) -> Iterator[Finding]:
    """The first text to a number says which practice it is from.

    They do not know the number.
    """
    draft, name = situation.draft, situation.practice.name
    if draft.channel is not ChannelKind.SMS or not situation.first_contact:
        return
    if name.casefold() not in draft.text.casefold():
        yield Finding(
            "TW26",
            Severity.WARN,
            "It is the first text to this number and does not say who writes.",
            Fix("Begin with the practice's name", text=f"{name}: {draft.text}"),
        )


@rule("TW27", "No word on stopping", law="47 CFR 64.1200(a)(10)")
def no_opt_out(situation: Situation) -> Iterator[Finding]:
    """Texts that a list makes, and the first text to a number, say how to stop them.

    47 CFR 64.1200(a)(10): any reasonable way of saying stop is honoured.
    """
    draft = situation.draft
    wanted = draft.channel is ChannelKind.SMS and (draft.automatic or situation.first_contact)
    if wanted and not wording(draft.text).says(OPT_OUT_WORDS):
        yield Finding(
            "TW27",
            Severity.WARN,
            "It does not say how to stop texts.",
            Fix("Add how to stop", text=with_sentence(draft.text, "Reply STOP to opt out.")),
        )


@rule("TW28", "Too many reminders", law="47 CFR 64.1200(a)(9)(iv)")
def frequency(situation: Situation) -> Iterator[Finding]:
    """Nobody gets more than one message made by a list a day, and three a week.

    47 CFR 64.1200(a)(9)(iv) for texts and calls; a good measure for e-mail too.
    """
    if not situation.draft.automatic:
        return
    today, week = situation.automatic_today, situation.automatic_week
    if today >= _MOST_A_DAY or week >= _MOST_A_WEEK:
        yield Finding(
            "TW28",
            Severity.HOLD,
            f"They got {today} such messages today and {week} this week already.",
        )
