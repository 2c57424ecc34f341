"""The clients these tests look at the servers with, and a wait that does not sleep long."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import imapclient

Found = TypeVar("Found")

MAIL = (
    b"From: Lakeside front desk <frontdesk@lakeside.example>\r\n"
    b"To: Rosa Jimenez <rosa.jimenez@mail.example>\r\n"
    b"Date: Mon, 02 Mar 2026 09:00:00 -0600\r\n"
    b"Subject: Your visit\r\n"
    b"Message-ID: <1.visit@lakeside.example>\r\n"
    b"\r\n"
    b"Would Friday at 9:15 suit you?\r\n"
)
"""A mail of the practice."""


@contextmanager
def imap(
    port: int, user: str, password: str, *, tls: ssl.SSLContext | None = None
) -> Iterator[imapclient.IMAPClient]:
    """A logged-in IMAP client."""
    client = imapclient.IMAPClient(
        "127.0.0.1", port, ssl=tls is not None, ssl_context=tls, timeout=5
    )
    try:
        client.login(user, password)
        yield client
    finally:
        with suppress(Exception):
            client.logout()
        with suppress(Exception):
            client.shutdown()


@contextmanager
def smtp(port: int, user: str = "", password: str = "") -> Iterator[smtplib.SMTP]:
    """An SMTP client, logged in if a user is given; it gives up after two seconds of silence."""
    client = smtplib.SMTP("127.0.0.1", port, local_hostname="test.example", timeout=2)
    try:
        client.ehlo()
        if user:
            client.login(user, password)
        yield client
    finally:
        client.close()


def wait_for(look: Callable[[], Found], seconds: float = 5.0) -> Found:
    """Look again and again until there is something to see."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"nothing after {seconds} s")
        time.sleep(0.002)
    return found
