"""What was said and what holds, in the words of the patient panel and the privacy form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from inbox.address import AddressSystem, ChannelKind
from inbox.patient import Consent, ContactPoint, Proxy, RiskWarning
from tui.widgets.cells import one_line

if TYPE_CHECKING:
    from datetime import tzinfo

    from inbox.repository import ConsentEntry, ConsentKey
    from inbox.storage.patient import SharedPoint

_CHANNELS = {
    AddressSystem.EMAIL: (ChannelKind.EMAIL,),
    AddressSystem.PHONE: (ChannelKind.SMS, ChannelKind.PHONE),
    AddressSystem.PORTAL: (ChannelKind.PORTAL,),
}
_PLURALS = {
    ChannelKind.EMAIL: "e-mails",
    ChannelKind.SMS: "texts",
    ChannelKind.PHONE: "calls",
    ChannelKind.PORTAL: "portal messages",
}


def plural(channel: ChannelKind) -> str:
    """What goes over a channel: `texts`."""
    return _PLURALS[channel]


def channels_of(point: ContactPoint) -> tuple[ChannelKind, ...]:
    """The channels that reach a contact point."""
    return _CHANNELS[point.system]


def said_words(
    point: ContactPoint, consents: Mapping[ConsentKey, ConsentEntry], zone: tzinfo
) -> list[tuple[str, bool]]:
    """What was said last about an address, channel by channel, and whether it is a no."""
    found = []
    for channel in channels_of(point):
        entry = consents.get((point.address.key, channel))
        if entry is None:
            continue
        day = entry.at.astimezone(zone).date().isoformat()
        words = {
            Consent.DECLINED: "OPTED OUT of",
            Consent.ACCEPTED: "accepted",
            Consent.IMPLIED: "began",
            Consent.UNKNOWN: "said nothing of",
        }[entry.consent]
        warned = f", warned {entry.warned_on.isoformat()}" if entry.warned_on else ""
        how = f" ({one_line(entry.method, 40)})" if entry.method else ""
        said = f"{words} {plural(channel)} {day}{how}{warned}"
        found.append((said, entry.consent is Consent.DECLINED))
    return found


def shared_words(point: ContactPoint, shared: Iterable[SharedPoint]) -> str:
    """`shares phone with Luis Jimenez`, or nothing."""
    names = [
        one_line(one.name, 60) + (f" (their {one_line(one.proxy, 30)})" if one.proxy else "")
        for one in shared
        if one.address.key == point.address.key and one.address.system is point.system
    ]
    return f"shares {point.system.value} with {', '.join(names)}" if names else ""


def warned_words(warned: RiskWarning | None) -> str:
    """`, warned 2026-03-02 (version 2)`, or nothing."""
    if warned is None or warned.on is None:
        return ""
    version = f" (version {one_line(warned.version, 20)})" if warned.version else ""
    return f", warned {warned.on.isoformat()}{version}"


def access_words(proxy: Proxy, today: date) -> str:
    """`until 2027-01-01`, `ended 2026-01-02`, or nothing."""
    if proxy.until is None:
        return ""
    return f"{'ended' if proxy.ended_by(today) else 'until'} {proxy.until.isoformat()}"
