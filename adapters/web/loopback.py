"""Which URLs lead to this very machine: those alone may be open to everybody who listens."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this very machine; nothing is looked up."""
    import ipaddress

    try:
        host = (urlsplit(url).hostname or "").lower()
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
