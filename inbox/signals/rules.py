"""Every inbound rule, and what they hear in one arrival."""

from __future__ import annotations

from typing import Final

from inbox.message import Nature
from inbox.signals import crisis, machine, opting, stranger, waiting
from inbox.signals.heard import Heard
from inbox.signals.rule import InboundRule
from inbox.signals.signal import THANKS, Sign, SignalState

_MODULES: Final = (crisis, machine, opting, stranger, waiting)

INBOUND_RULES: Final[tuple[InboundRule, ...]] = tuple(
    sorted(
        (
            found
            for module in _MODULES
            for found in vars(module).values()
            if isinstance(found, InboundRule)
        ),
        key=lambda rule: rule.id,
    )
)
"""Every inbound rule, by id."""

_PROPOSING: Final = (
    crisis.crisis,
    opting.opted_out,
    opting.asks_to_stop,
    stranger.wrong_person,
    opting.opts_in,
)

_LASTING: Final = tuple(rule for rule in _PROPOSING if rule is not crisis.crisis)
"""What is worth knowing however long ago it was said."""


def listen(heard: Heard, *, fresh: bool = True) -> tuple[Sign, ...]:
    """The signals of one arrival that are kept with it, each as a proposal or noted.

    Only what a person wrote is listened to: no list mail, no automatic answer (IN05).

    Args:
        heard: What arrived.
        fresh: It is not history. An emergency of before the first start has been looked after, or
            is past help.
    """
    if heard.nature is not Nature.PERSONAL:
        return ()
    signs = [
        Sign(rule.id, SignalState.PROPOSED, words)
        for rule in (_PROPOSING if fresh else _LASTING)
        if (words := rule(heard))
    ]
    if not signs and waiting.thanks(heard) and (fresh or not crisis.crisis(heard)):
        signs.append(Sign(THANKS, SignalState.NOTED, ""))
    return tuple(signs)
