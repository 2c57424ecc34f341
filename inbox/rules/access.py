"""Rules about who may still read what concerns a patient."""

from __future__ import annotations

from collections.abc import Iterator

from inbox.finding import Finding, Severity
from inbox.rules.rule import rule
from inbox.rules.ways import other_points
from inbox.situation import Situation


@rule("TW41", "The access has ended", core=True)
def access_ended(situation: Situation) -> Iterator[Finding]:
    """Nothing about a patient goes to a proxy whose access has ended.

    A parent once the child is of age, somebody whose power of attorney ran out. Write to the
    patient; to answer the person without a word about the patient, link the conversation to nobody.
    If the access goes on, correct its end in the privacy form.
    """
    patient = situation.patient
    if patient is None:
        return
    today = situation.now.astimezone(situation.practice.timezone).date()
    for address in situation.draft.recipients:
        proxy = patient.ended_proxy_at(address, today)
        if proxy is None or proxy.until is None:
            continue
        ways = other_points(situation, address)
        yield Finding(
            "TW41",
            Severity.BLOCK,
            f"The access of their {proxy.relation or 'proxy'} ended on {proxy.until.isoformat()}:"
            " nothing about this patient goes there. Write to the patient.",
            ways[0] if ways else None,
            ways[1:],
        )
        return
