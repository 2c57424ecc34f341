"""Twilio's error codes: what each means for a practice, as data.

The words that Twilio sends along are subject to change; the codes are not. A code that is not in
the table is read by its neighbourhood.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inbox.message import Effect

OPTED_OUT = 21610
"""The code of a number whose owner has texted STOP: consent, and not a fault of the number."""


class Fault(StrEnum):
    """Whose matter an error is."""

    ACCOUNT = "account"
    """The account does not do its work; a person has to look into Twilio's console."""
    SENDER = "sender"
    """The number of the line is not set up for this."""
    NUMBER = "number"
    """Their number takes no texts, and never will."""
    CONSENT = "consent"
    """They told us to stop."""
    PASSING = "passing"
    """It may work later."""
    CONTENT = "content"
    """The carrier did not like the words."""
    ROUTE = "route"
    """This line cannot reach that number; another might."""
    UNSURE = "unsure"
    """Nobody says why."""


@dataclass(frozen=True, slots=True)
class Code:
    """One error code."""

    fault: Fault
    """Whose matter it is."""
    sentence: str
    """What happened."""
    hint: str
    """The next step."""
    enhanced: str
    """The enhanced status code (RFC 3463) that says the same of a mail: what delivery reports are
    told in."""
    code: int = 0
    """Twilio's own."""
    retries: bool = False
    """One more try, later, may help."""


_WORTH_ANOTHER_TRY = frozenset({30001, 30003})
"""Codes of texts that certainly did not arrive, for a reason that passes."""
_CALL = "Call them, or write by e-mail or portal."
_DOCTOR = "Run `twoway doctor`; it names what to set up in Twilio's console."
_STOPPED = Code(
    Fault.CONSENT,
    "They have told this number to stop texting them.",
    "Do not text them. Call, or write by e-mail or portal; they can text START to undo it.",
    "5.7.1",
)
_NO_MOBILE = Code(Fault.NUMBER, "Their number is a landline and takes no texts.", _CALL, "5.1.1")
_NO_NUMBER = Code(
    Fault.NUMBER,
    "Their number does not exist.",
    "Check the number with the patient, and write by e-mail or portal until then.",
    "5.1.1",
)
_OUR_NUMBER = Code(Fault.SENDER, "The number of this line cannot send texts.", _DOCTOR, "5.7.0")
_UNREGISTERED = Code(
    Fault.SENDER,
    "The number of this line is not registered for texts (10DLC), so carriers refuse them.",
    "Register it in Twilio's console; until then write by e-mail or portal, or call.",
    "5.7.0",
)
_LOGIN = Code(Fault.ACCOUNT, "Twilio did not accept the account's password.", _DOCTOR, "5.7.8")
_SUSPENDED = Code(
    Fault.ACCOUNT,
    "The Twilio account is suspended.",
    "Look into Twilio's console; most often a payment is due.",
    "5.7.0",
)
_REGION = Code(
    Fault.ACCOUNT,
    "The Twilio account may not reach numbers of that country.",
    "Allow the country in Twilio's console, or write by e-mail or portal.",
    "5.7.1",
)
_OTHER_WAY = Code(Fault.ROUTE, "This line cannot reach their number.", _CALL, "5.4.4")
_FILTERED = Code(
    Fault.CONTENT,
    "The carrier took the text for spam and did not deliver it.",
    "Leave out short links and loud words, and say who writes; or call them.",
    "5.7.1",
)
_LATER = Code(
    Fault.PASSING,
    "Twilio asks to send more slowly.",
    "It is tried again by itself.",
    "4.4.5",
    retries=True,
)

_TABLE: dict[int, Code] = {
    20003: _LOGIN,
    20005: _SUSPENDED,
    20429: _LATER,
    13224: _NO_NUMBER,
    21210: Code(
        Fault.SENDER,
        "The number of this line may not be shown to those who are called.",
        _DOCTOR,
        "5.7.0",
    ),
    21211: _NO_NUMBER,
    21212: _OUR_NUMBER,
    21214: Code(Fault.ROUTE, "Their number cannot be reached.", _CALL, "5.4.4"),
    21215: _REGION,
    21217: _NO_NUMBER,
    21408: _REGION,
    21421: _NO_NUMBER,
    21602: Code(Fault.CONTENT, "The text is empty.", "Write something.", "5.6.0"),
    21604: _NO_NUMBER,
    21606: _OUR_NUMBER,
    21608: Code(
        Fault.ACCOUNT,
        "The Twilio account is on trial and texts only numbers it has verified.",
        _DOCTOR,
        "5.7.0",
    ),
    21610: _STOPPED,
    21611: Code(
        Fault.PASSING,
        "Too many texts of this line are waiting.",
        "It is tried again by itself.",
        "4.4.5",
        retries=True,
    ),
    21612: _OTHER_WAY,
    21614: _NO_MOBILE,
    21617: Code(Fault.CONTENT, "The text is longer than 1,600 characters.", "Shorten it.", "5.3.4"),
    21635: _NO_MOBILE,
    21660: _OUR_NUMBER,
    30001: Code(
        Fault.PASSING,
        "Too many texts were waiting, so it was not sent.",
        "Send it again, or call them.",
        "4.4.5",
        retries=True,
    ),
    30002: _SUSPENDED,
    30003: Code(
        Fault.PASSING,
        "Their phone was off or out of reach.",
        "Call them, or send it again later.",
        "4.4.1",
        retries=True,
    ),
    30004: Code(Fault.CONSENT, "Their carrier or they blocked the text.", _CALL, "5.7.1"),
    30005: _NO_NUMBER,
    30006: _NO_MOBILE,
    30007: _FILTERED,
    30008: Code(
        Fault.UNSURE,
        "The carrier did not deliver the text and does not say why.",
        "Try once more, or call them.",
        "5.0.0",
    ),
    30024: _UNREGISTERED,
    30032: _UNREGISTERED,
    30034: _UNREGISTERED,
    30047: _UNREGISTERED,
    30450: _FILTERED,
    30610: Code(
        Fault.PASSING,
        "It is night where they are, so the text was not sent.",
        "Send it in the morning.",
        "4.7.1",
    ),
    30640: Code(Fault.CONSENT, "This number must not be texted.", _CALL, "5.7.1"),
}

_DEFAULTS: tuple[tuple[range, Code], ...] = (
    (range(30000, 31000), _TABLE[30008]),
    (
        range(21000, 22000),
        Code(Fault.UNSURE, "Twilio did not take it.", _CALL, "5.0.0"),
    ),
    (range(20000, 21000), Code(Fault.ACCOUNT, "Twilio refused the account.", _DOCTOR, "5.7.0")),
)
_ANY = Code(Fault.UNSURE, "Twilio did not take it.", _CALL, "5.0.0")


_EFFECTS = {
    Fault.NUMBER: Effect.DEAD,
    Fault.SENDER: Effect.MUTE,
}


def effect_of(code: Code) -> Effect:
    """What follows from it that a text was not delivered for this reason."""
    if code.code == OPTED_OUT:
        return Effect.STOPPED
    if code.code in _WORTH_ANOTHER_TRY:
        return Effect.LATER
    return _EFFECTS.get(code.fault, Effect.NONE)


def code_of(number: int) -> Code:
    """What an error code means; a sensible word for one that is not known."""
    found = _TABLE.get(number)
    if found is None:
        found = next((code for codes, code in _DEFAULTS if number in codes), _ANY)
    return Code(
        found.fault, found.sentence, found.hint, found.enhanced, number, retries=found.retries
    )


KNOWN: frozenset[int] = frozenset(_TABLE)
"""The codes that have words of their own."""
