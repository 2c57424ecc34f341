"""Reading tables strictly: every key known, every kind right, nothing missing.

All problems are found in one go, each with its place, what was expected and the nearest valid key.
No value is ever repeated in a problem: it could be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tui.config.places import Path, words_of
from tui.config.tables import SecretTable

T = TypeVar("T")

SOURCES_HINT = (
    'Write where it is to be read: { command = "pass show …" }, { env = "NAME" }, '
    '{ file = "…" } or { keyring = true }.'
)
"""What may stand in the place of a secret."""

_NOT_HERE = 'In [[line]] itself, password says where it is to be read, e.g. { env = "NAME" }.'
SECRET_NAMES = frozenset({"password", "passwd", "passphrase", "secret", "token", "pass", "pwd"})
"""Keys that look as if a secret stood behind them."""
_KINDS: dict[Any, str] = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
    date: "a day without quotes, like 2026-12-24",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in the file."""

    path: Path
    """Where."""
    what: str
    """What is wrong, to follow the key's name: `is not a known key`."""
    hint: str
    """What was expected."""


class _WrongError(Exception):
    """The value at hand cannot be used; its problems are noted already."""


def read_tables(kind: type[T], data: Mapping[str, Any]) -> tuple[T | None, list[Problem]]:
    """Make an object of the dataclass `kind` out of what the TOML reader gave.

    Returns:
        The object (None when something is wrong) and every problem found.
    """
    problems: list[Problem] = []
    try:
        made = _table(kind, data, (), problems)
    except _WrongError:
        return None, problems
    return (None if problems else made), problems


def nearest(word: str, known: Iterable[str], *, what: str = "Known here") -> str:
    """A hint: the nearest of the known words, and all of them."""
    words = list(known)
    close = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    meant = f"Did you mean “{close[0]}”? " if close else ""
    return f"{meant}{what}: {', '.join(words)}."


def key_of(field: Field[Any]) -> str:
    """The key of a field; `from_` stands for `from`, which Python keeps to itself."""
    return field.name.rstrip("_")


def _table(kind: type[T], data: Mapping[str, Any], path: Path, problems: list[Problem]) -> T:
    hints = {name.rstrip("_"): hint for name, hint in get_type_hints(kind).items()}
    known = {key_of(one): one for one in fields(kind)}  # type: ignore[arg-type] # a dataclass
    if kind is SecretTable:
        _check_secret(data, path, problems)
    problems.extend(
        Problem((*path, key), *_unknown(key, known)) for key in data if key not in known
    )
    values: dict[str, Any] = {}
    wrong = False
    for name, one in known.items():
        if name in data:
            try:
                values[one.name] = _value(hints[name], data[name], (*path, name), problems)
            except _WrongError:
                wrong = True
        elif one.default is MISSING and one.default_factory is MISSING:
            expected = f"Expected {_words(hints[name])}."
            problems.append(Problem((*path, name), "is missing", expected))
            wrong = True
    if wrong:
        raise _WrongError
    return kind(**values)


def _unknown(key: str, known: Mapping[str, object]) -> tuple[str, str]:
    if key.lower() in SECRET_NAMES:
        return "is not a key here, and no secret belongs into the file", _NOT_HERE
    return "is not a known key", nearest(key, known, what="Known keys here")


def _check_secret(data: Mapping[str, Any], path: Path, problems: list[Problem]) -> None:
    """Exactly one source; `value = "…"` and the like are secrets in the file itself."""
    if not data or len(data) > 1:
        problems.append(Problem(path, "must name exactly one source", SOURCES_HINT))
        raise _WrongError
    if data.get("keyring") is False:
        problems.append(Problem((*path, "keyring"), "can only be true", SOURCES_HINT))
        raise _WrongError
    if next(iter(data)) not in {one.name for one in fields(SecretTable)}:
        problems.append(Problem(path, "holds no known source of a secret", SOURCES_HINT))
        raise _WrongError


def _value(kind: Any, value: Any, path: Path, problems: list[Problem]) -> Any:
    """One value of any kind that the tables use."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _union(kind, value, path, problems)
    if origin is Literal:
        return _choice(get_args(kind), value, path, problems)
    if origin is tuple:
        return _list(get_args(kind)[0], value, path, problems)
    if origin is dict:
        return _mapping(get_args(kind)[1], value, path, problems)
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            if kind is SecretTable:
                what = "may not be written in the file itself"
                problems.append(Problem(path, what, SOURCES_HINT))
                raise _WrongError
            _mismatch(kind, path, problems)
        return _table(kind, value, path, problems)
    if not _is_a(kind, value):
        _mismatch(kind, path, problems)
    if kind is str and not value.strip():
        problems.append(Problem(path, "is empty", "Fill it in, or leave the key out."))
        raise _WrongError
    return value


def _union(kind: Any, value: Any, path: Path, problems: list[Problem]) -> Any:
    options = [option for option in get_args(kind) if option is not type(None)]
    tables = [option for option in options if is_dataclass(option)]
    if len(tables) > 1:
        return _tagged(tables, value, path, problems)
    for option in options:
        if _fits(option, value):
            return _value(option, value, path, problems)
    if len(options) > 1:
        _mismatch(kind, path, problems)
    return _value(options[0], value, path, problems)


def _tagged(tables: list[Any], value: Any, path: Path, problems: list[Problem]) -> Any:
    """One of several tables; a key with a fixed value (`channel`, `kind`) says which."""
    tag, by_value = "", {}
    for table in tables:
        for name, hint in get_type_hints(table).items():
            if get_origin(hint) is Literal and len(get_args(hint)) == 1:
                tag, by_value[get_args(hint)[0]] = name, table
    marked = _marked([table for table in tables if table not in by_value.values()], tables)
    for mark in marked:
        if isinstance(value, dict) and mark in value:
            return _table(marked[mark], value, path, problems)
    if not isinstance(value, dict):
        problems.append(Problem(path, "must be a table", f"Begin with {tag} = …"))
        raise _WrongError
    choices = ", ".join(f'"{choice}"' for choice in by_value)
    if tag not in value:
        problems.append(Problem((*path, tag), "is missing", f"Expected one of {choices}."))
        raise _WrongError
    chosen = _choice(tuple(by_value), value[tag], (*path, tag), problems)
    return _table(by_value[chosen], value, path, problems)


def _marked(some: list[Any], tables: list[Any]) -> dict[str, Any]:
    """Tables that no fixed value tells, by the key that each of them alone must have."""
    found = {}
    for table in some:
        others = {one.name for other in tables if other is not table for one in fields(other)}
        for one in fields(table):
            needed = one.default is MISSING and one.default_factory is MISSING
            if needed and one.name not in others:
                found[key_of(one)] = table
    return found


def _choice(
    choices: tuple[str, ...],
    value: Any,
    path: Path,
    problems: list[Problem],
) -> Any:
    if value not in choices:
        word = value if isinstance(value, str) else ""
        hint = nearest(word, choices, what="Expected one of")
        problems.append(Problem(path, "has a value that is not known", hint))
        raise _WrongError
    return value


def _list(kind: Any, value: Any, path: Path, problems: list[Problem]) -> Any:
    if not isinstance(value, list):
        expected = f"[[{words_of(path)}]]" if _is_table(kind) else f"a list: [{_words(kind)}, …]"
        problems.append(Problem(path, "must be a list", f"Expected {expected}."))
        raise _WrongError
    if not value:
        problems.append(Problem(path, "is an empty list", "Give at least one, or leave it out."))
        raise _WrongError
    made = [
        _collect(partial(_value, kind, one, (*path, at), problems)) for at, one in enumerate(value)
    ]
    if any(not good for good, _ in made):
        raise _WrongError
    return tuple(one for _, one in made)


def _mapping(kind: Any, value: Any, path: Path, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        problems.append(Problem(path, "must be a table", f"Expected [{words_of(path)}]."))
        raise _WrongError
    made = {
        key: _collect(partial(_value, kind, one, (*path, key), problems))
        for key, one in value.items()
    }
    if any(not good for good, _ in made.values()):
        raise _WrongError
    return {key: one for key, (_, one) in made.items()}


def _collect(read: Callable[[], Any]) -> tuple[bool, Any]:
    """Go on after a wrong value, so that every problem of a list is told at once."""
    try:
        return True, read()
    except _WrongError:
        return False, None


def _fits(kind: Any, value: Any) -> bool:
    origin = get_origin(kind)
    if origin is tuple:
        return isinstance(value, list)
    if origin is dict or is_dataclass(kind):
        return isinstance(value, dict)
    return _is_a(kind, value)


def _is_a(kind: Any, value: Any) -> bool:
    # bool is an int to Python, and a moment is a day; to a person they are not.
    other = {int: bool, date: datetime}.get(kind)
    return isinstance(value, kind) and not (other is not None and isinstance(value, other))


def _is_table(kind: Any) -> bool:
    return is_dataclass(kind) or any(is_dataclass(option) for option in get_args(kind))


def _mismatch(kind: Any, path: Path, problems: list[Problem]) -> typing.NoReturn:
    problems.append(Problem(path, "is of the wrong kind", f"Expected {_words(kind)}."))
    raise _WrongError


def _words(kind: Any) -> str:
    """What a kind is called in a hint."""
    origin = get_origin(kind)
    if kind in _KINDS:
        return _KINDS[kind]
    if kind is SecretTable:
        return "the source of a secret: " + SOURCES_HINT.partition(": ")[2].rstrip(".")
    if origin is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(kind))
    if origin in {Union, types.UnionType}:
        options = [option for option in get_args(kind) if option is not type(None)]
        if all(is_dataclass(option) for option in options):
            return "a table"
        return " or ".join(_words(option) for option in options)
    if origin is tuple:
        return "a list of tables" if _is_table(get_args(kind)[0]) else "a list"
    if is_dataclass(kind):
        keys = [key_of(one) for one in fields(kind) if one.default is MISSING]
        return "a table with " + ", ".join(keys)
    return "a table"
