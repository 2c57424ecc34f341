"""The connection is cut at any byte of the first sync: once it is back, all is there, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.mail import reading
from adapters.mail.settings import ImapSettings, MailSettings, SmtpSettings
from demo.proxy import Direction, Fault, FaultProxy
from inbox.line import LineState
from tests.clock import FakeClock
from tests.crash.conftest import Scene, fill
from tests.crash.kept import read_kept
from tests.crash.victim import ADDRESS, PATIENTS
from tests.demo.fixtures import fault_proxy
from tests.interop.product import Product, a_line, open_product

__all__ = ["fault_proxy"]


async def opened(port: int, folder: Path, clock: FakeClock) -> Product:
    settings = MailSettings(
        ImapSettings("127.0.0.1", port, "none", "frontdesk", sent="Sent", read_timeout=5),
        SmtpSettings("127.0.0.1", 1, "none"),
        lambda: "secret",
    )
    return await open_product(folder, clock, [(a_line(ADDRESS), settings)], PATIENTS)


@pytest.mark.parametrize("direction", ["down", "up"])
async def test_a_cut_at_any_byte_loses_nothing(
    scene: Scene,
    clock: FakeClock,
    fault_proxy: Callable[[int], FaultProxy],
    monkeypatch: pytest.MonkeyPatch,
    direction: Direction,
) -> None:
    monkeypatch.setattr(reading, "BATCH_ITEMS", 3)
    fill(scene, clock)
    proxy = fault_proxy(scene.world.imap.port)
    folder = scene.new_folder()
    product = await opened(proxy.port, folder, clock)
    await product.sync()
    await product.close()
    golden = read_kept(folder)
    cuts = 0
    for after in range(20, 40_000, 900 if direction == "down" else 100):
        proxy.add(Fault("cut", direction, after_bytes=after, reset=bool(cuts % 2), times=1))
        folder = scene.new_folder()
        product = await opened(proxy.port, folder, clock)
        await product.sync()
        cut = not proxy.faults
        health = await product.health()
        proxy.heal()
        if cut:
            cuts += 1
            assert health.state is LineState.RETRYING
            assert health.sentence
            assert health.hint
            await product.sync()
        assert (await product.health()).state is LineState.READY
        await product.close()
        assert read_kept(folder) == golden, f"cut after {after} bytes {direction}"
        if not cut:
            break
    assert cuts >= 6
