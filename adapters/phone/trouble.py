"""What goes wrong between us and Twilio, as errors. Nothing here quotes a number or a text."""

from __future__ import annotations

from adapters.phone.code import OPTED_OUT, Code, Fault, code_of
from inbox.errors import (
    AuthenticationFailed,
    ChannelError,
    ConnectionLost,
    NotSent,
    OutcomeUnknown,
    ServerRefused,
)


class TextRefused(NotSent):
    """Twilio did not take a text, and said why.

    Beside what `NotSent` tells, it has `code`: the entry of the table, with whose matter it is.
    """

    def __init__(self, code: Code, to: str, *, temporary: bool = False) -> None:
        """Say it for a text that was to go `to` a number."""
        super().__init__(
            code.sentence,
            code.hint,
            temporary=temporary or code.retries,
            sender_refused=code.fault is Fault.SENDER,
            recipients=(to,) if code.fault is Fault.NUMBER else (),
            stopped=code.code == OPTED_OUT,
        )
        self.code = code


def reading_trouble(status: int, code: int) -> ChannelError:
    """What a refused question means.

    Args:
        status: The HTTP status, not 2xx.
        code: Twilio's own code, 0 when the answer had none.
    """
    if code == 20005:
        known = code_of(code)
        return AuthenticationFailed(known.sentence, known.hint)
    if status in {401, 403}:
        return AuthenticationFailed(
            "Twilio did not accept the account SID, the key or its secret.",
            "Copy them again from Twilio's console.",
        )
    if status == 429:
        return ConnectionLost("Twilio asks to slow down.", "It is tried again by itself.")
    if status >= 500:
        return ConnectionLost("Twilio has trouble of its own.", "It is tried again by itself.")
    if status == 404:
        return ServerRefused(
            "Twilio does not have what was asked for.", "Check the account SID of this line."
        )
    return ServerRefused(f"Twilio refused the question ({code or status}).", "Run `twoway doctor`.")


def sending_trouble(status: int, code: int, to: str) -> ChannelError:
    """What it means that a text was not taken with 2xx.

    A server error after the text was handed over says nothing: it may have left.
    """
    if status >= 500 or status < 400:
        return OutcomeUnknown(
            "Twilio answered with an error of its own after the text was handed over.", ""
        )
    if status == 429:
        return TextRefused(code_of(20429), to, temporary=True)
    if status == 408:
        return OutcomeUnknown("Twilio gave up while the text was handed over.", "")
    return TextRefused(code_of(code if code >= 20000 else 20003 if status in {401, 403} else 0), to)


def lost(host: str) -> ConnectionLost:
    """The error for a connection that broke or was never made."""
    return ConnectionLost(f"{host} does not answer.", "It is tried again by itself.")


def kept_back(thing: str, error: ChannelError) -> ConnectionLost:
    """The error for a file that its `thing` waits for; the account itself may be fine.

    A key that may read texts need not be one that may fetch files, so a login that is refused here
    is no reason to stop the line.
    """
    if isinstance(error, ConnectionLost):
        return error
    return ConnectionLost(
        f"Twilio does not hand over what came with a {thing}.", "It is tried again by itself."
    )


def strange_answer() -> ConnectionLost:
    """The error for an answer that is no JSON: a page of a proxy, a captive portal."""
    return ConnectionLost(
        "Something other than Twilio answered.",
        "Check the internet connection; it is tried again by itself.",
    )
