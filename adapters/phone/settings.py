"""What the phone channels need to know to reach their account."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.web.loopback import is_loopback
from inbox.errors import ConfigurationError

API = "https://api.twilio.com"
"""Where Twilio's REST API lives."""
POLL = 15.0
"""Seconds between two looks at what is new."""

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}\Z")


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """One Twilio account."""

    account_sid: str
    """`AC` and 32 hex digits."""
    secret: Callable[[], str] = field(repr=False)
    """Gives the auth token or the API key's secret when it is needed; called in a thread, may raise
    a TwowayError."""
    user: str = ""
    """The SID of an API key; empty: the account logs in with its auth token."""
    base_url: str = API
    """Where the API is; another host than Twilio's must be this very machine."""
    poll: float = POLL
    """Seconds between two looks at what is new."""
    validity: int | None = None
    """Seconds after which a text that is still waiting is given up (1 to 36,000); None: Twilio's
    own limit."""
    connect_timeout: float = 10.0
    """Seconds for a connection to be made."""
    read_timeout: float = 30.0
    """Seconds for a whole answer."""

    def __post_init__(self) -> None:
        """Refuse what cannot work, and what would send the secret in the clear or elsewhere."""
        if _ACCOUNT.match(self.account_sid) is None:
            raise ConfigurationError(
                "The account SID of a Twilio line is not one.",
                "It begins with AC and has 32 more characters; copy it from Twilio's console.",
            )
        if self.base_url.rstrip("/") != API and not is_loopback(self.base_url):
            raise ConfigurationError(
                "The base_url of a Twilio line leads to a strange host.",
                f'Leave base_url out, or set it to "{API}".',
            )
        if self.validity is not None and not 1 <= self.validity <= 36_000:
            raise ConfigurationError(
                "The validity of a text is out of range.", "Give 1 to 36000 seconds."
            )
