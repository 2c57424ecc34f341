"""Who we say we are: SMART Backend Services, a bearer token, or nothing.

http://hl7.org/fhir/smart-app-launch/STU2/backend-services.html: an assertion that we sign
(private_key_jwt) is traded for a token that lasts some minutes.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from adapters.portal.settings import (
    Algorithm,
    BackendServices,
    Bearer,
    NoAuth,
    PortalSettings,
    check_private,
)
from adapters.portal.trouble import AGAIN
from adapters.web.loopback import is_loopback
from inbox.clock import Clock
from inbox.errors import AuthenticationFailed, ConfigurationError, ConnectionLost

if TYPE_CHECKING:
    from adapters.portal.client import Reply, Transport

ASSERTION_LASTS = timedelta(minutes=4)
"""SMART allows five at most."""
BEFORE_ITS_END = timedelta(seconds=30)
"""A token is not used any more when this little is left of it."""
LASTS = 300
"""Seconds that a token is taken to last when the server does not say."""
MOST_JSON = 1_000_000
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_ERRORS = {
    "invalid_client": (
        "The portal does not know this line's client id, or its key.",
        "Hand the vendor the public key; check the client_id, the kid and this computer's clock.",
    ),
    "unauthorized_client": (
        "The portal does not let this line ask for tokens.",
        "Ask the vendor to allow Backend Services for it.",
    ),
    "invalid_scope": (
        "The portal does not grant this line what it needs.",
        "Ask the vendor to allow it to read and create messages (system/Communication).",
    ),
}


class NoToken(ConnectionLost):
    """Where tokens are given nobody answers, so nothing of the request has left."""


class Tokens:
    """The token of one line: asked for when it is needed, kept until shortly before its end."""

    def __init__(self, settings: PortalSettings, clock: Clock) -> None:
        """Say who we are as `settings` have it."""
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._ends: datetime | None = None
        self._endpoint = ""
        self.asked = 0
        """How many tokens were asked for so far."""

    async def header(self, transport: Transport) -> dict[str, str]:
        """The header that says who we are; empty where nothing is asked for.

        Raises:
            AuthenticationFailed, ConnectionLost, ConfigurationError: there is no token to be had.
        """
        if isinstance(self._settings.auth, NoAuth):
            return {}
        async with self._lock:
            if not self._token or (self._ends is not None and self._clock() >= self._ends):
                await self._renew(transport)
            return {"Authorization": f"Bearer {self._token}"}

    def refuse(self, header: Mapping[str, str]) -> bool:
        """The server did not take this header: forget the token, and say whether another may do.

        Another task may have got a new one meanwhile, which stays.
        """
        if isinstance(self._settings.auth, NoAuth):
            return False
        if header.get("Authorization") == f"Bearer {self._token}":
            self.forget()
        return True

    def forget(self) -> None:
        """Ask for a new token the next time, and look anew where tokens are given."""
        self._token, self._ends, self._endpoint = "", None, ""

    async def _renew(self, transport: Transport) -> None:
        auth = self._settings.auth
        self.asked += 1
        if isinstance(auth, Bearer):
            self._token = (await asyncio.to_thread(auth.token)).strip()
            if not self._token or not self._token.isprintable():
                raise AuthenticationFailed(
                    "The portal's token is empty or is no token.", "Look where it is kept."
                )
            return
        if isinstance(auth, BackendServices):
            endpoint = await self._find(auth, transport)
            now = self._clock()
            assertion = await asyncio.to_thread(sign, auth, endpoint, now)
            form = {
                "grant_type": "client_credentials",
                "scope": auth.scope,
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": assertion,
            }
            reply = await _asked(transport, "POST", endpoint, urlencode(form).encode("ascii"))
            granted = _granted(reply)
            self._token = granted["access_token"]
            lasts = granted.get("expires_in")
            seconds = lasts if isinstance(lasts, int) and 0 < lasts < 10**7 else LASTS
            self._ends = now + timedelta(seconds=seconds) - BEFORE_ITS_END

    async def _find(self, auth: BackendServices, transport: Transport) -> str:
        """Where tokens are given, as the server says."""
        if auth.token_url or self._endpoint:
            return self._checked(auth.token_url or self._endpoint)
        base = self._settings.base
        reply = await _asked(transport, "GET", f"{base}/.well-known/smart-configuration")
        found = _object(reply).get("token_endpoint") if reply.status == 200 else None
        if not isinstance(found, str):
            # Older servers say it in their CapabilityStatement only.
            reply = await _asked(transport, "GET", f"{base}/metadata")
            found = _in_statement(_object(reply)) if reply.status == 200 else None
        if not isinstance(found, str) or not found:
            raise ConfigurationError(
                "The portal does not say where it gives tokens.",
                "Check the base_url of this line; ask the vendor whether it knows SMART Backend"
                " Services.",
            )
        self._endpoint = self._checked(found)
        return self._endpoint

    def _checked(self, url: str) -> str:
        check_private(url)
        if is_loopback(url) and not is_loopback(self._settings.base_url):
            raise ConfigurationError(
                "The portal sends us to this very machine for a token.", "Tell the vendor."
            )
        return url


def sign(auth: BackendServices, endpoint: str, now: datetime) -> str:
    """The assertion for one token (RFC 7523): a JWT that nobody can use a second time.

    Args:
        auth: Who we are; its key is read here, so call this on a thread.
        endpoint: Where tokens are given.
        now: The present moment.

    Raises:
        ConfigurationError: the key cannot be read, or is none of its kind.
        TwowayError: the key cannot be had.
    """
    import jwt

    key, algorithm = read_key(auth.key())
    if auth.algorithm not in {None, algorithm}:
        raise ConfigurationError(
            f"The portal's key is none for {auth.algorithm}.", f"It is one for {algorithm}."
        )
    claims = {
        "iss": auth.client_id,
        "sub": auth.client_id,
        "aud": endpoint,
        "jti": uuid.uuid4().hex,
        "iat": int(now.timestamp()),
        "exp": int((now + ASSERTION_LASTS).timestamp()),
    }
    return jwt.encode(claims, key, algorithm, headers={"kid": auth.kid, "typ": "JWT"})


def read_key(pem: str) -> tuple[Any, Algorithm]:
    """A private key and the algorithm that goes with it.

    Raises:
        ConfigurationError: it is no key that portals take.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "Make one with `twoway setup`: an RSA key of 2048 bits or more, or one on P-384."
    try:
        key = load_pem_private_key(pem.encode("utf-8"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError("The portal's private key cannot be read.", hint) from error
    if isinstance(key, RSAPrivateKey) and key.key_size >= 2048:
        return key, "RS384"
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP384R1):
        return key, "ES384"
    raise ConfigurationError("The portal's private key is of a kind that portals refuse.", hint)


async def _asked(transport: Transport, method: str, url: str, form: bytes | None = None) -> Reply:
    from adapters.portal.client import NotConnected

    headers = {"Accept": "application/json"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    down = NoToken("Where the portal gives tokens, nobody answers.", AGAIN)
    try:
        reply = await transport.carry(method, url, headers, form, limit=MOST_JSON)
    except (NotConnected, ConnectionLost) as error:
        raise down from error
    if reply.status >= 500 or reply.status == 429 or reply.too_large:
        raise down
    return reply


def _granted(reply: Reply) -> dict[str, Any]:
    told = _object(reply)
    if reply.status == 200 and isinstance(told.get("access_token"), str) and told["access_token"]:
        return told
    if not told:
        raise NoToken("Where the portal gives tokens, something else answered.", AGAIN)
    sentence, hint = _ERRORS.get(
        str(told.get("error")),
        ("The portal gave this line no token.", "Ask the vendor what is missing."),
    )
    raise AuthenticationFailed(sentence, hint)


def _object(reply: Reply) -> dict[str, Any]:
    try:
        told = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _in_statement(statement: dict[str, Any]) -> str | None:
    try:
        for one in statement["rest"][0]["security"]["extension"]:
            if one.get("url") == _OAUTH_URIS:
                for part in one["extension"]:
                    if part.get("url") == "token":
                        return str(part["valueUri"])
    except (KeyError, IndexError, TypeError, AttributeError):
        pass
    return None
