"""Whatever happens in whatever order, on whatever kind of server: the same is stored."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from adapters.portal.channel import PortalChannel
from demo.portal.fault import Fault
from demo.portal.manners import Manners
from inbox.channel import RawItem
from inbox.errors import ConnectionLost, ServerRefused
from tests.adapters.portal.world import LUIS, OFFICE, PortalHandle

ROUNDS = 40
BAD_DAYS: dict[str, dict[str, object]] = {
    "good": {},
    "relative links": {"links": "relative"},
    "no links": {"links": "none"},
    "no links, no totals": {"links": "none", "totals": False},
    "links elsewhere": {"links": "far"},
    "links in a circle": {"links": "loop", "totals": False},
    "pages that shift": {"shift": True},
    "pages that repeat": {"repeat": True},
    "pages that skip": {"skip": True},
    "searches that are forgotten": {"forgets": True},
    "no stamps": {"stamps": False},
    "no stamps, no links": {"stamps": False, "links": "none"},
    "stamps are not searched by": {"by_stamp": False},
    "no order": {"sorts": False},
    "no order, no stamps": {"sorts": False, "stamps": False, "totals": False},
    "no order, no links": {"sorts": False, "links": "none"},
    "no versions": {"versions": False},
    "strict": {"strict": True, "warns": True},
    "unheard of": {"extra": True, "warns": True},
    "no offset, no links": {"offset": False, "links": "none"},
}
"""Kinds of servers there are, by what they do not do as they should."""


class Keeper:
    """What a store keeps of the batches of a channel, and how it breaks off."""

    def __init__(self, dice: random.Random) -> None:
        self.cursors: dict[str, str] = {}
        self.items: dict[str, RawItem] = {}
        self._dice = dice

    async def take(self, channel: PortalChannel, *, whole: bool) -> None:
        """Store batches; sometimes only the first few, as when the power fails."""
        most = 1_000 if whole else self._dice.choice([0, 1, 2, 1_000])
        run = channel.fetch(dict(self.cursors))
        async for batch in run:
            if most == 0:
                break
            most -= 1
            for item in batch.items:
                # A store knows an item by its name, and keeps what it has.
                self.items.setdefault(item.remote.item, item)
            self.cursors[batch.folder] = batch.cursor
        await run.aclose()  # type: ignore[attr-defined]  # fetch is an async generator

    def stored(self, channel: PortalChannel) -> dict[str, tuple[str, bool]]:
        """What is known of each message: the latest version of it wins."""
        latest: dict[str, tuple[str, str, bool]] = {}
        for item in self.items.values():
            one = channel.convert(item)
            told = (one.version, one.text, one.retracted)
            latest[one.message_id] = max(told, latest.get(one.message_id, told))
        return {name: (text, retracted) for name, (_, text, retracted) in latest.items()}


@pytest.mark.parametrize("day", BAD_DAYS)
@pytest.mark.parametrize("seed", range(2))
async def test_messages(
    seed: int, day: str, world: PortalHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(f"{seed} {day}")
    monkeypatch.setattr("adapters.portal.folder.BATCH_ITEMS", dice.choice([2, 7, 200]))
    monkeypatch.setattr("adapters.portal.folder.GLANCE_EVERY", 0.0)
    world.server.manners = Manners(**{"most": dice.choice([3, 5, 1000]), **BAD_DAYS[day]})  # type: ignore[arg-type]  # by name
    settings = world.settings(page_size=dice.choice([4, 20]))
    keeper, channel = Keeper(dice), world.channel(settings)
    # Without links and offsets only the time tells one page from the next.
    steps = [0.1, 2] if day == "no offset, no links" else [0, 0.1, 2]
    for _ in range(ROUNDS):
        world.clock.advance(seconds=steps[0])
        match dice.randrange(9):
            case 0 | 1:
                for number in range(dice.randrange(9)):
                    by = dice.choice(["Patient/rosa", LUIS, OFFICE])
                    world.write(f"words {number}", by=by)
                    world.clock.advance(seconds=dice.choice(steps))
            case 2:
                world.server.holdings.add(
                    world.made("late"), lag=timedelta(minutes=dice.choice([1, 4]))
                )
            case 3:
                written = world.server.holdings.all("Communication")
                if written:
                    held = dice.choice(written)
                    world.revise(held.id, status=dice.choice(["completed", "entered-in-error"]))
            case 4 | 5:
                world.clock.advance(minutes=dice.choice([0.2, 3, 15, 3000]))
            case 6:
                world.server.fail(Fault("drop", "GET", times=dice.randrange(1, 4)))
            case 7:
                await channel.close()
                channel = world.channel(settings)
            case _:
                with suppress(ConnectionLost, ServerRefused):
                    await keeper.take(channel, whole=False)
    world.server.faults.clear()
    for _ in range(3):
        world.clock.advance(minutes=11)
        await keeper.take(channel, whole=True)
    stored = keeper.stored(channel)
    await channel.close()
    assert stored == {
        held.reference: (
            held.resource["payload"][0]["contentString"],
            held.resource["status"] == "entered-in-error",
        )
        for held in world.server.holdings.all("Communication")
    }
