"""Which conversation an e-mail joins, whatever the order of arrival."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.address import Address, ChannelKind, email
from inbox.message import (
    Arrival,
    DeliveryReport,
    Direction,
    FailedRecipient,
    MessageKind,
    Nature,
)
from inbox.repository import Relative
from inbox.thread import join, participants

LINE = email("frontdesk@lakeside.example")
ANN, BEN, EVE = (email(f"{name}@example.com") for name in ("ann", "ben", "eve"))
OWN = frozenset({LINE.key})


def mail(
    id_: str, sender: Address, *to: Address, answers: tuple[str, ...] = (), subject: str = "Visit"
) -> Arrival:
    return Arrival(
        channel=ChannelKind.EMAIL,
        kind=MessageKind.EMAIL,
        sender=sender,
        to=to,
        message_id=id_,
        references=answers,
        subject=subject,
    )


@dataclass
class Shelf:
    """Files arrivals as a store would, as far as threading goes."""

    stored: list[tuple[Arrival, Direction]] = field(default_factory=list)
    place: dict[int, int] = field(default_factory=dict)

    def add(self, arrival: Arrival) -> int | None:
        direction = Direction.OUTBOUND if arrival.sender == LINE else Direction.INBOUND
        relatives = []
        for number, (other, way) in enumerate(self.stored):
            spoken_of = arrival.report.original_message_id if arrival.report else ""
            named = other.message_id in (*arrival.parents, spoken_of)
            if named or arrival.message_id in other.parents:
                relatives.append(self._relative(number, other, way))
        joining = join(arrival, direction, relatives, OWN)
        here = len(self.stored)
        self.stored.append((arrival, direction))
        kept = joining.conversations[0] if joining.conversations else here
        for number, conversation in self.place.items():
            if conversation in joining.conversations:
                self.place[number] = kept
        self.place[here] = kept
        return joining.suggested

    def _relative(self, number: int, arrival: Arrival, way: Direction) -> Relative:
        return Relative(
            message_id=number,
            rfc_id=arrival.message_id,
            conversation_id=self.place[number],
            direction=way,
            participants=participants(arrival),
            sender=arrival.sender.key if arrival.sender else "",
            parents=arrival.parents,
            list_id=arrival.list_id,
            patient_id=None,
        )

    def groups(self) -> set[frozenset[str]]:
        return {
            frozenset(self.stored[n][0].message_id for n, c in self.place.items() if c == one)
            for one in set(self.place.values())
        }


def grouped(*arrivals: Arrival) -> set[frozenset[str]]:
    shelf = Shelf()
    for arrival in arrivals:
        shelf.add(arrival)
    return shelf.groups()


ASK = mail("1", ANN, LINE)
ANSWER = mail("2", LINE, ANN, answers=("1",))
THANKS = mail("3", ANN, LINE, answers=("1", "2"))


def test_a_conversation_is_put_together_in_every_order() -> None:
    for order in itertools.permutations((ASK, ANSWER, THANKS)):
        assert grouped(*order) == {frozenset({"1", "2", "3"})}


def test_a_missing_link_is_bridged_by_the_references() -> None:
    assert grouped(ASK, THANKS) == {frozenset({"1", "3"})}


def test_nothing_joins_by_its_subject() -> None:
    assert len(grouped(ASK, mail("9", ANN, LINE), mail("10", BEN, LINE))) == 3


def test_a_stranger_who_quotes_an_id_begins_a_conversation_with_a_suggestion() -> None:
    stranger = mail("4", EVE, LINE, answers=("1", "2"))

    for order in itertools.permutations((ASK, ANSWER, stranger)):
        assert grouped(*order) == {frozenset({"1", "2"}), frozenset({"4"})}
    shelf = Shelf()
    shelf.add(ASK)
    assert shelf.add(stranger) == 0


def test_a_stranger_cannot_get_in_by_copying_the_patient() -> None:
    stranger = mail("4", EVE, LINE, ANN, answers=("2",))

    for order in itertools.permutations((ASK, ANSWER, stranger)):
        assert grouped(*order) == {frozenset({"1", "2"}), frozenset({"4"})}


def test_somebody_the_patient_copied_takes_part() -> None:
    copied = replace(ASK, cc=(BEN,))
    from_ben = mail("5", BEN, LINE, answers=("1",))

    for order in itertools.permutations((copied, from_ben)):
        assert grouped(*order) == {frozenset({"1", "5"})}


def test_our_forward_to_somebody_else_is_another_conversation() -> None:
    forward = mail("6", LINE, EVE, answers=("1",))

    assert grouped(ASK, forward) == {frozenset({"1"}), frozenset({"6"})}


def test_a_bounce_joins_the_message_it_speaks_of() -> None:
    bounce = replace(
        mail("7", email("mailer-daemon@lakeside.example"), LINE),
        nature=Nature.BOUNCE,
        report=DeliveryReport((FailedRecipient(ANN.value, "failed", "5.1.1"),), "2"),
    )

    assert grouped(ASK, ANSWER, bounce) == {frozenset({"1", "2", "7"})}


def test_loops_of_references_end() -> None:
    one = mail("a", ANN, LINE, answers=("b", "a"))
    two = mail("b", ANN, LINE, answers=("a", "b"))

    assert grouped(one, two) == {frozenset({"a", "b"})}


PEOPLE = [ANN, BEN, EVE]
MAILS = st.lists(
    st.tuples(
        st.sampled_from([*PEOPLE, LINE]),
        st.sampled_from(PEOPLE),
        st.lists(st.integers(0, 7), max_size=3),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=150)
@given(MAILS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    mails: list[tuple[Address, Address, list[int]]], chance: object
) -> None:
    arrivals = [
        mail(
            str(number),
            sender,
            LINE if sender != LINE else other,
            *((other,) if sender != LINE else ()),
            answers=tuple(str(parent) for parent in parents if parent != number),
        )
        for number, (sender, other, parents) in enumerate(mails)
    ]
    shuffled = list(arrivals)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random

    assert grouped(*shuffled) == grouped(*arrivals)


@pytest.mark.parametrize("list_id", ["", "parents.lakeside.example"])
def test_a_mailing_list_is_one_conversation(list_id: str) -> None:
    post = replace(mail("1", ANN, LINE), list_id=list_id)
    answer = replace(mail("2", EVE, LINE, answers=("1",)), list_id=list_id)

    assert len(grouped(post, answer)) == (1 if list_id else 2)
