"""Frozen dataclasses of the rules as JSON, and back.

For what no query looks into: a draft, a privacy form. A field that was added since is read with its
default, so such a change needs no migration.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from store.values import moment, stamp

T = TypeVar("T")

Reader = Callable[[Any], Any]
"""Makes a value of what JSON gave."""

_PLAIN: Final = (str, int, float, bool)


def pack(value: Any, *, without: frozenset[str] = frozenset()) -> str:
    """A dataclass as JSON, without some of its fields."""
    return json.dumps(
        {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in without
        }
    )


def unpack(kind: type[T], stored: str, **more: Any) -> T:
    """A dataclass from JSON; `more` gives the fields that are stored elsewhere."""
    given = json.loads(stored)
    described: Any = kind  # a dataclass is hashable, whatever its type says
    readers = _readers(described)
    return kind(**{name: readers[name](given[name]) for name in given if name in readers}, **more)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(_plain(part) for part in value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if value is None or isinstance(value, _PLAIN):
        return value
    raise TypeError(f"{type(value).__name__} cannot be stored in JSON.")


@cache
def _readers(kind: Any) -> dict[str, Reader]:
    hints = get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in fields(kind)}


def _reader(hint: Any) -> Reader:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (argument for argument in arguments if argument is not type(None))
        read = _reader(inner)
        return lambda value: None if value is None else read(value)
    if origin in (tuple, frozenset):
        read = _reader(arguments[0])
        return lambda value: origin(read(part) for part in value)
    if hint is datetime:
        return moment
    if hint is date:
        return date.fromisoformat
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if is_dataclass(hint):
        return lambda value: _structure(hint, value)
    if hint in _PLAIN:
        return lambda value: value
    raise TypeError(f"{hint} cannot be read from JSON.")


def _structure(kind: Any, value: dict[str, Any]) -> Any:
    readers = _readers(kind)
    return kind(**{name: readers[name](value[name]) for name in value if name in readers})
