"""Loopback servers for the tests of the mail channel."""

from __future__ import annotations

from tests.demo.fixtures import (
    client_tls,
    fault_proxy,
    imap_server,
    mail_world,
    server_tls,
    smtp_server,
    tls_authority,
)

__all__ = [
    "client_tls",
    "fault_proxy",
    "imap_server",
    "mail_world",
    "server_tls",
    "smtp_server",
    "tls_authority",
]
