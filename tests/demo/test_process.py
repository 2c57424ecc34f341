"""`python -m demo`: ready soon, useful, and never left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.demo.clients import imap, smtp, wait_for

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "demo", "--quick", "--quiet"]


@contextmanager
def running(*more: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    process = subprocess.Popen(
        [*COMMAND, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        if process.stdout is None:
            raise AssertionError("no pipe")
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def test_it_is_ready_soon_and_full() -> None:
    began = time.monotonic()
    with running("--seed", "3") as (_, ready):
        # 0.7 s on an idle machine; the rest is for a busy one.
        assert time.monotonic() - began < 5
        with imap(ready["imap_port"], "frontdesk", ready["password"]) as client:
            assert client.select_folder("INBOX")[b"EXISTS"] > 50
            assert client.select_folder("Sent")[b"EXISTS"] > 20
        with smtp(ready["smtp_port"], "nurse", ready["password"]) as client:
            assert client.noop()[0] == 250
        # Ready is said before these servers are loaded; whoever asks early waits for them.
        with socket.create_connection(("127.0.0.1", ready["twilio_port"]), timeout=20) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert caller.recv(12) == b"HTTP/1.1 401"
        with socket.create_connection(("127.0.0.1", ready["portal_port"]), timeout=20) as caller:
            caller.sendall(b"GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert caller.recv(12) == b"HTTP/1.1 401"


@pytest.mark.parametrize("way", ["stdin", "SIGTERM", "SIGINT"])
def test_it_ends_when_told(way: str) -> None:
    with running() as (process, _):
        if way == "stdin" and process.stdin is not None:
            process.stdin.close()
            process.stdin = None
        else:
            process.send_signal(getattr(signal, way))
        assert process.wait(5) == 0


PARENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[2:], stdin={stdin}, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("stdin", ["subprocess.PIPE", "open(sys.argv[1], 'r+b', buffering=0)"])
def test_it_does_not_outlive_a_parent_that_is_killed(tmp_path: Path, stdin: str) -> None:
    # The pipe that is held open elsewhere never ends: then only the parent's absence tells.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    keeper = os.open(pipe, os.O_RDWR)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(stdin=stdin), str(pipe), *COMMAND],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        if parent.stdout is None:
            raise AssertionError("no pipe")
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    finally:
        os.close(keeper)
        parent.kill()
        parent.communicate()
