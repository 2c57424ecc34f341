"""Choosing what a draft leaves by: the line, the channel, a way out, and whom a new one goes to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual.screen import Screen

from inbox.address import Address, AddressSystem, ChannelKind
from inbox.desk import Desk
from inbox.finding import Finding, Fix, asks_whom
from inbox.outgoing import Draft
from inbox.patient import Patient
from inbox.words import line_words
from tui.reach import addresses_on
from tui.screens.choose import Choice, Choose
from tui.screens.telling import tell


async def choose_way_out(screen: Screen[Any], findings: Sequence[Finding]) -> Fix | None:
    """Another way out than the first one offered; asks when there are several.

    None when there is no other, or nothing was chosen.
    """
    ways = [(fix, one) for one in findings for fix in one.fixes]
    others, unfixed = ways[1:], [one for one in findings if not one.fixes]
    if not others and len(findings) < 2:
        only = bool(ways) or any(asks_whom(one) for one in findings)
        said = "The way out that is shown is the only one." if only else "It needs no way out."
        tell(screen.app, said)
        return None
    # The second way out of one finding is named beside the first; all else is in the list.
    if len(others) == 1 and others[0][1] is ways[0][1]:
        return others[0][0]
    choices: list[Choice[Fix | None]] = [Choice(fix, fix.label, one.reason) for fix, one in ways]
    choices += [Choice(None, one.reason, "no key mends it") for one in unfixed]
    chosen = await screen.app.push_screen_wait(Choose("Ways out", choices))
    return chosen.value if chosen is not None else None


async def choose_line(screen: Screen[Any], desk: Desk, draft: Draft) -> str | None:
    """The id of a line of the draft's channel, each shown with its proof; None: none was chosen."""
    views = [one for one in await desk.lines() if one.line.channel is draft.channel]
    choices = [
        Choice(one.line.id, line_words(one.line), f"{one.line.id} · {one.proof_words}")
        for one in views
    ]
    at = next((i for i, one in enumerate(views) if one.line.id == draft.line_id), 0)
    chosen = await screen.app.push_screen_wait(
        Choose("Which line does it leave from?", choices, marked=at)
    )
    return chosen.value if chosen is not None else None


async def choose_channel(
    screen: Screen[Any], kinds: Sequence[ChannelKind], present: ChannelKind
) -> ChannelKind | None:
    """Another channel than the present one; None: there is no other, or none was chosen."""
    if len(kinds) < 2:
        tell(screen.app, f"They can be reached by {present.words} only.")
        return None
    choices = [
        Choice(kind, kind.words, "opens the call screen" if kind is ChannelKind.PHONE else "")
        for kind in kinds
    ]
    chosen = await screen.app.push_screen_wait(Choose("Answer by", choices))
    return chosen.value if chosen is not None and chosen.value is not present else None


async def channels_for(
    desk: Desk, draft: Draft, patient: Patient | None
) -> tuple[ChannelKind, ...]:
    """Ways a draft could go: its own, those the conversation used, and those the patient has.

    Args:
        desk: For the practice's lines.
        draft: What is being written.
        patient: Whom it is about, when that is known.
    """
    ours = {line.channel for line in desk.practice.lines}
    used: set[ChannelKind] = set()
    if draft.conversation_id is not None:
        row = await desk.repository.conversations.row(draft.conversation_id)
        used = set(row.channels)
    known = {
        kind
        for kind in ChannelKind
        if patient is not None and addresses_on(kind, patient, desk.practice)
    }
    if any(kind.system is AddressSystem.PHONE for kind in used):
        known |= {ChannelKind.SMS, ChannelKind.PHONE}
    if draft.conversation_id is None and patient is None:
        known.discard(ChannelKind.PHONE)
    return tuple(
        kind
        for kind in ChannelKind
        if kind is draft.channel or (kind in ours and (kind in used or kind in known))
    )


Recipient = tuple[ChannelKind, Address, str | None]


def desk_recipients(desk: Desk) -> Callable[[str], Awaitable[list[Choice[Recipient]]]]:
    """Finds whom a new message can go to: patients' contact points, or an address as typed."""
    lines = {line.channel for line in desk.practice.lines}
    kinds = [kind for kind in ChannelKind if kind in lines and kind is not ChannelKind.PHONE]

    async def find(text: str) -> list[Choice[Recipient]]:
        text = text.strip()
        choices: list[Choice[Recipient]] = []
        if "@" in text and " " not in text and ChannelKind.EMAIL in kinds:
            address = Address(ChannelKind.EMAIL.system, text)
            choices.append(Choice((ChannelKind.EMAIL, address, None), text, "this e-mail address"))
        for patient in await desk.repository.patients.find(text, 40):
            for kind in kinds:
                for address in addresses_on(kind, patient, desk.practice):
                    portal = kind is ChannelKind.PORTAL
                    more = address.place if portal else f"{kind.words} {address.place}"
                    choices.append(Choice((kind, address, patient.id), patient.name, more))
        return choices

    return find
