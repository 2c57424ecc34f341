"""Which Twilio account a line belongs to, and whether it can be one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from tui.config.strict import Problem
from tui.config.tables import LineTable, PhoneTable, SmsTable

API = "https://api.twilio.com"
ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}\Z")
"""The SID of an account."""


def account_of(table: SmsTable | PhoneTable, tables: Iterable[LineTable]) -> SmsTable | PhoneTable:
    """The line whose account a line belongs to: itself, unless it names none.

    A phone line without an account is in that of the text line with its number, else in that of the
    first text line.
    """
    if table.account_sid:
        return table
    texts = [one for one in tables if isinstance(one, SmsTable)]
    same = (one for one in texts if one.number == table.number)
    return next(same, texts[0] if texts else table)


def check_account(
    path: tuple[str | int, ...], line: SmsTable | PhoneTable, tables: Iterable[LineTable]
) -> Iterator[Problem]:
    """What is wrong with the account of a line; its secrets are looked at elsewhere."""
    owner = account_of(line, tables)
    if owner is not line:
        return
    if ACCOUNT.match(line.account_sid) is None:
        yield Problem(
            (*path, "account_sid"),
            "is not the SID of an account" if line.account_sid else "is missing",
            "It begins with AC and has 32 more characters; copy it from Twilio's console.",
        )
    if line.auth_token is None and not (line.api_key and line.api_secret):
        yield Problem(
            (*path, "auth_token"), "is missing", "Give auth_token, or api_key and api_secret."
        )
    if line.base_url.rstrip("/") != API and not leads_here(line.base_url):
        yield Problem(
            (*path, "base_url"), "leads to a strange host", f'Leave it out, or set it to "{API}".'
        )


def leads_here(url: str) -> bool:
    """Whether a URL leads to this very machine."""
    import ipaddress

    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"}:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
