"""What the desk shows: a conversation that was opened, a draft that was judged, a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inbox.conversation import ConversationRow
from inbox.gate import Verdict
from inbox.line import Line, LineHealth
from inbox.marks import Marks
from inbox.message import Message
from inbox.outgoing import Draft
from inbox.patient import Patient
from inbox.reply_path import Plan, Proof
from inbox.repository import ConsentEntry, ConsentKey
from inbox.storage.handed_over import Uncopied
from inbox.storage.patient import SharedPoint


@dataclass(frozen=True, slots=True)
class ConversationView:
    """One conversation, opened."""

    row: ConversationRow
    messages: tuple[Message, ...]
    """The latest, in time order."""
    more: bool
    """There are earlier ones."""
    patient: Patient | None
    others: tuple[ConversationRow, ...]
    """The patient's other conversations, newest first."""
    candidates: tuple[Patient, ...] = ()
    """Whom it may be about, while nobody has said."""
    shared: tuple[SharedPoint, ...] = ()
    """Other patients who are reached at the patient's addresses."""
    consents: Mapping[ConsentKey, ConsentEntry] = field(default_factory=dict)
    """What was said last about each of the patient's addresses."""
    marks: Marks = field(default_factory=Marks)
    """What is shown beside the messages."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the composer shows of a draft: the two lines, and what the gate says."""

    draft: Draft
    plan: Plan | None
    from_words: str
    """Which line it leaves from and why answers come home, or why there is none."""
    answer_words: str
    """How the reader can answer, who sees it, until when."""
    verdict: Verdict
    leaves_words: str = ""
    """`leaves tomorrow 08:00`; empty when it leaves at once."""


@dataclass(frozen=True, slots=True)
class LineView:
    """One line as the status bar and `doctor` show it."""

    line: Line
    proof: Proof
    proof_words: str
    health: LineHealth | None
    uncopied: Uncopied | None = None
    """What left from it and is not in its folder of sent messages yet, when that failed."""
    by_hand: bool = False
    """Calls on it are made, taken and logged by a person: there is nothing to prove or to read."""
