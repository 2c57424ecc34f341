"""Lists of the API: filters, pages, and the tokens that lead from one page to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

Item = TypeVar("Item")

MOST = 1000
"""The largest page (PageSize)."""
USUAL = 50


@dataclass(slots=True)
class Manners:
    """How lists behave that are not on their best behaviour."""

    shift: bool = False
    """Pages are counted from the top, so that what arrives meanwhile pushes everything down."""
    repeat: bool = False
    """Each page begins with the last item of the one before."""
    extra: bool = False
    """Pages and items hold fields that nobody has heard of."""
    between: Callable[[], object] | None = None
    """Called after each page but the last."""


def in_days(query: Mapping[str, str], name: str, at: datetime | None) -> bool:
    """Whether a time passes the filters of that name, by the day in UTC.

    `Name=day`, `Name<=day` and `Name>=day`; what has no time passes none of them.
    """
    filters = {sign: query.get(name + sign, "")[:10] for sign in ("", "<", ">")}
    if not any(filters.values()):
        return True
    if at is None:
        return False
    day = at.date()
    return (
        (not filters[""] or day == date.fromisoformat(filters[""]))
        and (not filters["<"] or day <= date.fromisoformat(filters["<"]))
        and (not filters[">"] or day >= date.fromisoformat(filters[">"]))
    )


def page(
    path: str,
    key: str,
    query: Mapping[str, str],
    items: Sequence[Item],
    name_of: Callable[[Item], str],
    show: Callable[[Item], dict[str, Any]],
    manners: Manners,
) -> dict[str, Any]:
    """One page of a list.

    Args:
        path: where the list lives.
        key: what the items are called in the answer.
        query: the parameters of the request.
        items: everything that passes the filters, in order.
        name_of: an item's SID.
        show: an item as JSON.
        manners: how the list behaves.
    """
    size = min(MOST, max(1, int(query.get("PageSize", USUAL))))
    number = int(query.get("Page", 0))
    start = _start(query, items, name_of, number * size, manners)
    shown = items[start : start + size]
    more = start + size < len(items)
    asked = {name: value for name, value in query.items() if name not in {"Page", "PageToken"}}
    asked["PageSize"] = str(size)
    where = f"{path}?{urlencode({**asked, 'Page': 0})}"
    token = {**asked, "Page": number + 1, "PageToken": "PA" + name_of(shown[-1]) if shown else ""}
    answer: dict[str, Any] = {
        "end": max(0, start + len(shown) - 1),
        "first_page_uri": where,
        "next_page_uri": f"{path}?{urlencode(token)}" if more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": None,
        "start": start,
        "uri": f"{path}?{urlencode({**asked, 'Page': number})}",
        key: [show(item) for item in shown],
    }
    if manners.extra:
        answer["carbon_footprint"] = {"grams": 3}
        for item in answer[key]:
            item["mood"] = ["unheard", {"of": None}]
    if more and manners.between is not None:
        manners.between()
    return answer


def _start(
    query: Mapping[str, str],
    items: Sequence[Item],
    name_of: Callable[[Item], str],
    counted: int,
    manners: Manners,
) -> int:
    token = query.get("PageToken", "").removeprefix("PA")
    if not token:
        return 0
    if manners.shift:
        return counted
    at = next((place for place, item in enumerate(items) if name_of(item) == token), None)
    if at is None:
        # What the token names was deleted meanwhile.
        return counted
    return at if manners.repeat else at + 1
