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
from inbox.thread import LONGEST, join, named, open_ends, participants

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
    parted: dict[int, frozenset[int]] = field(default_factory=dict)

    def add(self, arrival: Arrival) -> int | None:
        direction = Direction.OUTBOUND if arrival.sender == LINE else Direction.INBOUND
        ids = (*named(arrival), arrival.message_id)
        relatives = [
            self._relative(number, other, way)
            for number, (other, way) in enumerate(self.stored)
            if other.message_id in ids or arrival.message_id in named(other)
        ]
        ends = set(open_ends(arrival, direction, relatives, OWN))
        siblings = [
            self._relative(number, other, way)
            for number, (other, way) in enumerate(self.stored)
            if ends & set(named(other))
        ]
        joining = join(arrival, direction, relatives, OWN, siblings)
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
            subject=arrival.subject,
            parted=self.parted.get(self.place[number], frozenset()),
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
        st.lists(st.integers(0, 9), max_size=3),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=200)
@given(MAILS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    mails: list[tuple[Address, Address, list[int]]], chance: object
) -> None:
    arrivals = [
        mail(
            f"{number}@x",
            sender,
            LINE if sender != LINE else other,
            *((other,) if sender != LINE else ()),
            answers=tuple(f"{parent}@x" for parent in parents),
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


def test_two_answers_to_one_that_never_came_are_one_conversation() -> None:
    one = mail("1@x", ANN, LINE, answers=("ghost@x",))
    ours = mail("2@x", LINE, ANN, answers=("ghost@x",))
    stranger = mail("3@x", EVE, LINE, ANN, answers=("ghost@x",))

    for order in itertools.permutations((one, ours, stranger)):
        assert grouped(*order) == {frozenset({"1@x", "2@x"}), frozenset({"3@x"})}


def test_what_is_no_id_at_all_puts_nothing_together() -> None:
    one = mail("1@x", ANN, LINE, answers=("Your message of Tuesday",))
    two = mail("2@x", ANN, LINE, answers=("Your message of Tuesday",))

    assert len(grouped(one, two)) == 2


def test_five_thousand_references_keep_the_nearest_and_the_first() -> None:
    many = tuple(f"{number}@x" for number in range(5000))
    long = mail("long@x", ANN, LINE, answers=many)
    root, middle, last = (mail(f"{at}@x", ANN, LINE) for at in (0, 2000, 4999))

    assert len(named(long)) == LONGEST
    for order in itertools.permutations((long, root, middle, last)):
        assert grouped(*order) == {
            frozenset({"long@x", "0@x", "4999@x"}),
            frozenset({"2000@x"}),
        }


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_one_id_on_the_mails_of_forty_people_puts_nobody_together(chance: object) -> None:
    people = [email(f"p{number}@example.com") for number in range(40)]
    asked = [replace(mail("form@x", one, LINE), subject=f"From {one.value}") for one in people]
    told = [
        replace(
            mail(f"{number}@x", LINE, one, answers=("form@x",)), subject=f"Re: From {one.value}"
        )
        for number, one in enumerate(people)
    ]
    arrivals = [*asked, *told]
    chance.shuffle(arrivals)  # type: ignore[attr-defined]  # a random.Random
    shelf = Shelf()
    for one in arrivals:
        shelf.add(one)

    together: dict[int, set[str]] = {}
    for number, (one, _) in enumerate(shelf.stored):
        outside = {key for key in participants(one) if key not in OWN}
        together.setdefault(shelf.place[number], set()).update(outside)
    assert len(together) == 40
    assert all(len(people) == 1 for people in together.values())


def test_forty_mails_of_one_person_with_one_id_stay_forty() -> None:
    asked = [replace(mail("same@x", ANN, LINE), subject=f"Matter {n}") for n in range(40)]
    answer = replace(mail("a@x", LINE, ANN, answers=("same@x",)), subject="Re: matter 7")
    shelf = Shelf()
    for one in (*asked, answer):
        shelf.add(one)

    assert len(set(shelf.place.values())) == 40
    assert shelf.place[40] == shelf.place[7]


@settings(max_examples=100)
@given(MAILS, st.randoms(use_true_random=False))
def test_a_stranger_never_gets_into_a_patients_conversation(
    mails: list[tuple[Address, Address, list[int]]], chance: object
) -> None:
    # Ann and Ben write to us and we to them; Eve is written to by nobody, and quotes everything.
    arrivals = [
        mail(
            f"{number}@x",
            BEN if sender == EVE else sender,
            LINE if sender != LINE else (BEN if other == EVE else other),
            answers=tuple(f"{parent}@x" for parent in parents),
        )
        for number, (sender, other, parents) in enumerate(mails)
    ]
    ids = tuple(f"{number}@x" for number in range(10))
    quoting = [
        mail(f"eve{number}@x", EVE, LINE, ANN, BEN, answers=ids[number:]) for number in range(3)
    ]
    every = [*arrivals, *quoting]
    chance.shuffle(every)  # type: ignore[attr-defined]  # a random.Random

    for group in grouped(*every):
        strange = {one for one in group if one.startswith("eve")}
        assert not strange or strange == group


def test_what_a_person_parted_stays_apart_and_the_nearest_is_joined() -> None:
    shelf = Shelf()
    one, other = mail("1@x", ANN, LINE), mail("2@x", ANN, LINE)
    shelf.add(one)
    shelf.add(other)
    shelf.parted = {0: frozenset({1}), 1: frozenset({0})}

    shelf.add(mail("3@x", ANN, LINE, answers=("1@x", "2@x")))
    shelf.add(mail("4@x", ANN, LINE, answers=("2@x", "1@x")))

    assert shelf.groups() == {frozenset({"1@x", "4@x"}), frozenset({"2@x", "3@x"})}
