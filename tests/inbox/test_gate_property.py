"""No combination whatever sends what must never leave.

What must never leave is said here in other words than the rules': from the facts of the case, not
from findings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from inbox.address import Address, AddressSystem, ChannelKind, email
from inbox.capability import Capabilities
from inbox.errors import Refused
from inbox.finding import Severity
from inbox.gate import Gate
from inbox.line import Line, LineHealth, LineState
from inbox.outgoing import Call, CallOutcome, Category, Outgoing, WayBack
from inbox.patient import Consent, ContactPoint, PrivacyForm
from inbox.policy import SETTINGS, RulePolicy, policy_of
from inbox.reply_path import Plan, Proof, ProofState
from inbox.rules import RULES
from inbox.situation import Recipient, Situation
from tests.inbox.making import (
    ANN,
    BEN,
    FRONT_DESK,
    NO_REPLY,
    NOW,
    PHONE,
    PORTAL,
    TEXTS,
    draft,
    outgoing,
    practice,
    situation,
)

GATE = Gate(RULES)
_OURS = practice(lines=(FRONT_DESK, TEXTS, PHONE, PORTAL))
_LINES = {
    ChannelKind.EMAIL: FRONT_DESK,
    ChannelKind.SMS: TEXTS,
    ChannelKind.PHONE: PHONE,
    ChannelKind.PORTAL: PORTAL,
}
_ADDRESSES = {
    AddressSystem.EMAIL: (email("ann@example.com"), email("private@example.com")),
    AddressSystem.PHONE: (
        Address(AddressSystem.PHONE, "+15550107811"),
        Address(AddressSystem.PHONE, "+15550107812"),
    ),
    AddressSystem.PORTAL: (
        Address(AddressSystem.PORTAL, "Patient/ann"),
        Address(AddressSystem.PORTAL, "Patient/other"),
    ),
}
_EVERYWHERE = [address for both in _ADDRESSES.values() for address in both]
_TEXTS = (
    "Hello Ann, Thursday at ten is fine. Dana",
    "Your lab results are back.",
    "Please call the office.",
    "Hi Ben, see you on Friday.",
    "Do not reply to this email.",
    "",
)
_MOMENTS = (
    NOW,
    datetime(2026, 3, 4, 23, 4, tzinfo=UTC),
    datetime(2026, 3, 5, 4, 0, tzinfo=UTC),
    datetime(2026, 3, 8, 9, 30, tzinfo=UTC),
)


@dataclass(frozen=True)
class Case:
    """One case with what a person said to it."""

    facts: Situation
    leaving: Outgoing
    because: str
    overridden: frozenset[str] | None

    @property
    def permitted(self) -> bool:
        """Whether the gate lets it leave."""
        try:
            permit = GATE.permit(
                self.facts, self.leaving, because=self.because, overridden=self.overridden
            )
        except Refused:
            return False
        permit.check(self.leaving)
        return True


def _mostly(good: Any, others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what nothing speaks against: a case with ten things wrong proves little."""
    return st.one_of(*[st.just(good)] * 12, others)


_IDS = st.sampled_from([rule.id for rule in RULES])
_CONSENTS = _mostly(Consent.ACCEPTED, st.sampled_from(Consent))
_REASONS = _mostly("She asked for it on the phone.", st.sampled_from(["", "  "]))
_OVERRIDDEN = _mostly(None, st.sets(_IDS).map(frozenset))
_POLICIES = _mostly(
    RulePolicy(),
    st.one_of(
        st.dictionaries(_IDS, st.sampled_from(SETTINGS), max_size=8).map(
            lambda said: policy_of(said, RULES)
        ),
        # A policy that nothing has checked.
        st.dictionaries(_IDS, st.sampled_from([None, *Severity]), max_size=40).map(RulePolicy),
    ),
)


@st.composite
def _cases(drawn: st.DrawFn) -> Case:
    channel = drawn(_mostly(ChannelKind.EMAIL, st.sampled_from(ChannelKind)))
    line: Line = _LINES[channel]
    if channel is ChannelKind.EMAIL:
        line = drawn(_mostly(FRONT_DESK, st.just(NO_REPLY)))
    mine, other = _ADDRESSES[channel.system]
    to = drawn(_mostly((mine,), st.sampled_from([(other,), (mine, other)])))
    private = st.one_of(st.just(mine), st.just(other), st.sampled_from(_EVERYWHERE))
    forms = st.builds(
        PrivacyForm,
        sms=_CONSENTS,
        email=_CONSENTS,
        portal=_CONSENTS,
        confidential=_mostly(None, private),
    )
    ann, ben = replace(ANN, form=drawn(forms)), replace(BEN, form=drawn(forms))
    owners = _mostly((ann,), st.sampled_from([(), (ben,), (ann, ben)]))
    people = tuple(
        Recipient(
            address,
            drawn(owners),
            ContactPoint(address.system, address.value),
            drawn(_CONSENTS),
            proxies_share=drawn(_mostly(False, st.just(True))),
        )
        for address in to
    )
    about = drawn(_mostly(ann, st.none()))
    now = drawn(_mostly(NOW, st.sampled_from(_MOMENTS)))
    call = Call(CallOutcome.LEFT_MESSAGE, frozenset({WayBack.DIRECT_LINE}))
    words = draft(
        drawn(_mostly(_TEXTS[0], st.sampled_from(_TEXTS))),
        channel=channel,
        line_id=line.id,
        to=to,
        subject="",
        patient_id=about.id if about else None,
        category=drawn(_mostly(Category.GENERAL, st.sampled_from(Category))),
        confidential=drawn(st.booleans()),
        automatic=drawn(_mostly(False, st.just(True))),
        answers=drawn(st.sampled_from([None, 7])),
        send_at=drawn(_mostly(None, st.just(NOW + timedelta(hours=20)))),
        call=call if channel is ChannelKind.PHONE else None,
    )
    state = drawn(_mostly(ProofState.PROVEN, st.sampled_from(ProofState)))
    plan = Plan(line, Proof(line.id, state, now, "x"), "x")
    polled = drawn(_mostly(timedelta(seconds=5), st.sampled_from([None, timedelta(hours=2)])))
    deaf = st.sampled_from([None, Capabilities(receives=False)])
    facts = situation(
        words,
        practice=replace(_OURS, policy=drawn(_POLICIES)),
        now=now,
        plan=drawn(_mostly(plan, st.none())),
        health=LineHealth(line.id, LineState.READY, now - polled) if polled else None,
        patient=about,
        recipients=people,
        can_reply=drawn(_mostly(True, st.sampled_from([False, None]))),
        capabilities=drawn(_mostly(Capabilities(), deaf)),
        newest_inbound_id=drawn(_mostly(7, st.just(8))),
        newest_inbound_at=now - timedelta(minutes=5),
    )
    return Case(facts, outgoing(words, line=line), drawn(_REASONS), drawn(_OVERRIDDEN))


@settings(max_examples=300, deadline=None)
@given(_cases())
def test_nothing_leaves_that_could_not_be_answered_or_must_not_go_there(case: Case) -> None:
    if not case.permitted:
        return
    facts, words = case.facts, case.facts.draft
    assert facts.plan is not None
    assert facts.plan.line is not NO_REPLY
    assert facts.plan.proof.state is ProofState.PROVEN
    if words.channel is ChannelKind.PORTAL:
        assert facts.can_reply is not False
    if words.channel is ChannelKind.SMS and facts.capabilities is not None:
        assert facts.capabilities.receives
    for recipient in facts.recipients:
        assert recipient.consent is not Consent.DECLINED
        if recipient.consent is not Consent.ACCEPTED:
            for person in recipient.patients:
                assert person.form.consent(words.channel) is not Consent.DECLINED
        if words.confidential:
            about = {facts.patient.id} if facts.patient else set()
            readers = {person.id for person in recipient.patients} | about
            assert len(readers) <= 1
            assert not recipient.proxies_share
    private = facts.patient.form.confidential if facts.patient else None
    if private is not None:
        assert {address.key for address in words.recipients} == {private.key}


def _good(channel: ChannelKind) -> Situation:
    """What nothing speaks against on a channel."""
    line, (mine, _) = _LINES[channel], _ADDRESSES[channel.system]
    words = draft(_TEXTS[0], channel=channel, line_id=line.id, to=(mine,), subject="")
    point = ContactPoint(mine.system, mine.value)
    form = PrivacyForm(
        sms=Consent.ACCEPTED, email=Consent.ACCEPTED, portal=Consent.ACCEPTED, form_date=NOW.date()
    )
    ann = replace(ANN, form=form, points=(*ANN.points, point))
    return situation(
        words,
        practice=_OURS,
        plan=Plan(line, Proof(line.id, ProofState.PROVEN, NOW, "x"), "x"),
        health=LineHealth(line.id, LineState.READY, NOW),
        patient=ann,
        recipients=(Recipient(mine, (ann,), point, Consent.ACCEPTED),),
        can_reply=True,
        capabilities=Capabilities(),
    )


def _people(facts: Situation, **changes: Any) -> Situation:
    people = tuple(replace(one, **changes) for one in facts.recipients)
    return replace(facts, recipients=people)


def _whole_form(facts: Situation, **changes: Any) -> Situation:
    assert facts.patient is not None
    ann = replace(facts.patient, form=replace(facts.patient.form, **changes))
    return _people(replace(facts, patient=ann), patients=(ann,))


def _line(facts: Situation, state: ProofState) -> Situation:
    assert facts.plan is not None
    return replace(facts, plan=replace(facts.plan, proof=replace(facts.plan.proof, state=state)))


def _kept_private(facts: Situation) -> Situation:
    words = replace(facts.draft, confidential=True)
    return _people(replace(facts, draft=words), proxies_share=True)


_EMAIL, _SMS, _PORTAL = ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.PORTAL
_WRONGS: dict[str, tuple[ChannelKind, Callable[[Situation], Situation]]] = {
    "no line at all": (_EMAIL, lambda one: replace(one, plan=None)),
    "a line that failed": (_EMAIL, lambda one: _line(one, ProofState.FAILED)),
    "a line that was never proven": (_SMS, lambda one: _line(one, ProofState.UNVERIFIED)),
    "a line that is stale": (_EMAIL, lambda one: _line(one, ProofState.STALE)),
    "a line that is being proven": (_EMAIL, lambda one: _line(one, ProofState.PROVING)),
    "a number that cannot receive": (
        _SMS,
        lambda one: replace(one, capabilities=Capabilities(receives=False)),
    ),
    "a thread that takes no answer": (_PORTAL, lambda one: replace(one, can_reply=False)),
    "an address that opted out": (_SMS, lambda one: _people(one, consent=Consent.DECLINED)),
    "a form that says no": (
        _EMAIL,
        lambda one: _people(_whole_form(one, email=Consent.DECLINED), consent=Consent.UNKNOWN),
    ),
    "another place than the confidential one": (
        _EMAIL,
        lambda one: _whole_form(one, confidential=email("private@example.com")),
    ),
    "a confidential word where others read": (_EMAIL, _kept_private),
    "an address of several people": (
        _EMAIL,
        lambda one: replace(_people(one, patients=(ANN, BEN)), patient=None),
    ),
}


@pytest.mark.parametrize("wrong", _WRONGS)
@settings(max_examples=60, deadline=None)
@given(text=st.sampled_from(_TEXTS[:4]), because=_REASONS, overridden=_OVERRIDDEN, policy=_POLICIES)
def test_one_wrong_thing_is_enough(
    wrong: str, text: str, because: str, overridden: frozenset[str] | None, policy: RulePolicy
) -> None:
    channel, spoil = _WRONGS[wrong]
    good = _good(channel)
    ours = replace(good.practice, policy=policy)
    words = replace(good.draft, text=text)
    facts = spoil(replace(good, draft=words, practice=ours))
    leaving = outgoing(facts.draft, line=_LINES[channel])
    assert not Case(facts, leaving, because, overridden).permitted


@pytest.mark.parametrize("channel", [_EMAIL, _SMS, _PORTAL])
def test_without_it_the_same_message_leaves(channel: ChannelKind) -> None:
    good = _good(channel)
    assert Case(good, outgoing(good.draft, line=_LINES[channel]), "", None).permitted


def test_some_of_the_cases_leave() -> None:
    """A property of what leaves proves nothing where nothing does."""
    any_of_them = settings(max_examples=2000, phases=[Phase.generate], deadline=None)
    held = find(
        _cases(),
        lambda case: case.permitted and GATE.examine(case.facts).held,
        settings=any_of_them,
    )
    assert held.because
