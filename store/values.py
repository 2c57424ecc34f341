"""How values of the rules lie in columns: moments, addresses, lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, overload

from inbox.address import Address, AddressSystem

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Parameters = dict[str, Any]
"""Named parameters of a statement."""


@overload
def stamp(moment: datetime) -> int: ...
@overload
def stamp(moment: None) -> None: ...
@overload
def stamp(moment: datetime | None) -> int | None: ...
def stamp(moment: datetime | None) -> int | None:
    """Microseconds since 1970 (UTC) of an aware moment; None stays None."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


@overload
def moment(value: int) -> datetime: ...
@overload
def moment(value: None) -> None: ...
@overload
def moment(value: int | None) -> datetime | None: ...
def moment(value: int | None) -> datetime | None:
    """The aware moment (UTC) of a stored number; None stays None."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def pack_list(values: Iterable[str]) -> str:
    """Strings as JSON; lone surrogates become escapes, so that anything can be stored."""
    listed = list(values)
    return json.dumps(listed) if listed else "[]"


def unpack_list(stored: str) -> tuple[str, ...]:
    """Strings from JSON."""
    return () if stored == "[]" else tuple(json.loads(stored))


def pack_addresses(addresses: Sequence[Address]) -> str:
    """Addresses as JSON `[[system, value, name], ...]`."""
    if not addresses:
        return "[]"
    return json.dumps([[a.system.value, a.value, a.name] for a in addresses])


def unpack_addresses(stored: str) -> tuple[Address, ...]:
    """Addresses from JSON."""
    if stored == "[]":
        return ()
    return tuple(
        Address(AddressSystem(system), value, name) for system, value, name in json.loads(stored)
    )


def pack_address(address: Address | None) -> str | None:
    """One address as JSON, or None."""
    return None if address is None else pack_addresses([address])


def unpack_address(stored: str | None) -> Address | None:
    """One address from JSON, or None."""
    return None if stored is None else unpack_addresses(stored)[0]


def storable(text: str) -> str:
    """A text that SQLite takes: lone surrogates, which UTF-8 cannot hold, become `?`."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def one_line(text: str, limit: int = 160) -> str:
    """The beginning of a text on one line."""
    joined = " ".join(text[: limit * 5].split())
    return joined if len(joined) <= limit else joined[: limit - 1] + "…"
