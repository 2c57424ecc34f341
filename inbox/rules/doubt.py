"""Rules about addresses whose reader said something that nobody has decided on yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inbox.finding import Finding, Severity
from inbox.rules.rule import rule
from inbox.signals.signal import ASKS_TO_STOP, OPT_OUT, WRONG_PERSON
from inbox.situation import Situation

_WORD: Final = re.compile(r"[^\W\d_]{2,40}")


@rule("TW43", "They may have asked us to stop")
def may_have_opted_out(situation: Situation) -> Iterator[Finding]:
    """What a list makes waits while a person has yet to decide whether somebody opted out.

    They wrote something like “please stop texting me” (IN03), or STOP where it is only proposed
    (IN02). Open the conversation and decide; what a person writes to them may go.
    """
    if not situation.draft.automatic:
        return
    for recipient in situation.recipients:
        if {OPT_OUT, ASKS_TO_STOP} & recipient.doubts:
            yield Finding(
                "TW43",
                Severity.HOLD,
                f"Somebody at {recipient.address.value} asked us to stop, and nobody has decided"
                " on it yet.",
            )
            return


@rule("TW44", "It may be the wrong person", core=True)
def may_be_a_stranger(situation: Situation) -> Iterator[Finding]:
    """Where somebody said “wrong number”, nothing is sent until a person has decided.

    The patient's name is never said there. To ask who it is, leave the name out and give the
    reason.
    """
    for recipient in situation.recipients:
        if WRONG_PERSON not in recipient.doubts:
            continue
        where = recipient.address.value
        patients = recipient.patients or ((situation.patient,) if situation.patient else ())
        names = {word for one in patients for word in _words(one.name)}
        said = names & set(_words(f"{situation.draft.subject} {situation.draft.text}"))
        if said:
            yield Finding(
                "TW44",
                Severity.BLOCK,
                f"Whoever reads {where} said they are not the patient. Leave the patient's name"
                " out.",
            )
        else:
            yield Finding(
                "TW44",
                Severity.HOLD,
                f"Whoever reads {where} said they are not the patient, and nobody has decided on"
                " it yet.",
            )
        return


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
