"""Messages that hold all that was said before them: what is new in each is shown once."""

from __future__ import annotations

import pytest

from tests.adapters.handle import collect
from tests.adapters.portal.conftest import Opening
from tests.adapters.portal.world import DANA, ROSA, PortalHandle

SAID = (
    "May I take the iron tablets together with the thyroid ones?",
    "Better not: leave four hours between the two.",
    "I take them in the evening now. Is milk all right with them?",
    "Take them with orange juice, and wait an hour before the milk.",
    "I will, thank you.",
)


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("headers", [True, False])
@pytest.mark.parametrize("always", [True, False])
async def test_a_whole_history_in_further_payloads_is_shown_once(
    opened: Opening, world: PortalHandle, size: int, headers: bool, always: bool
) -> None:
    part = [{"reference": f"Communication/{world.write()}"}] if headers else None
    last = ""
    for number, words in enumerate(SAID):
        world.clock.advance(minutes=1)
        repeated = reversed(SAID[:number]) if always or words == SAID[-1] else ()
        payload = [{"contentString": one} for one in (words, *repeated)]
        last = world.write(
            by=DANA if number % 2 else ROSA,
            payload=payload,
            partOf=part,
            inResponseTo=[{"reference": f"Communication/{last}"}] if last else None,
        )
    channel = opened(world, world.settings(page_size=size))
    items = [item for batch in await collect(channel) for item in batch.items]
    items.sort(key=lambda one: one.received_at)
    arrivals = [one for one in map(channel.convert, items) if one.text]
    assert [one.text for one in arrivals] == list(SAID)
    assert arrivals[-1].whole == "\n\n".join(reversed(SAID))


async def test_one_message_in_many_payloads_asks_for_nothing_more(
    opened: Opening, world: PortalHandle
) -> None:
    world.write(payload=[{"contentString": "First."}, {"contentString": "Second."}])
    channel = opened(world)
    [item] = [item for batch in await collect(channel) for item in batch.items]
    assert channel.convert(item).text == "First.\n\nSecond."
    assert world.asked("/Communication") == 1
