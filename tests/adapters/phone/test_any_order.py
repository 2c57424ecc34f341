"""Whatever happens in whatever order: everything is fetched, and nothing twice."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from adapters.phone.sms import SmsChannel
from adapters.phone.voice import VoiceChannel
from demo.twilio.fault import Fault
from inbox.errors import ConnectionLost
from tests.adapters.phone.world import DESK, LINE, ROSA, VOICE, PhoneHandle, VoiceHandle

ROUNDS = 60


class Keeper:
    """What a store keeps of the batches of a channel, and how it breaks off."""

    def __init__(self, dice: random.Random) -> None:
        self.cursors: dict[str, str] = {}
        self.items: list[tuple[str, str]] = []
        self._dice = dice

    async def take(self, channel: SmsChannel | VoiceChannel, *, whole: bool) -> None:
        """Store batches; sometimes only the first few, as when the power fails."""
        most = 1_000 if whole else self._dice.choice([0, 1, 2, 1_000])
        run = channel.fetch(dict(self.cursors))
        async for batch in run:
            if most == 0:
                break
            most -= 1
            self.items += [(batch.folder, item.remote.item) for item in batch.items]
            self.cursors[batch.folder] = batch.cursor
        await run.aclose()  # type: ignore[attr-defined]  # fetch is an async generator


@pytest.mark.parametrize("seed", range(8))
async def test_texts(seed: int, world: PhoneHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr("adapters.phone.folder.PAGE", dice.choice([3, 10, 1000]))
    monkeypatch.setattr("adapters.phone.folder.GLANCE", dice.choice([3, 8, 50]))
    monkeypatch.setattr("adapters.phone.folder.BATCH_ITEMS", dice.choice([2, 7, 200]))
    monkeypatch.setattr("adapters.phone.folder.GLANCE_EVERY", 0.0)
    world.server.manners.shift = dice.random() < 0.5
    keeper, channel = Keeper(dice), world.channel()
    sent = 0
    for _ in range(ROUNDS):
        match dice.randrange(8):
            case 0 | 1:
                for _ in range(dice.randrange(12)):
                    world.account.receive(
                        ROSA, LINE.address, "x", lag=timedelta(hours=dice.choice([0, 0, 1, 30]))
                    )
            case 2:
                world.account.send(ROSA, LINE.address, "y")
                sent += 1
            case 3 | 4:
                world.clock.advance(minutes=dice.choice([0.2, 3, 15, 600, 3000]))
            case 5:
                world.server.fail(Fault("drop", "GET", times=dice.randrange(1, 4)))
            case 6:
                await channel.close()
                channel = world.channel()
            case _:
                with suppress(ConnectionLost):
                    await keeper.take(channel, whole=False)
    world.server.faults.clear()
    for _ in range(3):
        # What is listed late is looked for in the two days behind the newest.
        world.clock.advance(hours=16)
        await keeper.take(channel, whole=True)
    await channel.close()
    assert len(keeper.items) == len(set(keeper.items))
    arrived = {item for folder, item in keeper.items if folder == "messages"}
    assert arrived == {one.sid for one in world.account.texts if one.direction == "inbound"}
    left = [item for folder, item in keeper.items if folder == "sent"]
    assert {item for item in left if ":" not in item} == {
        one.sid for one in world.account.texts if one.direction != "inbound"
    }
    assert {item.partition(":")[2] for item in left} <= {"", "delivered"}


@pytest.mark.parametrize("seed", range(6))
async def test_calls(seed: int, office: VoiceHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr("adapters.phone.callfolder.PAGE", dice.choice([5, 1000]))
    monkeypatch.setattr("adapters.phone.callfolder.GLANCE", dice.choice([6, 50]))
    monkeypatch.setattr("adapters.phone.callfolder.BATCH_ITEMS", dice.choice([1, 50]))
    keeper, channel = Keeper(dice), office.voice()
    for _ in range(ROUNDS):
        match dice.randrange(6):
            case 0 | 1:
                for _ in range(dice.randrange(4)):
                    office.account.call_in(
                        ROSA,
                        VOICE.address,
                        rings=dice.choice([3, 20]),
                        dialled=dice.choice(["", DESK]),
                        talks=dice.choice([0, 50]),
                        voicemail=dice.choice([0, 0, 9]),
                        recorded_after=timedelta(minutes=dice.choice([0, 1, 8])),
                    )
            case 2:
                office.clock.advance(minutes=dice.choice([0.3, 1, 3, 20, 900]))
            case 3:
                office.server.fail(Fault("drop", "GET", times=dice.randrange(1, 3)))
            case 4:
                await channel.close()
                channel = office.voice()
            case _:
                with suppress(ConnectionLost):
                    await keeper.take(channel, whole=False)
    office.server.faults.clear()
    for _ in range(3):
        office.clock.advance(minutes=20)
        await keeper.take(channel, whole=True)
    await channel.close()
    assert len(keeper.items) == len(set(keeper.items))
    found = {item for _, item in keeper.items if ":" not in item}
    assert found == {one.sid for one in office.account.calls if one.parent is None}
