"""Lakeside Family Practice on the telephone: its numbers, and the people who text and call."""

from __future__ import annotations

import re

from demo.twilio.account import Account
from demo.twilio.people import Event, Holder, Reply
from demo.twilio.record import Number, Service

TEXTS = "+15550107788"
"""The number patients text."""
MAIN = "+15550107700"
"""The number patients call; it takes no texts."""
SECOND = "+15550107789"
"""A second text number, from which a round trip to the first one can be made."""
DEAD = "+15550107766"
"""A number in a Messaging Service that throws away what patients text back."""
VOICEMAIL = "https://handler.twilio.example/voicemail"
"""What picks up on the main number."""

PEOPLE = (
    Holder(
        "+15550107811",
        "Rosa Jimenez",
        (
            Reply(re.compile(r"(?i)friday|monday|\d{1,2}:\d\d"), "Perfect, see you then 🙂"),
            Reply(re.compile(r"(?i)\?"), "Yes please"),
        ),
        turns=3,
    ),
    Holder("+15550107812", "somebody at home", landline=True),
    Holder("+15550107813", "a telephone that is switched off", fails_with=30003),
    Holder("+15550107814", "a caller", (Reply(re.compile("."), "I got your text."),), calls=True),
    Holder("+15550107815", "somebody who has had enough", (Reply(re.compile("."), "STOP"),)),
)
"""Who has a telephone."""

COMMON = (Reply(re.compile("."), "Thank you"),)
"""What everybody else texts back."""

EVENTS = (
    Event(20, "+15550107811", TEXTS, "Running 10 min late, is that ok?"),
    Event(60, "+15550107814", MAIN, "Hello, please call me back about my results.", call=True),
    Event(100, "+15550107816", TEXTS, "Who is this? I think you have the wrong number"),
)
"""What comes unasked."""


def furnish(account: Account) -> None:
    """Give an account the practice's numbers and its dead Messaging Service."""
    account.add_number(Number(TEXTS))
    account.add_number(Number(SECOND))
    account.add_number(Number(MAIN, sms=False, voice_url=VOICEMAIL))
    account.add_number(Number(DEAD))
    account.add_service(Service("Front desk", [TEXTS], use_inbound_webhook_on_number=True))
    account.add_service(Service("Old reminders", [DEAD]))
