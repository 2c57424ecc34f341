"""Where a patient is reached, and through whom: changing contact points and proxies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from inbox.address import Address, AddressSystem
from inbox.errors import NotFound
from inbox.patient import ContactPoint, Patient, PointHealth, PointUse, Proxy

Change = Callable[[ContactPoint], ContactPoint]


def new_point(patient: Patient, value: str, use: PointUse = PointUse.HOME) -> ContactPoint:
    """A contact point that is tried after those the patient has.

    Args:
        patient: Whose it becomes.
        value: An e-mail address, or a phone number with country code.
        use: What it is for.
    """
    system = AddressSystem.EMAIL if "@" in value else AddressSystem.PHONE
    rank = max((point.rank for point in patient.points), default=0) + 1
    return ContactPoint(system, value.strip(), use, rank)


def add_point(patient: Patient, value: str, use: PointUse = PointUse.HOME) -> Patient:
    """The patient with one more contact point; one that was old is in use again."""
    point = new_point(patient, value, use)
    if any(_same(one, value) for one in patient.points):
        return change_point(patient, value, lambda one: replace(one, use=use))
    return replace(patient, points=(*patient.points, point))


def mark_old(patient: Patient, value: str) -> Patient:
    """The contact point is no longer theirs. Raises NotFound."""
    return change_point(patient, value, lambda one: replace(one, use=PointUse.OLD))


def mark_works(patient: Patient, value: str) -> Patient:
    """The contact point works after all, and is in use. Raises NotFound."""

    def change(one: ContactPoint) -> ContactPoint:
        use = PointUse.HOME if one.use is PointUse.OLD else one.use
        return replace(one, use=use, health=PointHealth.GOOD, health_reason="")

    return change_point(patient, value, change)


def change_point(patient: Patient, value: str, change: Change) -> Patient:
    """The patient with one contact point changed, their own or a proxy's.

    Raises:
        NotFound: there is none like this.
    """
    found = False

    def apply(points: tuple[ContactPoint, ...]) -> tuple[ContactPoint, ...]:
        nonlocal found
        found = found or any(_same(one, value) for one in points)
        return tuple(change(one) if _same(one, value) else one for one in points)

    proxies = tuple(replace(proxy, points=apply(proxy.points)) for proxy in patient.proxies)
    changed = replace(patient, points=apply(patient.points), proxies=proxies)
    if not found:
        raise NotFound(
            "The patient has no such contact point.", "Write it as the form shows it, or add it."
        )
    return changed


def add_proxy(
    patient: Patient, name: str, relation: str, contact: str = "", until: date | None = None
) -> Patient:
    """The patient with somebody more who may write and be written to about them."""
    alone = replace(patient, points=())
    points = (new_point(alone, contact),) if contact.strip() else ()
    proxy = Proxy(" ".join(name.split()), " ".join(relation.split()), points, until)
    return replace(patient, proxies=(*patient.proxies, proxy))


def end_proxy(patient: Patient, name: str, until: date | None) -> Patient:
    """The patient with a proxy's access ending on a day, the last one; None: it goes on.

    Raises:
        NotFound: there is no such proxy.
    """
    wanted = " ".join(name.split()).casefold()
    if not any(proxy.name.casefold() == wanted for proxy in patient.proxies):
        raise NotFound("The patient has no such proxy.", "Write the name as the form shows it.")
    return replace(
        patient,
        proxies=tuple(
            replace(proxy, until=until) if proxy.name.casefold() == wanted else proxy
            for proxy in patient.proxies
        ),
    )


def _same(point: ContactPoint, value: str) -> bool:
    return point.address.key == Address(point.system, value).key
