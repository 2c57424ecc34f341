"""Dovecot and Postfix, started once for all interop tests; each test gets mailboxes of its own.

Fixtures:
    dovecot: a running `DovecotServer`.
    postfix: a running `PostfixServer` that delivers into `dovecot`.
    new_account: makes a mailbox with a unique address: `new_account("rosa")`.
    front_desk: a mailbox of the practice (lakeside.example).
    patient: a mailbox of a patient (example.com).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop import dovecot as dovecot_server
from tests.interop import postfix as postfix_server
from tests.interop.dovecot import DovecotServer
from tests.interop.postfix import PostfixServer
from tests.interop.servers import Account, why_not

NewAccount = Callable[..., Account]

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, so that no test of it runs where nobody asked for it."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.interop)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[DovecotServer]:
    """A running Dovecot; skips with a sentence where it cannot run."""
    reason = why_not(dovecot_server.PROGRAMS, dovecot_server.USERS)
    if reason:
        pytest.skip(reason)
    server = DovecotServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postfix(dovecot: DovecotServer) -> Iterator[PostfixServer]:
    """A running Postfix in front of `dovecot`; skips with a sentence where it cannot run."""
    reason = why_not(postfix_server.PROGRAMS, postfix_server.USERS)
    if reason:
        pytest.skip(reason)
    server = PostfixServer(dovecot)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def new_account(dovecot: DovecotServer) -> NewAccount:
    """Make a mailbox nobody else uses: `new_account("rosa", "example.com")`."""
    number = itertools.count(1)

    def make(name: str, domain: str = "example.com") -> Account:
        return dovecot.add_user(f"{name}{next(number)}@{domain}")

    return make


@pytest.fixture
def front_desk(new_account: NewAccount) -> Account:
    """A mailbox of the practice."""
    return new_account("frontdesk", "lakeside.example")


@pytest.fixture
def patient(new_account: NewAccount) -> Account:
    """A mailbox of a patient, on the outside."""
    return new_account("rosa")
