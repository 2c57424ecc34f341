"""Many numbers in little room: what a big folder holds, as a set of the ids of its items."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet


class Numbers(AbstractSet[str]):
    """A set of decimal numbers, written as strings, that takes eight bytes for each.

    A million UIDs as strings would take a hundred megabytes.
    """

    __slots__ = ("_sorted",)

    def __init__(self, numbers: Iterable[int]) -> None:
        """Hold `numbers`; each must be positive and fit into 64 bits."""
        self._sorted = array("Q", sorted(set(numbers)))

    @classmethod
    def _from_iterable(cls, items: Iterable[str]) -> Numbers:  # type: ignore[override]  # any string is allowed there
        return cls(int(item) for item in items)

    def __contains__(self, item: object) -> bool:
        """Whether a number, in its plain spelling, is among them."""
        if not isinstance(item, str) or not is_number(item):
            return False
        number = int(item)
        if number >> 64:
            return False
        at = bisect_left(self._sorted, number)
        return at < len(self._sorted) and self._sorted[at] == number

    def __iter__(self) -> Iterator[str]:
        """Each, ascending."""
        return map(str, self._sorted)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._sorted)

    def below(self, number: int) -> Numbers:
        """Those of them that are smaller."""
        part = Numbers(())
        part._sorted = self._sorted[: bisect_left(self._sorted, number)]
        return part

    def newest_first(self, below: str = "") -> Iterator[str]:
        """Each, descending; with `below` only those that are smaller."""
        end = bisect_left(self._sorted, int(below)) if below else len(self._sorted)
        return (str(self._sorted[at]) for at in range(end - 1, -1, -1))


def newest_first(items: AbstractSet[str], below: str = "") -> Iterator[str]:
    """Ids of items, the highest number first, and then what is no number.

    Args:
        items: All of them.
        below: Begin behind this one; empty begins at the beginning.
    """
    if isinstance(items, Numbers):
        return items.newest_first(below)
    chosen = (item for item in items if not below or _order(item) < _order(below))
    return iter(sorted(chosen, key=_order, reverse=True))


def is_number(item: str) -> bool:
    """Whether an id is a plain decimal number, with no zero in front."""
    return item.isascii() and item.isdigit() and (item[0] != "0" or item == "0")


def _order(item: str) -> tuple[int, str]:
    return (int(item), "") if is_number(item) else (-1, item)
