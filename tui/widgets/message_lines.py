"""How one message is laid out in lines: pure functions from a message to words with roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len

from inbox.address import ChannelKind
from inbox.message import Attachment, Direction, Message, MessageStatus, Nature
from inbox.number import number_words
from inbox.words import leaves_words, left_from_words
from tui.widgets.cells import cut, many_lines, one_line, wrap
from tui.widgets.row_words import moment_words

if TYPE_CHECKING:
    from inbox.practice import Practice
    from inbox.signals.signal import Signal

CAP_CHARACTERS = 20_000
"""What is shown of a long text at first."""
CAP_LINES = 300
WHOLE_CHARACTERS = 400_000
"""What is shown in the conversation at most; a longer text opens in the reader."""
_WIDEST = 100
"""Longer lines are hard to read."""
_MACHINES = {
    Nature.BOUNCE: "delivery report",
    Nature.AUTO_REPLY: "automatic reply",
    Nature.RECEIPT: "receipt",
    Nature.PROBE: "our own test message",
}

_RETRACTED = "✗ retracted"

Line = tuple[tuple[str, str], ...]
"""One line: (text, role) from left to right; safe, and never wider than asked."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a message is to be shown."""

    whole: bool = False
    """Quoted history and long text included."""
    details: bool = False
    """With addresses, proof, states."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the words of one message."""

    signals: tuple[Signal, ...] = ()
    """What it says between its lines."""
    about: str = ""
    """Whom it is about, when that is not whom the conversation is about."""
    relation: str = ""
    """What its writer is to the patient: `mother`; empty for the patient."""
    alone: str = ""
    """For whom alone it is, when it is confidential."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a message is shown among."""

    practice: Practice
    now: datetime
    subject: str = ""
    """The conversation's subject; a message with the same one does not repeat it."""
    about: Message | None = None
    """The message of ours that a machine's message speaks of."""
    beside: Beside = Beside()


def message_lines(message: Message, width: int, look: Look, around: Around) -> list[Line]:
    """Everything shown of one message, a blank line at the end included."""
    inner = min(width, _WIDEST) - 3
    if message.direction is Direction.INTERNAL:
        lines = _note(message, inner, around)
    elif message.status is MessageStatus.CANCELLED and not look.whole:
        lines = [_taken_back(message, inner, around)]
    elif message.retracted and not look.whole:
        lines = _retracted(message, inner, around)
    elif message.nature in _MACHINES:
        lines = _machine(message, inner, look, around)
    else:
        lines = _head(message, inner, around)
        lines += _beside(message, inner, around)
        lines += _subject(message, inner, around)
        lines += _reason(message, inner)
        lines += _details(message, inner, around.practice) if look.details else []
        lines += _body(message, inner, look)
        lines += [_file_line(file, inner) for file in message.attachments]
    return [*lines, (("", ""),)]


def has_more(message: Message) -> bool:
    """Whether there is text that is not shown at first."""
    short = message.nature in _MACHINES or message.status is MessageStatus.CANCELLED
    short = short or message.retracted
    long = len(message.text) > CAP_CHARACTERS or message.text.count("\n") >= CAP_LINES
    return short or long or message.whole != message.text


def too_long(message: Message) -> bool:
    """Whether the whole text is shown in the reader instead."""
    return len(message.whole) > WHOLE_CHARACTERS


def who_wrote(message: Message, practice: Practice) -> str:
    """The author, in words."""
    if message.direction is Direction.INBOUND:
        sender = message.sender
        who = (sender.name or number_words(sender.value)) if sender else "no sender named"
        return one_line(who, 80)
    member = practice.member(message.staff_id)
    if member is not None:
        return one_line(member.name, 80)
    if (
        message.channel is ChannelKind.PORTAL
        and message.sender is not None
        and not message.staff_id
    ):
        # Written in the vendor's own program by somebody whom the portal names.
        return one_line(message.sender.name, 80) or "sent from another program"
    return one_line(message.staff_id, 80) or "sent from another program"


def status_words(message: Message, around: Around) -> tuple[str, str]:
    """(words, role) of what became of a message of ours."""
    leaves = leaves_words(message.leaves_at, around.now, around.practice)
    if leaves:
        return f"· {leaves}; u takes it back", "pending"
    if message.call is not None:
        from tui.widgets.call_words import call_words

        said = call_words(message)
        if said is not None:
            return said
    why = one_line(message.status_text, 200)
    return {
        MessageStatus.RECEIVED: ("", ""),
        MessageStatus.NOTED: ("", ""),
        MessageStatus.QUEUED: ("· queued", "pending"),
        MessageStatus.SENDING: ("… sending", "pending"),
        MessageStatus.SENT: ("✓ sent", "good"),
        MessageStatus.DELIVERED: ("✓ delivered", "good"),
        MessageStatus.FAILED: ("✗ not delivered" + (f": {why}" if why else ""), "trouble"),
        MessageStatus.UNKNOWN: (
            "? may or may not have left" + (f": {why}" if why else ""),
            "doubt",
        ),
        MessageStatus.CANCELLED: ("taken back", "quiet"),
    }[message.status]


def size_words(size: int) -> str:
    """A size in bytes as people say it."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"


def _channel_words(message: Message) -> str:
    if message.kind.value in {"voicemail", "call", "text", "portal"}:
        return message.kind.value
    return message.channel.words if message.channel else message.kind.value


def _head(message: Message, width: int, around: Around) -> list[Line]:
    inbound = message.direction is Direction.INBOUND
    when = moment_words(message.at, around.now, around.practice)
    opening = f"{'◂' if inbound else '▸'} {_channel_words(message)} {when}"
    words, role = status_words(message, around)
    if message.nature is Nature.BULK:
        words, role = "list mail", "quiet"
    if message.nature is Nature.UNREADABLE:
        aside = bool(message.set_aside)
        words, role = ("set aside", "quiet") if aside else ("! NEEDS A LOOK", "trouble")
    if message.retracted:
        words, role = _RETRACTED, "doubt"
    left = width - cell_len(opening) - 2
    relation = f" ({one_line(around.beside.relation, 20)})" if around.beside.relation else ""
    name = cut(f"{who_wrote(message, around.practice)}{relation}", max(6, left))
    left -= cell_len(name) + 3
    line: list[tuple[str, str]] = [
        (opening, "in" if inbound else "out"),
        ("  ", ""),
        (name, "in-name" if inbound else "out-name"),
    ]
    if not words or cell_len(words) <= left:
        return [(*line, ("   ", ""), (words, role))] if words else [tuple(line)]
    # Why it did not arrive is never cut.
    return [tuple(line), *((("  ", ""), (part, role)) for part in wrap(words, width - 2))]


def _beside(message: Message, width: int, around: Around) -> list[Line]:
    """For whom and about whom it is, and what it says between its lines."""
    lines: list[Line] = []
    if around.beside.about:
        words = f"about {one_line(around.beside.about, 60)}, not as the conversation"
        lines.append((("  ", ""), (cut(words, width - 2), "doubt")))
    if around.beside.alone:
        words = f"for {one_line(around.beside.alone, 60)} alone"
        lines.append((("  ", ""), (cut(words, width - 2), "doubt")))
    if not around.beside.signals:
        return lines
    from inbox.signals.words import act_words, signal_words

    for signal in around.beside.signals:
        member = around.practice.member(signal.by)
        said = one_line(signal_words(signal, message.channel, member.name if member else ""), 300)
        words = f"! {said}" if signal.open else f"· {said}"
        role = "trouble" if signal.open else "quiet"
        lines += [(("  ", ""), (line, role)) for line in wrap(words, width - 2)]
        if signal.open:
            keys = f"x: {act_words(signal, message.channel)} · X: it is nothing"
            lines.append((("  ", ""), (cut(keys, width - 2), "hint")))
    return lines


def _subject(message: Message, width: int, around: Around) -> list[Line]:
    subject = one_line(message.subject, 500)
    if not subject or _bare(subject) == _bare(around.subject):
        return []
    return [(("  ", ""), (line, "subject")) for line in wrap(subject, width - 2)[:3]]


def _bare(subject: str) -> str:
    bare = one_line(subject, 500).casefold()
    while bare[:3] in {"re:", "fw:", "aw:"} or bare[:4] == "fwd:":
        bare = bare.partition(":")[2].strip()
    return bare


def _reason(message: Message, width: int) -> list[Line]:
    """Why it was sent in spite of what held it."""
    if not message.because:
        return []
    words = f"! sent all the same: {one_line(message.because, 500)}"
    return [(("  ", ""), (line, "quiet")) for line in wrap(words, width - 2)[:3]]


def _from(message: Message, practice: Practice) -> str:
    """Who sent it; of ours without a name, as people call the line."""
    if message.sender is None:
        return "nobody named"
    if message.direction is Direction.OUTBOUND and not message.sender.name:
        return left_from_words(practice, message.line_id, message.sender.value)
    return message.sender.words


def _details(message: Message, width: int, practice: Practice) -> list[Line]:
    rows = [
        ("From", _from(message, practice)),
        ("To", ", ".join(address.words for address in message.to)),
        ("Cc", ", ".join(str(address) for address in message.cc)),
        ("Reply to", ", ".join(str(address) for address in message.reply_to)),
        ("Their clock", message.sent_at.isoformat(sep=" ") if message.sent_at else ""),
        ("Line", message.line_id),
        ("Proof", message.proof),
        ("About", message.match_reason),
        ("Message-ID", message.message_id),
        ("Record", "in the record file" if message.recorded else "not in the record file yet"),
        ("State", message.status_text),
    ]
    lines: list[Line] = []
    for label, value in rows:
        if not value:
            continue
        for index, part in enumerate(wrap(one_line(value, 1000), width - 15)[:4]):
            lines.append((("  ", ""), (f"{label if not index else '':<13}", "quiet"), (part, "")))
    return lines


def _body(message: Message, width: int, look: Look) -> list[Line]:
    text = message.whole if look.whole else message.text
    cap = WHOLE_CHARACTERS if look.whole else CAP_CHARACTERS
    shown = many_lines(text[:cap]).strip("\n")
    wrapped = wrap(shown, width - 2)
    if not look.whole:
        wrapped = wrapped[:CAP_LINES]
    lines: list[Line] = []
    for line in wrapped:
        quoted = look.whole and line.lstrip().startswith(">")
        lines.append((("  ", ""), (line, "quiet" if quoted else "text")))
    if not shown and not message.attachments and message.call is None:
        lines.append((("  ", ""), ("(no text)", "quiet")))
    hint = ""
    if len(text) > cap or (not look.whole and len(wrapped) == CAP_LINES):
        hint = f"… {size_words(len(message.text))} of text; q shows all of it"
    elif look.whole and message.whole != message.text:
        hint = "q folds the earlier text again"
    elif message.whole != message.text:
        folded = max(1, message.whole.count("\n") - message.text.count("\n"))
        lines_word = "line" if folded == 1 else "lines"
        hint = f"… {folded} {lines_word} of earlier text folded; q shows them"
    if hint:
        lines.append((("  ", ""), (cut(hint, width - 2), "hint")))
    if message.partial:
        words = "Very large: only its head is here; f fetches the rest"
        lines.append((("  ", ""), (cut(words, width - 2), "doubt")))
    if message.nature is Nature.UNREADABLE:
        words = "It could not be read; v shows it as it arrived. l files it, z sets it aside."
        role = "trouble"
        if message.set_aside:
            words, role = f"Set aside: {one_line(message.set_aside, 200)}", "quiet"
        lines += [(("  ", ""), (line, role)) for line in wrap(words, width - 2)]
    if message.gone:
        words = "Deleted on the server; it is kept here"
        lines.append((("  ", ""), (cut(words, width - 2), "quiet")))
    return lines


def _file_line(file: Attachment, width: int) -> Line:
    tail = f"  {size_words(file.size)}"
    hint = "  V plays it, d saves it" if file.media_type.startswith("audio/") else "  d saves it"
    room = width - 4 - len(tail) - len(hint)
    return (
        ("  ", ""),
        ("◫ ", "file"),
        (cut(one_line(file.name, 200), max(8, room)), "file"),
        (tail, "quiet"),
        (hint, "hint"),
    )


def _note(message: Message, width: int, around: Around) -> list[Line]:
    when = moment_words(message.at, around.now, around.practice)
    head = f"NOTE {when}  {who_wrote(message, around.practice)} · stays in the practice"
    lines: list[Line] = [(("┃ ", "note"), (cut(head, width - 2), "note-head"))]
    lines.extend(
        (("┃ ", "note"), (line, "note"))
        for line in wrap(many_lines(message.text[:CAP_CHARACTERS]), width - 3)
    )
    return lines


def _taken_back(message: Message, width: int, around: Around) -> Line:
    when = moment_words(message.at, around.now, around.practice)
    words = f"· taken back {when}  {who_wrote(message, around.practice)}: "
    files = ", ".join(one_line(file.name, 60) for file in message.attachments)
    said = one_line(message.text[:400], 200) or files or "(no text)"
    return ((cut(words + said, width - 2), "machine"),)


def _retracted(message: Message, width: int, around: Around) -> list[Line]:
    """What its author took back is not read by mistake; that it was said is not hidden."""
    when = moment_words(message.at, around.now, around.practice)
    relation = f" ({one_line(around.beside.relation, 20)})" if around.beside.relation else ""
    who = f"{who_wrote(message, around.practice)}{relation}"
    sign = "◂" if message.direction is Direction.INBOUND else "▸"
    words = f"{sign} {_channel_words(message)} {when}  {who}   {_RETRACTED}"
    lines: list[Line] = [((line, "machine"),) for line in wrap(words, width - 2)[:3]]
    lines.append((("  ", ""), (cut("entered in error; q shows what it said", width - 2), "hint")))
    return lines


def _machine(message: Message, width: int, look: Look, around: Around) -> list[Line]:
    when = moment_words(message.at, around.now, around.practice)
    words = f"· {_MACHINES[message.nature]} {when}"
    sender = message.sender
    if message.nature is Nature.AUTO_REPLY and sender is not None:
        words += f" from {one_line(sender.name or sender.value, 60)}"
    if around.about is not None:
        words += f", about ours of {moment_words(around.about.at, around.now, around.practice)}"
    why = one_line(message.status_text, 200)
    if why:
        words += f": {why}"
    lines: list[Line] = [
        ((line if not index else f"  {line}", "machine"),)
        for index, line in enumerate(wrap(words, width - 2)[:3])
    ]
    if look.whole:
        lines += _details(message, width, around.practice) if look.details else []
        lines += _body(message, width, look)
    else:
        first = one_line(message.text[:400], 200)
        tail = "  q shows it"
        lines.append((("  ", ""), (cut(first, width - 2 - len(tail)), "machine"), (tail, "hint")))
    return lines
