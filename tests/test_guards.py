"""The guards of conftest.py hold: a test that leaves this machine fails, whatever it catches."""

from __future__ import annotations

import asyncio
import os
import socket
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.clock import START, FakeClock

pytest_plugins = ["pytester"]


ESCAPES = (
    "socket.create_connection(('93.184.215.14', 443), 1)",
    "socket.getaddrinfo('imap.lakeside.example', 993)",
    "socket.getfqdn()",
    "socket.socket().bind(('0.0.0.0', 0))",
    "socket.socket().connect_ex(('10.0.0.1', 25))",
    "asyncio.run(asyncio.open_connection('smtp.lakeside.example', 465))",
    "tls.wrap_socket(socket.socket(), server_hostname='x').connect(('10.0.0.1', 443))",
)


def test_leaving_this_machine_fails_even_when_the_error_is_swallowed(
    pytester: pytest.Pytester,
) -> None:
    conftest = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(conftest)
    pytester.makepyfile(
        "import asyncio, contextlib, socket, ssl\n"
        "tls = ssl.create_default_context()\n"
        + "".join(
            f"def test_escape_{number}():\n"
            "    with contextlib.suppress(Exception):\n"
            f"        {escape}\n"
            for number, escape in enumerate(ESCAPES)
        )
    )
    pytester.syspathinsert(str(Path(__file__).parent.parent))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=len(ESCAPES), errors=len(ESCAPES))
    result.stdout.fnmatch_lines(["*this test tried to *"])


def test_loopback_and_unix_sockets_work(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), 1).close()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


async def test_asyncio_on_loopback_works() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b""
        writer.close()


def test_hosts_that_do_not_exist_fail_as_they_would_outside() -> None:
    with pytest.raises(socket.gaierror):
        socket.create_connection(("imap.nowhere.invalid", 993), 1)
    with pytest.raises(OSError, match="No route to host"):
        socket.create_connection(("192.0.2.1", 993), 1)


def test_home_is_empty_and_settings_of_the_person_are_gone(fresh_home: Path) -> None:
    assert Path.home() == fresh_home
    assert list(fresh_home.iterdir()) == []
    assert not [name for name in os.environ if name.startswith("TWOWAY_")]


def test_the_clock_moves_only_when_told(clock: FakeClock) -> None:
    assert clock() == clock.now() == START
    assert clock.advance(timedelta(days=1), minutes=5) == datetime(2026, 3, 3, 15, 5, tzinfo=UTC)
    assert clock.set(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-6)))).hour == 6
    with pytest.raises(ValueError, match="advances"):
        clock.advance(seconds=-1)
    with pytest.raises(ValueError, match="offset"):
        FakeClock(datetime(2026, 1, 1))  # noqa: DTZ001 - a time without an offset is the point
