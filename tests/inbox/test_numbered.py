"""Many numbers in little room behave as a set of their spellings."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.numbered import Numbers, newest_first

NUMBERS = st.frozensets(st.integers(1, 2**64 - 1), max_size=40)


@given(NUMBERS, st.integers(0, 2**65))
def test_it_is_the_set_of_their_spellings(numbers: frozenset[int], other: int) -> None:
    found = Numbers(numbers)
    assert list(found) == [str(number) for number in sorted(numbers)]
    assert len(found) == len(numbers)
    assert (str(other) in found) == (other in numbers)
    assert list(found.newest_first()) == [str(one) for one in sorted(numbers, reverse=True)]


@given(NUMBERS, st.integers(1, 2**64 - 1))
def test_newest_first_goes_on_behind_where_it_was(numbers: frozenset[int], below: int) -> None:
    left = [str(number) for number in sorted(numbers, reverse=True) if number < below]
    assert list(newest_first(Numbers(numbers), str(below))) == left
    assert list(newest_first({str(number) for number in numbers}, str(below))) == left


def test_names_come_behind_numbers() -> None:
    assert list(newest_first(frozenset({"SMb", "7", "12", "SMa"}))) == ["12", "7", "SMb", "SMa"]
    assert list(newest_first(frozenset({"SMb", "7", "12", "SMa"}), "SMb")) == ["SMa"]


@pytest.mark.parametrize("other", ["07", "+7", "7 ", "٧", "", "x", 7, "-7"])
def test_another_spelling_is_another_item(other: object) -> None:
    assert other not in Numbers([7])


def test_a_million_take_eight_megabytes() -> None:
    assert sys.getsizeof(Numbers(range(1, 1_000_001))._sorted) < 9_000_000
