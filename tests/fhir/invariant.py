"""The invariants of the types in use; each is named by its key in the StructureDefinition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Value = Mapping[str, Any]


def broken_rules(path: str, value: Value) -> Iterator[str]:
    """What is wrong with something as a whole, as the end of a sentence.

    Args:
        path: its type, or its path for what has no type of its own: `Patient.contact`.
        value: what it holds.
    """
    names = {name.removeprefix("_") for name in value}
    for where, is_broken, words in _RULES:
        if path == where and is_broken(names, value):
            yield words
    contained = value.get("contained")
    for one in contained if isinstance(contained, list) else []:
        if isinstance(one, dict) and "contained" in one:
            yield "contains something that contains something itself (dom-2)"
        if isinstance(one, dict) and {"versionId", "lastUpdated"} & set(one.get("meta", {})):
            yield "contains something with a version of its own (dom-4)"


def _valued(names: set[str]) -> bool:
    return any(name.startswith("value") for name in names)


_RULES: Final[tuple[tuple[str, Callable[[set[str], Value], bool], str], ...]] = (
    (
        "Extension",
        lambda names, _: _valued(names) is ("extension" in names),
        "has neither a value nor extensions, or both (ext-1)",
    ),
    (
        "ContactPoint",
        lambda names, _: "value" in names and "system" not in names,
        "has a value without a system (cpt-2)",
    ),
    (
        "Attachment",
        lambda names, _: "data" in names and "contentType" not in names,
        "has data without a media type (att-1)",
    ),
    (
        "Period",
        lambda names, value: {"start", "end"} <= names and str(value["start"]) > str(value["end"]),
        "ends before it begins (per-1)",
    ),
    (
        "Patient.contact",
        lambda names, _: not names & {"name", "telecom", "address", "organization"},
        "tells nothing of them (pat-1)",
    ),
)
