"""What two states of a patient differ in, field by field, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from inbox.answer import ANSWERS, answer
from inbox.patient import ContactPoint, Patient, PointHealth, Proxy

T = TypeVar("T")

_ANSWERED: Final = {one.id for one in ANSWERS}
_PLAIN: Final = ("given", "family", "birth_date", "postal_code", "state")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that changed."""

    field: str
    """`voicemail`, `contact ann@example.com`, `proxy Mia Lee`."""
    old: str
    """As text; empty: there was none."""
    new: str


def differences(old: Patient, new: Patient) -> list[Difference]:
    """Everything that differs, in the order of the form."""
    found = [
        Difference(name, str(getattr(old, name) or ""), str(getattr(new, name) or ""))
        for name in _PLAIN
        if getattr(old, name) != getattr(new, name)
    ]
    found += [
        Difference(one.id, one.read(old), one.read(new))
        for one in ANSWERS
        if one.read(old) != one.read(new)
    ]
    found += [
        Difference(name, " ".join(getattr(old, name)), " ".join(getattr(new, name)))
        for name in ("sources", "identifiers")
        if getattr(old, name) != getattr(new, name)
    ]
    found += _listed("contact", _points(old.points), _points(new.points))
    found += _listed("proxy", _proxies(old.proxies), _proxies(new.proxies))
    return found


def with_field(patient: Patient, source: Patient, field: str) -> Patient:
    """The patient with one field as `source` has it; `field` is that of a `Difference`."""
    if field in _ANSWERED:
        one = answer(field)
        return one.write(patient, one.read(source))
    kind, _, name = field.partition(" ")
    if kind == "contact":
        points = _taken(patient.points, source.points, name, lambda one: one.value)
        return replace(patient, points=points)
    if kind == "proxy":
        proxies = _taken(patient.proxies, source.proxies, name, lambda one: one.name)
        return replace(patient, proxies=proxies)
    plain: dict[str, Any] = {field: getattr(source, field)}
    return replace(patient, **plain)


def _taken(
    here: tuple[T, ...], there: tuple[T, ...], name: str, named: Callable[[T], str]
) -> tuple[T, ...]:
    """What is here, with the one of this name as it is there, or without it."""
    theirs = [one for one in there if named(one) == name]
    at = next((at for at, one in enumerate(here) if named(one) == name), len(here))
    return (*here[:at], *theirs, *(one for one in here[at:] if named(one) != name))


def point_words(point: ContactPoint) -> str:
    """`mobile, 1` for the first to try; `old, 2, does not work: unknown user`."""
    words = f"{point.use.value}, {point.rank}"
    if point.health is PointHealth.BAD:
        words += f", does not work: {point.health_reason}".rstrip(": ")
    return words


def proxy_words(proxy: Proxy) -> str:
    """`mother, until 2026-01-02, mia@example.com`."""
    until = f"until {proxy.until.isoformat()}" if proxy.until else ""
    ways = (f"{point.value} ({point_words(point)})" for point in proxy.points)
    return ", ".join(part for part in (proxy.relation, until, *ways) if part)


def _points(points: Iterable[ContactPoint]) -> dict[str, str]:
    return _numbered((point.value, point_words(point)) for point in points)


def _proxies(proxies: Iterable[Proxy]) -> dict[str, str]:
    return _numbered((proxy.name, proxy_words(proxy) or "proxy") for proxy in proxies)


def _numbered(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Two of one name are told apart by a number."""
    found: dict[str, str] = {}
    for name, words in named:
        number, key = 1, name
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = words
    return found


def _listed(kind: str, old: dict[str, str], new: dict[str, str]) -> list[Difference]:
    return [
        Difference(f"{kind} {name}", old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys((*old, *new))
        if old.get(name, "") != new.get(name, "")
    ]
