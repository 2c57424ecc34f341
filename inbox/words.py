"""Words for the screen: times, ages, and the two lines that say how a message can be answered."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from inbox.address import AddressSystem, ChannelKind
from inbox.line import Line, LineHealth, LineState
from inbox.matching import writer_relation
from inbox.number import number_words
from inbox.outgoing import Draft
from inbox.patient import Patient
from inbox.practice import Practice
from inbox.promise import Promise, PromiseState
from inbox.reply_path import Plan, Proof, ProofState
from inbox.storage.handed_over import Uncopied

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SEVERAL = frozenset({"the", "and", "&", "family", "household", "familia", "familie", "famille"})
"""Words in a display name that is not one person's."""


def span_words(span: timedelta) -> str:
    """A length of time in one unit: `just now`, `3 min`, `2 h`, `5 days`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < _MINUTE:
        return "moments"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    return f"{seconds // _DAY} days"


def ago_words(moment: datetime, now: datetime) -> str:
    """How long ago: `just now`, `3 min ago`, `5 days ago`."""
    words = span_words(now - moment)
    return "just now" if words == "moments" else f"{words} ago"


def clock_words(moment: datetime, now: datetime, practice: Practice) -> str:
    """A moment ahead as staff say it: `17:00`, `tomorrow 08:00`, `Mon 08:00`, `Mon 3 Aug 08:00`."""
    local, today = moment.astimezone(practice.timezone), now.astimezone(practice.timezone).date()
    days = (local.date() - today).days
    wall = f"{local:%H:%M}"
    if days == 0:
        return wall
    if days == 1:
        return f"tomorrow {wall}"
    if 1 < days < 7:
        return f"{local:%a} {wall}"
    return f"{local:%a} {local.day} {local:%b} {wall}"


def leaves_words(leaves_at: datetime | None, now: datetime, practice: Practice) -> str:
    """`leaves tomorrow 08:00`, for what waits for its time; empty for what leaves at once."""
    if leaves_at is None or leaves_at - now < timedelta(minutes=1):
        return ""
    return f"leaves {clock_words(leaves_at, now, practice)}"


def promise_words(promise: Promise, now: datetime, practice: Practice) -> str:
    """How a promise stands, with its countdown: `answer by 12:00, 25 min over`."""
    when = clock_words(promise.due, now, practice)
    start = f"{promise.kind.words} {when}"
    state = promise.state(now)
    if state is PromiseState.BROKEN:
        return f"{start}, {span_words(now - promise.due)} over"
    if state in {PromiseState.OPEN, PromiseState.CALLED_ON}:
        return f"{start}, {_left(promise, now)}"
    if state is PromiseState.WITHDRAWN:
        return f"{start}, withdrawn"
    return f"{start}, {'taken back' if state is PromiseState.UNSAID else state.value}"


def _left(promise: Promise, now: datetime) -> str:
    left = span_words(promise.due - now)
    return "less than a minute left" if left == "moments" else f"{left} left"


BY_HAND: Final = "by hand: whoever calls it rings on the desk, and calls are logged here"
"""What is known of the reply path of a line whose calls a person makes and takes."""


def proof_words(proof: Proof, now: datetime) -> str:
    """What is known of a line's reply path, never by colour alone."""
    ago = ago_words(proof.at, now) if proof.at else ""
    return {
        ProofState.PROVEN: f"replies proven {ago} ({proof.how})",
        ProofState.STALE: f"last proven {ago}: too long ago",
        ProofState.PROVING: f"being proven: test message sent {ago}",
        ProofState.FAILED: f"replies do NOT arrive: {proof.how} ({ago})",
        ProofState.UNVERIFIED: "not proven to receive replies",
    }[proof.state]


def from_words(plan: Plan | None, problem: str, now: datetime) -> str:
    """The first line under the composer: where it leaves from and why answers come home."""
    if plan is None:
        return f"No line to send from: {problem}"
    return f"From {line_words(plan.line)} · {proof_words(plan.proof, now)}"


def line_words(line: Line) -> str:
    """A line as people call it: its address; of a portal its name, for nobody reads its URL."""
    if line.channel is ChannelKind.PORTAL and line.name:
        return line.name
    return number_words(line.address)


def left_from_words(practice: Practice, line_id: str, address: str) -> str:
    """The line that something left from, as people call it; by `address` when it is gone."""
    line = practice.line(line_id)
    if line is None or line.address != address:
        return number_words(address)
    return line_words(line)


def answer_words(
    plan: Plan | None,
    draft: Draft,
    patient: Patient | None,
    practice: Practice,
    seer: str,
    now: datetime,
    leaves_at: datetime | None = None,
    can_reply: bool | None = True,
) -> str:
    """The second line: how the reader can answer, who sees it, and until when.

    Args:
        plan: Where it leaves from.
        draft: The message.
        patient: Whom it is about.
        practice: For the hours.
        seer: First name of who looks at the answers; empty: whoever reads the line.
        now: Aware.
        leaves_at: When it leaves; None: now.
        can_reply: Whether they can answer in the portal; None: nobody says.
    """
    if plan is None or plan.proof.state in {ProofState.FAILED, ProofState.UNVERIFIED}:
        return "An answer would reach nobody we know of."
    who = _reader(draft, patient, now.astimezone(practice.timezone).date())
    if draft.channel is ChannelKind.PORTAL and can_reply is not True:
        if can_reply is None:
            return (
                f"Nobody knows whether {'they' if who == 'They' else who} can answer in the portal."
            )
        return f"{who} can NOT answer in the portal."
    verb = {
        "email": "can answer this e-mail",
        "sms": "can text back",
        "phone": "can call back",
        "portal": "can answer in the portal",
    }[draft.channel.value]
    seen = f"{seer} sees it" if seer else _seen_at(plan.line)
    return f"{who} {verb}; {seen} {_seen_by(practice, plan.line.id, now, leaves_at or now)}"


def _seen_at(line: Line) -> str:
    """Who sees it where nobody is named: `Lakeside nurses will see it`."""
    if line.channel in {ChannelKind.PORTAL, ChannelKind.SMS}:
        # `Lakeside portal will see it`: a portal and a number have no eyes.
        return "the practice will see it"
    name = line.name.strip() or f"the {line.id.replace('-', ' ')} line"
    return f"{name} will see it"


def _seen_by(practice: Practice, line_id: str, now: datetime, leaves_at: datetime) -> str:
    """Until when an answer is seen: by closing time that day, else when the practice opens next."""
    hours = practice.hours_of(line_id)
    closes = hours.closes_at(leaves_at)
    if closes is not None:
        return f"by {clock_words(closes, now, practice)}"
    opens = hours.next_opening(leaves_at)
    if opens is None:
        return "when the practice opens again"
    return f"from {clock_words(opens, now, practice)} on"


def _reader(draft: Draft, patient: Patient | None, today: date) -> str:
    """Whoever reads the message, which need not be the patient: `Ellen Parker (mother)`."""
    if len(draft.to) != 1 or len(draft.recipients) > 1:
        return "They"
    [address] = draft.to
    name = address.name.strip()
    known = name.casefold()
    if patient is not None:
        relation = writer_relation(address, patient, today)
        if name and relation and address.system is AddressSystem.PORTAL:
            return f"{name} ({relation})"
        theirs = any(point.address.key == address.key for point in patient.points)
        if theirs and known == patient.name.casefold():
            return patient.given or patient.name
        proxies = [
            proxy
            for proxy in patient.proxies
            if not proxy.ended_by(today)
            and any(point.address.key == address.key for point in proxy.points)
        ]
        named = [proxy for proxy in proxies if proxy.name.casefold() == known]
        if named or len(proxies) == 1:
            proxy = (named or proxies)[0]
            return f"{proxy.name} ({proxy.relation})" if proxy.relation else proxy.name
        if theirs and not proxies and (not name or known.startswith(patient.given.casefold())):
            return patient.given or patient.name
    return name if _is_person(name) else "They"


def _is_person(name: str) -> bool:
    """Whether a display name reads like one person's: not `The Parkers`, not an address."""
    words = name.casefold().replace(",", " ").split()
    return bool(words) and "@" not in name and not _SEVERAL.intersection(words)


def health_words(health: LineHealth | None, now: datetime) -> str:
    """One line's connection in a few words for the status bar."""
    if health is None:
        return "not connected"
    if health.state is LineState.SYNCING and health.total:
        return f"fetching {health.done}/{health.total}"
    if health.state is LineState.STOPPED:
        return "stopped"
    if health.state is LineState.RETRYING:
        return "reconnecting"
    if health.last_poll_at is None:
        return "connecting"
    return span_words(now - health.last_poll_at)


def missing_words(health: LineHealth | None) -> str:
    """What is on the server and not here, in one sentence; empty when all of it is here."""
    missing = health.missing if health is not None else 0
    if not missing:
        return ""
    return (
        "1 message on the server is not here."
        if missing == 1
        else (f"{missing:,} messages on the server are not here.")
    )


def uncopied_words(uncopied: Uncopied | None) -> str:
    """What left and is not in the folder of sent messages yet; empty when all of it is."""
    if uncopied is None:
        return ""
    count = uncopied.count
    what = "1 sent message is" if count == 1 else f"{count} sent messages are"
    return f"{what} not in the Sent folder yet: {uncopied.why} It is tried again by itself."


def phones_words(practice: Practice, now: datetime) -> str:
    """Whether the phones are staffed, for the status bar; empty while no holiday is known yet."""
    if not practice.phone_hours.known(now):
        return ""
    until = practice.phone_hours.open_until(now)
    if until is not None:
        minutes = int((until - now).total_seconds() // 60)
        left = f" ({minutes} min)" if minutes < 120 else ""
        return f"phones staffed until {clock_words(until, now, practice)}{left}"
    opens = practice.phone_hours.next_opening(now)
    when = clock_words(opens, now, practice) if opens else ""
    closure = practice.phone_hours.closure(now)
    if closure is not None and practice.phone_hours.closes_at(now) is None:
        again = f" · phones staffed again {when}" if when else ""
        return f"closed {'early' if closure.spans else 'today'}: {closure.name}{again}"
    return f"phones off until {when}" if when else "phones off"
