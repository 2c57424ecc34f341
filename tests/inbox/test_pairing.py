"""Which conversation a text or a call joins, whatever the order of arrival."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inbox.address import Address, AddressSystem
from inbox.pairing import ANSWERS_WITHIN, PairUse, about_by_answer, join_pair, pair_key

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ALL = frozenset({None, "ann"})


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@dataclass
class Shelf:
    """Files texts of one pair of numbers as a store would, as far as threading goes."""

    uses: list[PairUse] = field(default_factory=list)
    closed: dict[int, datetime] = field(default_factory=dict)
    placed: dict[int, int] = field(default_factory=dict)

    def anchor(self, conversation: int, minutes: int) -> None:
        """A person wrote something in a conversation."""
        closed = self.closed.get(conversation)
        self.uses.append(PairUse(conversation, at(minutes), "ann", closed))

    def arrive(self, minutes: int) -> None:
        """A text arrives that was written then."""
        joined = join_pair(self.uses, at(minutes), ALL)
        here = joined if joined is not None else 1000 + minutes
        closed = self.closed.get(here)
        self.uses.append(PairUse(here, at(minutes), "ann", closed))
        self.placed[minutes] = here

    def groups(self) -> set[frozenset[int]]:
        """The times of the texts that are together, with the conversation when a person began it.

        A conversation that a text began is known by its texts alone.
        """
        return {
            frozenset(
                [minutes for minutes, place in self.placed.items() if place == one]
                + ([-one] if one < 1000 else [])
            )
            for one in set(self.placed.values())
        }


TIMES = st.lists(st.integers(1, 500), unique=True, min_size=1, max_size=9)


@given(times=TIMES, data=st.data())
def test_the_order_of_arrival_does_not_change_the_result(
    times: list[int], data: st.DataObject
) -> None:
    closed_at = data.draw(st.none() | st.sampled_from([0, 250, 400]))
    anchors = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from([1, 2]), st.integers(1, 500).filter(lambda n: n not in times)
            ),
            max_size=4,
            unique_by=lambda one: one[1],
        )
    )
    results = set()
    for order in (
        times,
        sorted(times),
        sorted(times, reverse=True),
        data.draw(st.permutations(times)),
    ):
        shelf = Shelf()
        if closed_at is not None and all(when <= closed_at for one, when in anchors if one == 1):
            shelf.closed[1] = at(closed_at)
        for conversation, minutes in anchors:
            shelf.anchor(conversation, minutes)
        for minutes in order:
            shelf.arrive(minutes)
        results.add(frozenset(shelf.groups()))
    assert len(results) == 1, results


def test_it_joins_what_was_used_last_at_that_time() -> None:
    uses = [PairUse(1, at(0), "ann", None), PairUse(2, at(60), "ann", None)]
    assert join_pair(uses, at(30), ALL) == 1
    assert join_pair(uses, at(90), ALL) == 2
    assert join_pair(uses, at(-5), ALL) == 1


def test_a_closed_conversation_takes_nothing_that_came_later() -> None:
    uses = [PairUse(1, at(0), "ann", at(10))]
    assert join_pair(uses, at(5), ALL) == 1
    assert join_pair(uses, at(11), ALL) is None


def test_another_patients_conversation_is_left_alone() -> None:
    uses = [PairUse(1, at(0), "ben", None)]
    assert join_pair(uses, at(5), ALL) is None
    assert join_pair(uses, at(5), None) == 1


def test_a_shared_number_answers_the_only_one_we_wrote_about() -> None:
    family = {"ann", "ben"}
    ann = PairUse(1, at(0), "ann", None, chosen="ann")
    ben = PairUse(2, at(60), "ben", None, chosen="ben")
    heard = PairUse(2, at(60), "ben", None)
    assert about_by_answer([ann], at(10), family) == "ann"
    assert about_by_answer([ann, heard], at(90), family) == "ann"
    assert about_by_answer([ann, ben], at(90), family) is None
    assert about_by_answer([ann, ben], at(30), family) == "ann"
    assert about_by_answer([ann], at(0) + ANSWERS_WITHIN + timedelta(minutes=1), family) is None
    assert about_by_answer([ann], at(10), {"ben", "cid"}) is None


def test_a_pair_has_one_name_whoever_wrote() -> None:
    ours = Address(AddressSystem.PHONE, "+15550107788")
    theirs = Address(AddressSystem.PHONE, "+1 (555) 010-0101")
    assert pair_key(ours, theirs) == pair_key(theirs, ours) == "+15550100101 +15550107788"
