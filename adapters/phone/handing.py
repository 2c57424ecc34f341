"""Handing something over to Twilio: at most once, and what it means when no answer comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from adapters.phone.connection import Said, Twilio
from inbox.channel import HandingOver
from inbox.errors import ConnectionLost, NotSent, OutcomeUnknown, TlsRefused, TwowayError

Claimed = Callable[[str], Awaitable[bool]]
"""Whether a SID is known to be another text or call of ours."""


async def hand_over(
    twilio: Twilio,
    resource: str,
    form: Mapping[str, str],
    handing_over: HandingOver,
    *,
    thing: str,
    again: bool,
) -> Said:
    """POST a new resource and give Twilio's answer, whatever it says.

    Args:
        twilio: The account.
        resource: `Messages` or `Calls`.
        form: Its fields.
        handing_over: Awaited right before the point of no return.
        thing: What it is, in a word.
        again: It is tried again by itself when it is certain that it did not leave.

    Raises:
        NotSent: nothing has left.
        OutcomeUnknown: no answer came; it may have been taken.
    """
    try:
        await twilio.open()
    except TwowayError as error:
        raise NotSent(error.sentence, error.hint, temporary=again) from error
    from adapters.phone.client import NotConnected

    await handing_over()
    hint = "It is tried again by itself." if again else "Dial by hand, or try again."
    try:
        return await twilio.hand_over(f"{twilio.root}/{resource}.json", form)
    except NotConnected as error:
        raise NotSent(f"{error} does not answer.", hint, temporary=again) from error
    except TlsRefused as error:
        raise NotSent(error.sentence, error.hint, temporary=again) from error
    except ConnectionLost as error:
        raise OutcomeUnknown(
            f"The connection to Twilio broke while the {thing} was handed over.", ""
        ) from error


def sid_of(said: Said, thing: str) -> str:
    """The name Twilio gave to what it took.

    Raises:
        OutcomeUnknown: the answer has none.
    """
    sid = said.record.get("sid")
    if not isinstance(sid, str):
        raise OutcomeUnknown(f"Twilio's answer to the {thing} could not be read.", "")
    return sid
