"""What the portal channel needs to know to reach its server."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from adapters.web.loopback import is_loopback
from inbox.errors import ConfigurationError

POLL = 20.0
"""Seconds between two looks at what is new."""
SCOPES = (
    "system/Communication.crus system/Patient.rs system/RelatedPerson.rs system/Practitioner.rs "
    "system/PractitionerRole.rs system/Organization.rs system/Group.rs "
    "system/DocumentReference.crs system/Binary.cr"
)
"""What a token is asked for (SMART App Launch 2.0, scopes for requesting FHIR resources)."""
MOST_ON_A_PAGE = 1000

_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,60}/[A-Za-z0-9.-]{1,64}\Z")
_OWN_PARAMETERS = {"_count", "_lastUpdated", "_sort", "_format", "identifier", "_elements", "_id"}

Algorithm: TypeAlias = Literal["RS384", "ES384"]


@dataclass(frozen=True, slots=True)
class BackendServices:
    """SMART Backend Services: we sign an assertion and are given a token for some minutes."""

    client_id: str
    """What the vendor calls us."""
    key: Callable[[], str] = field(repr=False)
    """Gives the private key (PEM) when it is needed; called in a thread, may raise a
    TwowayError."""
    kid: str
    """The name of the key in what was handed to the vendor."""
    algorithm: Algorithm | None = None
    """None: the one that goes with the key, RS384 for RSA and ES384 for P-384."""
    token_url: str = ""
    """Where tokens are given; empty: as the server says (`.well-known/smart-configuration`)."""
    scope: str = SCOPES


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that somebody else made."""

    token: Callable[[], str] = field(repr=False)
    """Gives it when it is needed; called in a thread, may raise a TwowayError."""


@dataclass(frozen=True, slots=True)
class NoAuth:
    """A server that asks for nothing, on this machine."""


Auth: TypeAlias = BackendServices | Bearer | NoAuth


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """One FHIR server."""

    base_url: str
    """The base of its FHIR R4 endpoint; https, but for this very machine."""
    auth: Auth
    sender: str = ""
    """Who we are there, `Organization/1`; empty: only the name of the line is told."""
    query: tuple[tuple[str, str], ...] = ()
    """Further search parameters that every list of messages is asked with."""
    page_size: int = 100
    """Messages on a page; the server may give fewer."""
    answerable: bool | None = None
    """Whether patients can answer what is sent there; None: nobody has said."""
    timezone: tzinfo = UTC
    """What times without an offset are read in."""
    most_inline: int = 2_000_000
    """Bytes of a file that goes inside a message; a larger one is handed over by itself."""
    max_bytes: int = 25_000_000
    """Bytes of all files of one message."""
    poll: float = POLL
    """Seconds between two looks at what is new."""
    connect_timeout: float = 10.0
    """Seconds for a connection to be made."""
    read_timeout: float = 60.0
    """Seconds without a word; a large answer, and a large message, may take longer in all."""
    patience: float = 20.0
    """Seconds of a Retry-After that are waited at most; a longer one is tried again later."""

    def __post_init__(self) -> None:
        """Refuse what cannot work, and what would send a secret or a message in the clear."""
        strange = ConfigurationError(
            "The base_url of the portal is not a web address.",
            'Expected one like "https://ehr.example/fhir".',
        )
        try:
            parts = urlsplit(self.base_url)
        except ValueError as error:
            raise strange from error
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise strange
        if parts.username or parts.password:
            raise ConfigurationError(
                "The base_url of the portal holds a name or a password.",
                "Take it out, and say under auth who we are.",
            )
        check_private(self.base_url)
        if isinstance(self.auth, NoAuth) and not is_loopback(self.base_url):
            raise ConfigurationError(
                "Only a portal on this very machine may be used without logging in.",
                'Set auth to "backend-services" or "bearer".',
            )
        if self.sender and _REFERENCE.match(self.sender) is None:
            raise ConfigurationError(
                "A portal line says who we are in a form that portals do not know.",
                'Expected one like "Organization/1".',
            )
        if not 1 <= self.page_size <= MOST_ON_A_PAGE:
            raise ConfigurationError(
                "The page_size of the portal is out of range.", "Give a number from 1 to 1000."
            )
        if any(name.partition(":")[0] in _OWN_PARAMETERS for name, _ in self.query):
            raise ConfigurationError(
                "The patient_query of the portal holds what Twoway asks for by itself.",
                "Leave _count, _lastUpdated, _sort and identifier out.",
            )

    @property
    def base(self) -> str:
        """The base without a slash at its end: what all URLs of the server begin with."""
        return self.base_url.rstrip("/")


def check_private(url: str) -> None:
    """Refuse a URL over which others could listen.

    Raises:
        ConfigurationError: it is neither https nor on this very machine.
    """
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise ConfigurationError(
            "The address of the portal is not private: it does not begin with https.",
            "Ask the vendor for the https address.",
        )
