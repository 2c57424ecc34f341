"""The formats of FHIR's primitive types (http://hl7.org/fhir/R4/datatypes.html#primitive)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_DAY: Final = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_ZONE: Final = r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)"
# The page gives a shape, and says in words that control characters are out.
_TEXT: Final = r"[^\x00-\x08\x0b\x0c\x0e-\x1f]+"
# What Python makes of it, one class or several, and the shape of what it makes a string of.
_SHAPES: Final[dict[str, tuple[Any, str]]] = {
    "boolean": (bool, ""),
    "string": (str, _TEXT),
    "markdown": (str, _TEXT),
    "code": (str, r"[^\s]+(\s[^\s]+)*"),
    "id": (str, _ID),
    "uri": (str, r"\S+"),
    "url": (str, r"\S+"),
    "canonical": (str, r"\S+"),
    "oid": (str, r"urn:oid:[0-2](\.(0|[1-9]\d*))+"),
    "uuid": (str, r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "base64Binary": (str, ""),
    "date": (str, _DAY),
    "dateTime": (str, rf"{_DAY}(?<=\d\d\d\d-\d\d-\d\d)T{_TIME}{_ZONE}|{_DAY}"),
    "instant": (str, rf"\d{{4}}-\d\d-\d\dT{_TIME}{_ZONE}"),
    "time": (str, _TIME),
    "integer": (int, ""),
    "unsignedInt": (int, ""),
    "positiveInt": (int, ""),
    "decimal": ((int, float), ""),
    "xhtml": (str, r"(?s)\s*<div\b.*</div>\s*"),
}
PRIMITIVES: Final = frozenset(_SHAPES)
_LEAST: Final = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_MOST_INTEGER: Final = 2**31 - 1
_MOST_STRING: Final = 1024 * 1024
"""Characters of any string but base64Binary."""


def is_primitive(kind: str, value: Any) -> bool:
    """Whether a value of JSON is one of the type.

    Args:
        kind: such as `dateTime`.
        value: as `json.loads` gives it.
    """
    python, shape = _SHAPES[kind]
    # JSON's true is Python's 1, which it must not be.
    if not isinstance(value, python) or isinstance(value, bool) is not (kind == "boolean"):
        return False
    if kind in _LEAST:
        return bool(_LEAST[kind] <= value <= _MOST_INTEGER)
    if not isinstance(value, str):
        return kind == "boolean" or _is_number(value)
    if kind == "base64Binary":
        return bool(value.strip()) and _is_base64(value)
    if re.fullmatch(shape, value) is None or not value.strip() or len(value) > _MOST_STRING:
        return False
    further: dict[str, Callable[[str], bool]] = {
        "date": _is_day,
        "dateTime": _is_day,
        "instant": _is_day,
    }
    check = further.get(kind)
    return check is None or check(value)


def _is_number(value: Any) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except binascii.Error:
        return False
    return True


def _is_day(value: str) -> bool:
    """Whether it is in the calendar; 30 February is not."""
    try:
        if "T" in value:
            datetime.fromisoformat(re.sub(r"(:\d\d):60", r"\1:59", value))
        elif len(value) == len("2026-02-28"):
            date.fromisoformat(value)
    except ValueError:
        return False
    return True
