"""What every test gets: loopback and nothing else, an empty home, a clock that stands still.

The guards act on this process. A program that a test starts inherits the environment (so its home
is the temporary one too), but its sockets are its own.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.clock import FakeClock

# Machines that run the tests are shared: a slow example says nothing about the code.
settings.register_profile("twoway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("twoway")

_CORPORA = os.environ.get("TWOWAY_CORPORA")

# RFC 5737: addresses that belong to nobody. Tests of "host unreachable" use them.
_DOCUMENTATION = tuple(
    ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)


class NetworkEscapeError(RuntimeError):
    """A test tried to leave this machine. Not an OSError, so no retry or fallback hides it."""


class _Guard:
    """Stands before the socket module and remembers each attempt to leave."""

    def __init__(self) -> None:
        self.escapes: list[str] = []

    def refuse(self, what: str) -> NetworkEscapeError:
        self.escapes.append(what)
        return NetworkEscapeError(
            f"tests stay on this machine, but something wanted to {what}; "
            "use a loopback server, or a name under .invalid for a host that does not exist"
        )

    def check_address(self, sock: socket.socket, address: Any, verb: str) -> None:
        """Let unix sockets and loopback pass; documentation addresses are unreachable."""
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        host = address[0]
        if _is_loopback(host):
            return
        if _is_documentation(host):
            raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
        raise self.refuse(f"{verb} {host or 'every interface'}")

    def check_name(self, host: str | bytes | None) -> None:
        """Names under .invalid do not exist (RFC 6761); no other name is ever looked up."""
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or _is_loopback(name) or _is_documentation(name):
            return
        if name.rstrip(".").lower().endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise self.refuse(f"look up {name!r}")


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_documentation(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in net for net in _DOCUMENTATION)


@pytest.fixture(autouse=True)
def stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Guard]:
    """Refuse every socket and every name that is not loopback, and fail if one was tried."""
    guard = _Guard()

    def before_address(name: str, verb: str) -> None:
        real = getattr(socket.socket, name)

        def checked(sock: socket.socket, address: Any) -> Any:
            guard.check_address(sock, address, verb)
            return real(sock, address)

        monkeypatch.setattr(socket.socket, name, checked)

    def before_name(name: str) -> None:
        real: Callable[..., Any] = getattr(socket, name)

        def checked(host: Any, *args: Any, **kwargs: Any) -> Any:
            guard.check_name(host)
            return real(host, *args, **kwargs)

        monkeypatch.setattr(socket, name, checked)

    before_address("connect", "connect to")
    before_address("connect_ex", "connect to")
    before_address("bind", "listen on")
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        before_name(name)
    yield guard
    # Code under test may have swallowed the error; the attempt still counts.
    assert not guard.escapes, f"this test tried to {', '.join(guard.escapes)}"


@pytest.fixture(autouse=True)
def fresh_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point HOME, the XDG folders and the temporary folder's settings at an empty place.

    Every TWOWAY_* variable is removed, so no test sees the configuration of who runs it.
    """
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("TWOWAY_", "XDG_")):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "VISUAL", "EDITOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("TERM", "xterm-256color")
    return home


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at Monday 2 March 2026, 15:00 UTC, until the test moves it."""
    return FakeClock()


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of public test material, which is not part of this repository."""
    if not _CORPORA:
        pytest.skip("TWOWAY_CORPORA does not name the folder of public test material")
    folder = Path(_CORPORA)
    if not folder.is_dir():
        pytest.skip("TWOWAY_CORPORA names a folder that does not exist")
    return folder


def _is_not_slow_callback(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Executing %s took")


# asyncio's debug mode reports callbacks over 100 ms; on a shared machine that is noise.
logging.getLogger("asyncio").addFilter(_is_not_slow_callback)
