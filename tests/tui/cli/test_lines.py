"""The doctor and sync tell the truth about each line, and what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.tui.cli.conftest import Desk, Type


def test_doctor_has_the_promised_fields(type_: Type) -> None:
    printed = type_("doctor", "--json")
    assert printed.status == 0
    for line in printed.json:
        assert (line["channel"], line["sends"], line["receives"]) == ("email", True, True)
        assert line["proof"]["state"] == "proven"
        assert line["proof"]["at"].endswith("-06:00")
        assert line["hint"] is None
        count = line["completeness"]
        assert count["server"] == count["stored"] + count["quarantined"] > 0
    assert [line["line"] for line in printed.json] == ["front-desk", "nurse"]
    assert printed.json[0]["address"] == "frontdesk@lakeside.example"


def test_doctor_tells_every_step_of_a_proof(type_: Type) -> None:
    printed = type_("doctor", "--prove")
    assert printed.status == 0
    assert "front-desk: Sending a test message from frontdesk@lakeside.example" in printed.err
    assert "front-desk: It arrived" in printed.err


def test_a_deaf_line_is_found(type_: Type, desk: Desk, tmp_path: Path) -> None:
    whole = tmp_path / "whole.toml"
    whole.write_text(desk.lakeside.practice_toml)
    printed = type_("doctor", "--prove", "--patience", "0.5", "--config", whole, "--json")
    assert printed.status == 1
    [deaf] = [line for line in printed.json if line["line"] == "reminders"]
    assert deaf["proof"]["state"] != "proven"
    assert deaf["ok"] is False
    assert deaf["hint"]
    assert printed.json[0]["ok"] is True


def test_lines_of_other_channels_do_not_keep_the_rest(
    type_: Type, desk: Desk, tmp_path: Path
) -> None:
    more = tmp_path / "more.toml"
    more.write_text(
        desk.toml
        + '[[line]]\nid = "texts"\nchannel = "sms"\nnumber = "+15550107788"\n'
        + 'account_sid = "AC00000000000000000000000000000000"\nauth_token = { env = "NONE" }\n'
    )
    lines = type_("doctor", "--config", more, "--json").json
    assert [line["ok"] for line in lines] == [True, True, False]
    assert (lines[2]["sends"], lines[2]["receives"]) == (False, False)
    assert "NONE" in lines[2]["problem"]
    assert type_("sync", "--once", "--config", more).status == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("password", "password"),
        ("host", "imap.nowhere.invalid"),
        ("variable", "TWOWAY_DEMO_PASSWORD"),
        ("port", "127.0.0.1"),
    ],
)
def test_trouble_is_a_sentence_and_a_hint_and_nothing_is_lost(
    type_: Type, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str, said: str
) -> None:
    text = desk.toml
    if spoil == "password":
        monkeypatch.setenv("TWOWAY_DEMO_PASSWORD", "hunter2")
    elif spoil == "variable":
        monkeypatch.delenv("TWOWAY_DEMO_PASSWORD")
    elif spoil == "port":
        text = text.replace(f"port = {desk.lakeside.ports['imap_port']}", "port = 1")
    else:
        text = text.replace('imap = { host = "127.0.0.1"', 'imap = { host = "imap.nowhere.invalid"')
        text = text.replace(
            'security = "none", user = "frontdesk", f', 'security = "tls", user = "frontdesk", f'
        )
        text = text.replace(
            'security = "none", user = "nurse", f', 'security = "tls", user = "nurse", f'
        )
    spoiled = tmp_path / "spoiled.toml"
    spoiled.write_text(text)
    before = len(type_("list", "--state", "all", "--limit", 500, "--json").json)
    printed = type_("sync", "--once", "--config", spoiled)
    assert printed.status == 1
    assert said in printed.err
    assert "hunter2" not in printed.err
    assert len(type_("list", "--state", "all", "--limit", 500, "--json").json) == before
    doctor = type_("doctor", "--config", spoiled, "--json")
    assert doctor.status == 1
    assert doctor.json[0]["receives"] is False
    assert doctor.json[0]["hint"]


def test_sync_goes_on_until_it_is_told_to_end(type_: Type, desk: Desk, tmp_path: Path) -> None:
    type_("list")
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "sync"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    lines: list[str] = []
    assert process.stdout is not None
    reading = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reading.start()
    try:
        until = time.monotonic() + 15
        while not any("front-desk: ready" in line for line in lines):
            assert time.monotonic() < until, lines
            time.sleep(0.05)
        raw = b"From: Ann <ann@example.com>\r\nTo: frontdesk@lakeside.example\r\n\r\nHello\r\n"
        desk.lakeside.world.imap.deliver("frontdesk", raw)
        while not any("conversation" in line for line in lines):
            assert time.monotonic() < until, lines
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    reading.join(5)
    process.stdout.close()


def test_json_needs_an_end(type_: Type) -> None:
    printed = type_("sync", "--json")
    assert printed.status == 1
    assert "--once" in printed.err
