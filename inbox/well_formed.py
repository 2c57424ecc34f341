"""What a resource may not hold, taken out of it: empty things, and characters that are no text.

http://hl7.org/fhir/R4/json.html and http://hl7.org/fhir/R4/datatypes.html#string
"""

from __future__ import annotations

import re
from typing import Any, Final

_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_MEDIA_TYPE: Final = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+"
    r"(;\ ?[A-Za-z0-9_.-]+=(\"[ !#-~]*\"|[A-Za-z0-9!#$&^_.+'-]+))*"
)
_GREATEST: Final = 2**31 - 1


def string(text: str) -> str:
    """The text as FHIR can hold it; empty when nothing of it can be seen."""
    kept = _NO_TEXT.sub("", text)
    return kept if kept.strip() else ""


def media_type(name: str) -> str:
    """A media type (BCP 13) as it was given; empty when it is none."""
    return name if _MEDIA_TYPE.fullmatch(name) else ""


def size(count: int) -> int | None:
    """A number of bytes; None when FHIR's unsignedInt cannot tell it."""
    return count if 0 <= count <= _GREATEST else None


def well_formed(value: Any) -> Any:
    """A resource, or a part of one, without what is empty.

    Args:
        value: JSON whose required elements are there.

    Returns:
        The same with every text as FHIR can hold it; elements without a value are not there, nor
        extensions that say nothing.
    """
    if isinstance(value, str):
        return string(value)
    if isinstance(value, list):
        return [one for one in map(well_formed, value) if not _says_nothing(one)]
    if isinstance(value, dict):
        kept = {name: well_formed(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if not _says_nothing(one)}
    return value


def _says_nothing(value: Any) -> bool:
    return (
        value is None
        or value in ("", [], {})
        or (isinstance(value, dict) and set(value) <= {"url"})
    )
