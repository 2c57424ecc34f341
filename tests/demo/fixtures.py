"""Loopback servers as fixtures, for any folder of tests.

A test module gets them with ``pytest_plugins = ["tests.demo.fixtures"]``, a folder by importing
them in its conftest. Each fixture fails the test if its server ran into an error of its own.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import trustme

from demo.imap import ImapServer
from demo.lakeside import Lakeside
from demo.proxy import FaultProxy
from demo.smtp import SmtpServer
from demo.world import MailWorld
from tests.clock import FakeClock

__all__ = [
    "client_tls",
    "fault_proxy",
    "imap_server",
    "lakeside",
    "mail_world",
    "server_tls",
    "smtp_server",
    "tls_authority",
]


@pytest.fixture(scope="session")
def tls_authority() -> trustme.CA:
    """A certificate authority that lives as long as the test run."""
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(tls_authority: trustme.CA) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1 and localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls_authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(tls_authority: trustme.CA) -> ssl.SSLContext:
    """A client's context that trusts `tls_authority` and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls_authority.configure_trust(context)
    return context


@pytest.fixture
def imap_server() -> Iterator[ImapServer]:
    """A plain IMAP server without users."""
    with ImapServer() as server:
        yield server
        thread = server.thread
    assert thread.failures == []


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """A plain SMTP server without users, who may then all send."""
    with SmtpServer() as server:
        yield server
        thread = server.thread
    assert thread.failures == []
    assert server.failures == []


@pytest.fixture
def mail_world(clock: FakeClock) -> Iterator[MailWorld]:
    """An empty mail world on the test's clock."""
    with MailWorld(clock=clock) as world:
        yield world
    assert world.thread.failures == []
    assert world.smtp.failures == []


@pytest.fixture
def lakeside(clock: FakeClock) -> Iterator[Lakeside]:
    """The sample practice with its mail, patients who answer at once, and no unasked arrivals."""
    with Lakeside(quick=True, quiet=True, clock=clock) as practice:
        yield practice
    assert practice.world.thread.failures == []
    assert practice.world.smtp.failures == []


@pytest.fixture
def fault_proxy() -> Iterator[Callable[[int], FaultProxy]]:
    """A factory: ``fault_proxy(port)`` is a running proxy in front of that port."""
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(FaultProxy(port))
