"""Adapters found by their entry points: told what they need, or trouble of their line alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from inbox.address import Address, AddressSystem
from inbox.channel import Channel
from inbox.errors import AuthenticationFailed, ConfigurationError, NotSent
from tests.adapters.handle import collect, make_outgoing, make_permit
from tests.clock import FakeClock
from tests.plugin.test_misbehaving import good_item, nothing
from tui.channels import plugin_channel
from tui.config.reading import ConfigurationRefused, parse_configuration

ROSA = Address(AddressSystem.PORTAL, "rosa")
PRACTICE = """\
[practice]
name = "Lakeside"
timezone = "America/Chicago"
[hours]
[[staff]]
id = "dana"
name = "Dana"
[[line]]
id = "shelf"
channel = "portal"
adapter = "kit"
address = "lakeside"
options = { token = { env = "KIT_TOKEN" }, deep = { a = [1, 2] } }
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs a module as packages are, with an entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(source: str, value: str = "kit_module:make", owner: str = "kit") -> None:
        (tmp_path / "kit_module.py").write_text(source, "utf-8")
        info = tmp_path / f"{owner}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {owner}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[twoway.channels]\nkit = {value}\n")
        with suppress(KeyError):
            del sys.modules["kit_module"]

    return make


def made(text: str = PRACTICE) -> Channel:
    configuration = parse_configuration(text, Path("/etc/twoway/practice.toml"))
    table: Any = configuration.lines["shelf"]
    return plugin_channel(configuration, configuration.practice.lines[0], table, FakeClock())


async def trouble_of(channel: Channel) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        await collect(channel)
    with pytest.raises(ConfigurationError):
        channel.convert(good_item())
    message = make_outgoing(channel.line, ROSA, "See you.")
    with pytest.raises(NotSent):
        await channel.send(message, make_permit(message), nothing)
    assert not channel.capabilities.sends
    await channel.close()
    return caught.value


async def test_one_that_is_not_there_is_told_where_none_is() -> None:
    error = await trouble_of(made())
    assert error.sentence == "The adapter “kit”, which “shelf” needs, is not installed."
    assert error.hint == "None is installed."


@pytest.mark.parametrize(
    ("source", "value", "said"),
    [
        ("import no_such_library", "kit_module:make", "when it was loaded (ModuleNotFoundError)"),
        ("raise SystemExit(3)", "kit_module:make", "when it was loaded (SystemExit)"),
        ("def make(:", "kit_module:make", "when it was loaded (SyntaxError)"),
        ("", "kit_module:make", "when it was loaded (AttributeError)"),
        ("make = 7", "kit_module:make", "cannot be called (kit_module:make)"),
        ("def make(c): raise ValueError('Rosa')", "kit_module:make", "a channel (ValueError)"),
        ("def make(): return 1", "kit_module:make", "a channel (TypeError)"),
        ("def make(c): return object()", "kit_module:make", "it has no fetch, convert"),
    ],
)
async def test_one_that_fails_is_trouble_of_its_line(
    package: Callable[..., None], source: str, value: str, said: str
) -> None:
    package(source, value)
    error = await trouble_of(made())
    assert said in error.sentence
    assert "Rosa" not in str(error)


async def test_two_of_one_name_are_told(package: Callable[..., None]) -> None:
    package("def make(c): return 1")
    package("def make(c): return 1", "kit_module:other", "second-kit")
    error = await trouble_of(made())
    assert error.sentence == "Several packages bring an adapter “kit”: kit, second-kit."


def test_it_is_told_all_it_needs(
    package: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    package(
        "from adapters.memory.channel import MemoryChannel\n"
        "from adapters.memory.server import MemoryServer\n"
        "seen = []\n"
        "def make(context):\n"
        "    seen.append(context)\n"
        "    return MemoryChannel(context.line, MemoryServer(), context.clock)\n"
    )
    channel = made()
    [context] = sys.modules["kit_module"].seen
    assert channel.line.id == context.line.id == "shelf"
    assert context.options["deep"] == {"a": [1, 2]}
    assert context.folder == "/etc/twoway"
    monkeypatch.setenv("KIT_TOKEN", "s3cret")
    assert context.secret("token") == "s3cret"
    with pytest.raises(AuthenticationFailed, match=r"options\.deep of the line “shelf”"):
        context.secret("deep")
    monkeypatch.delenv("KIT_TOKEN")
    with pytest.raises(AuthenticationFailed, match="KIT_TOKEN"):
        context.secret("token")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{ env = "KIT_TOKEN" }', '"s3cret"', "options.token may not be written in the file"),
        ('"kit"', '"../kit"', "line[1].adapter is not the name of an adapter"),
        ('channel = "portal"', 'channel = "fax"', "line[1].channel has a value that is not known"),
        ('"portal"', '"sms"', "line[1].address is not a phone number"),
        ('address = "lakeside"\n', "", "line[1].address is missing"),
        ('adapter = "kit"\n', "", "line[1].address is not a known key"),
        ("options =", "option =", "line[1].option is not a known key"),
        ("options = {", "options = 3 #", "line[1].options must be a table"),
    ],
)
def test_its_line_is_read_strictly(old: str, new: str, said: str) -> None:
    assert old in PRACTICE
    with pytest.raises(ConfigurationRefused) as caught:
        parse_configuration(PRACTICE.replace(old, new, 1), Path("/etc/practice.toml"))
    assert any(said in sentence for sentence, _ in caught.value.problems)
    assert "s3cret" not in str(caught.value.problems)
