"""How a call ended."""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """What became of a call."""

    ANSWERED = "answered"
    """Somebody of ours talked with them."""
    MISSED = "missed"
    """It rang, or a greeting played, and nobody talked with them."""
    VOICEMAIL = "voicemail"
    """They left a message."""
    ABANDONED = "abandoned"
    """They hung up before anything happened."""
    REACHED = "reached"
    """Our call was answered over there, by somebody or by a machine."""
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    """Our call did not get through."""
    NOT_MADE = "not-made"
    """Our own phone was not picked up, so the patient's never rang."""
    GOES_ON = "goes-on"
    """It is not over, as far as anybody knows."""

    @property
    def outdone_by(self) -> frozenset[Ending]:
        """What may be learned of the call later, when its legs and recordings come up."""
        late = frozenset({Ending.ANSWERED, Ending.VOICEMAIL})
        if self is Ending.GOES_ON:
            return frozenset(Ending) - {self}
        if self is Ending.ABANDONED:
            return late | {Ending.MISSED}
        return late if self is Ending.MISSED else frozenset()
