"""The channel of the page on adapters passes the contract, as Twoway uses it."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from adapters.plugged.channel import plugged
from inbox.address import Address, AddressSystem, ChannelKind
from inbox.channel import Channel
from inbox.line import Line
from inbox.plugin import PluginContext
from tests.adapters.contract import ChannelContract
from tests.adapters.handle import Channels, Failure, Taken
from tests.clock import FakeClock


class FolderHandle:
    """A test's hand on a portal that is a folder."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.line = Line("shelf", ChannelKind.PORTAL, "lakeside")
        self.patient = Address(AddressSystem.PORTAL, "rosa")
        self.folder = folder
        self._root, self._away = folder / "shelf", folder / "away"
        self._numbers = itertools.count(1)
        self._failure: Failure | None = None
        for name in ("inbox", "sent"):
            (self._root / name).mkdir(parents=True)
        write, replace = Path.write_bytes, os.replace

        def write_bytes(path: Path, content: bytes) -> int:
            if path.suffix == ".part" and self._failure is Failure.REFUSES:
                self._failure = None
                raise PermissionError
            if path.suffix == ".part" and self._failure is Failure.LOST_BEFORE:
                self._failure = None
                raise OSError
            return write(path, content)

        def put_in_place(source: Path, target: Path) -> None:
            failure, self._failure = self._failure, None
            if failure is not Failure.LOST_UNTAKEN:
                replace(source, target)
            if failure is not None:
                raise OSError

        patch.setattr(Path, "write_bytes", write_bytes)
        patch.setattr(os, "replace", put_in_place)

    def deliver(self, text: str) -> str:
        said = {"id": text, "thread": "t", "subject": "", "text": text}
        return self.put(json.dumps({**said, "from": "rosa", "to": "lakeside"}).encode())

    def put(self, content: bytes) -> str:
        name = str(next(self._numbers))
        (self._root / "inbox" / f"{name}.json").write_bytes(content)
        return name

    def expunge(self, items: Iterable[str]) -> None:
        for name in items:
            (self._root / "inbox" / f"{name}.json").unlink()

    def renumber(self) -> None:
        (self._root / "epoch").write_text("2")

    def drop(self) -> None:
        self._root.rename(self._away)

    def restore(self) -> None:
        self._away.rename(self._root)

    def fail(self, failure: Failure) -> None:
        self._failure = failure

    def taken(self) -> list[Taken]:
        files = sorted((self._root / "sent").glob("*.json"))
        return [_taken(path.read_bytes()) for path in files]

    def reveal(self) -> None:
        """What was taken can be seen at once."""


def _taken(raw: bytes) -> Taken:
    said = json.loads(raw)
    return Taken(said["from"], (said["to"],), raw)


class TestFolderPortal(ChannelContract):
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[FolderHandle]:
        with pytest.MonkeyPatch.context() as patch:
            yield FolderHandle(tmp_path, patch)

    @pytest.fixture
    def channels(self, server: FolderHandle, example: ModuleType, clock: FakeClock) -> Channels:
        def make() -> Channel:
            options = {"folder": "shelf"}
            context = PluginContext(server.line, options, str, clock, str(server.folder))
            made = example.FolderPortal(context)
            made.batch = self.small_batches
            return plugged(server.line, "folder-portal", made, print)

        return make
