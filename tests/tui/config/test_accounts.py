"""Lines of Twilio in the configuration: their account, and the channels made of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.phone.manual import ManualChannel
from adapters.phone.sms import SmsChannel
from adapters.phone.voice import VoiceChannel
from adapters.portal.channel import PortalChannel
from inbox.channel import Channel
from inbox.inspection import Inspection, Problem
from store.database import open_repository
from tests.clock import FakeClock
from tests.clone import ROOT
from tests.tui.config.sample import WHOLE, read
from tui.channels import Abilities, make_channels, twilio_settings
from tui.config.reading import ConfigurationRefused
from tui.config.tables import PhoneTable, SmsTable

ACCOUNT = "AC" + "0" * 32
TWILIO_PHONE = WHOLE.replace('provider = "manual"', 'provider = "twilio"')


async def made(text: str, tmp_path: Path) -> dict[str, Any]:
    """The channels of a configuration."""
    clock = FakeClock()
    repository = await open_repository(tmp_path / "data", clock)
    try:
        channels: dict[str, Channel] = make_channels(read(text), clock, repository)
    finally:
        await repository.close()
    return dict(channels)


async def test_each_line_gets_its_channel(tmp_path: Path) -> None:
    channels = await made(WHOLE, tmp_path)
    assert isinstance(channels["texts"], SmsChannel)
    assert isinstance(channels["main-phone"], ManualChannel)
    assert isinstance(channels["portal"], PortalChannel)


async def test_lines_of_one_account_share_its_connection(tmp_path: Path) -> None:
    channels = await made(TWILIO_PHONE, tmp_path)
    voice = channels["main-phone"]
    assert isinstance(voice, VoiceChannel)
    assert voice.twilio is channels["texts"].twilio


async def test_what_a_line_can_do_is_asked_of_its_channel(tmp_path: Path) -> None:
    configuration = read(WHOLE)
    channels: dict[str, Channel] = {}
    abilities = Abilities(configuration, channels)
    assert abilities["texts"].max_characters == 1600
    assert abilities["texts"].delivery_reports
    assert not abilities["main-phone"].sends
    assert abilities["main-phone"].receives
    assert abilities["portal"].answerable is None
    assert set(abilities) == set(configuration.lines)
    channels.update(await made(WHOLE, tmp_path))
    assert abilities["portal"].retracts
    texts = channels["texts"]
    assert isinstance(texts, SmsChannel)
    texts._inspection = Inspection(FakeClock()(), (Problem("Nobody hears.", "", deaf=True),))
    assert abilities["texts"].deaf_because == "Nobody hears."


def test_a_phone_line_without_an_account_is_in_that_of_the_texts() -> None:
    configuration = read(TWILIO_PHONE)
    table = configuration.lines["main-phone"]
    assert isinstance(table, PhoneTable)
    assert twilio_settings(configuration, table).account_sid == ACCOUNT


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f'account_sid = "{ACCOUNT}"', 'account_sid = "AC0"', "account_sid"),
        (f'account_sid = "{ACCOUNT}"', 'account_sid = ""', "account_sid"),
        ('auth_token = { env = "TWILIO_TOKEN" }', "", "auth_token"),
        (
            'auth_token = { env = "TWILIO_TOKEN" }',
            'auth_token = { env = "T" }\nbase_url = "https://api.twilio.com.evil.example"',
            "base_url",
        ),
        ('provider = "manual"', 'provider = "manual"\ndesk = "extension 4"', "desk"),
    ],
)
def test_what_cannot_work_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationRefused) as caught:
        read(WHOLE.replace(old, new))
    assert any(said in sentence for sentence, _ in caught.value.problems)


LOOK = """
import asyncio, sys
from pathlib import Path
from tui.config.reading import read_configuration
from tui.wiring import open_office

async def main():
    office = await open_office(read_configuration(Path(sys.argv[1])), Path(sys.argv[2]), "dana")
    await office.back_office()
    await office.close()

asyncio.run(main())
print(*sorted(sys.modules))
"""


def loaded(text: str, folder: Path) -> list[str]:
    """The modules that are there once the lines of a configuration have their channels."""
    (folder / "practice.toml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, folder / "practice.toml", folder / "data"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def among(names: list[str], *beginnings: str) -> list[str]:
    """Those of these beginnings."""
    return [name for name in names if name.startswith(beginnings)]


VENDORS = ("twilio", "aiohttp", "cryptography", "jwt")


def test_no_vendor_s_library_is_imported_without_a_line_of_it(tmp_path: Path) -> None:
    names = loaded(WHOLE[: WHOLE.index('[[line]]\nid = "texts"')], tmp_path)
    assert "adapters.mail.channel" in names
    own = ("adapters.phone", "adapters.portal", "adapters.plugged", "tui.plugins")
    assert among(names, *VENDORS, *own) == []


def test_their_clients_wait_for_their_first_question(tmp_path: Path) -> None:
    names = loaded(WHOLE, tmp_path)
    assert {"adapters.phone.sms", "adapters.portal.channel"} <= set(names)
    assert among(names, *VENDORS) == []


def test_how_often_and_how_long_can_be_set() -> None:
    base = 'number = "+15550107788"\n'
    assert base in TWILIO_PHONE
    plain = read(TWILIO_PHONE)
    for id_ in ("texts", "main-phone"):
        table = plain.lines[id_]
        assert isinstance(table, SmsTable | PhoneTable)
        usual = twilio_settings(plain, table)
        assert (usual.poll, usual.validity) == (15.0, None)
    changed = read(TWILIO_PHONE.replace(base, f"{base}poll_every = 60\ngive_up_after = 14400\n"))
    texts, phone = changed.lines["texts"], changed.lines["main-phone"]
    assert isinstance(texts, SmsTable)
    assert isinstance(phone, PhoneTable)
    told = twilio_settings(changed, texts)
    assert (told.poll, told.validity) == (60, 14_400)
    assert twilio_settings(changed, phone).poll == 60, "as its account's text line"


@pytest.mark.parametrize(
    "wrong", ["poll_every = 4", "poll_every = 601", "give_up_after = 0", "give_up_after = 36001"]
)
def test_seconds_out_of_range_are_named(wrong: str) -> None:
    base = 'number = "+15550107788"\n'
    with pytest.raises(ConfigurationRefused) as refused:
        read(WHOLE.replace(base, f"{base}{wrong}\n"))
    assert wrong.partition(" ")[0] in str(refused.value)
    assert "out of range" in str(refused.value)
