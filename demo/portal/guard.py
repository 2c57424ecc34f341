"""Who may come in: nobody is asked, a token that is known, or tokens for signed assertions.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from demo.portal.holdings import Clock
from demo.portal.problem import Problem

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS384", "ES384")
LONGEST = timedelta(minutes=5)
"""How far ahead an assertion may expire."""
LEEWAY = timedelta(seconds=30)
"""How much the clocks may differ."""


class Refused(Exception):
    """A token that is not given (RFC 6749 5.2).

    Args:
        error: the code, such as `invalid_client`.
        words: for whoever reads the log.
    """

    def __init__(self, error: str, words: str) -> None:
        super().__init__(words)
        self.error = error
        self.status = 401 if error == "invalid_client" else 400

    def body(self) -> dict[str, str]:
        """The JSON object of the answer."""
        return {"error": self.error, "error_description": str(self)}


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was given out."""

    client_id: str
    scope: str
    expires: datetime


class Guard:
    """The door.

    Args:
        clock: the server's time.
    """

    def __init__(self, clock: Clock) -> None:
        self.asks: Literal["nothing", "bearer", "backend"] = "nothing"
        """What whoever comes must show: nothing, one of `secrets`, or a token of `give`."""
        self.secrets: set[str] = set()
        """Tokens that always open."""
        self.clients: dict[str, dict[str, Any]] = {}
        """The JSON Web Key Set each client registered (RFC 7517)."""
        self.lasts = timedelta(minutes=5)
        """How long a token is good."""
        self.given: dict[str, Token] = {}
        """Tokens that are good or were, by their value."""
        self._clock = clock
        self._seen: set[tuple[str, str]] = set()
        self._serial = itertools.count(1)

    def forget(self) -> None:
        """Take back every token that was given, whatever its time."""
        self.given.clear()

    def check(self, authorization: str) -> None:
        """Let a request in.

        Raises:
            Problem: it shows nothing that opens.
        """
        if self.asks == "nothing":
            return
        kind, _, value = authorization.partition(" ")
        if kind == "Bearer" and self.asks == "bearer" and value in self.secrets:
            return
        token = self.given.get(value)
        if kind == "Bearer" and token is not None and self._clock() < token.expires:
            return
        raise Problem("login", "Show a token that is good.")

    def give(self, form: Mapping[str, str], token_endpoint: str) -> dict[str, Any]:
        """Answer a request for a token.

        Args:
            form: the body.
            token_endpoint: who an assertion must be addressed to.

        Raises:
            Refused: there is none for it.
        """
        if form.get("grant_type") != "client_credentials":
            raise Refused("unsupported_grant_type", "Only client_credentials.")
        scope = form.get("scope", "")
        if not scope or not all(one.startswith("system/") for one in scope.split()):
            raise Refused("invalid_scope", "Ask for scopes that begin with system/.")
        if form.get("client_assertion_type") != ASSERTION:
            raise Refused("invalid_client", "Show a signed assertion.")
        client_id = self._client_of(form.get("client_assertion", ""), token_endpoint)
        value = f"token-{next(self._serial)}-{client_id}"
        self.given[value] = Token(client_id, scope, self._clock() + self.lasts)
        return {
            "access_token": value,
            "token_type": "bearer",
            "expires_in": int(self.lasts.total_seconds()),
            "scope": scope,
        }

    def _client_of(self, assertion: str, token_endpoint: str) -> str:
        # Nobody who shows no assertion waits for its library.
        import jwt

        try:
            header = jwt.get_unverified_header(assertion)
            name = jwt.decode(assertion, options={"verify_signature": False})["sub"]
            keys = jwt.PyJWKSet.from_dict(self.clients[name])
            claims = jwt.decode(
                assertion,
                keys[header["kid"]].key,
                algorithms=[one for one in ALGORITHMS if one == header["alg"]],
                audience=token_endpoint,
                issuer=name,
                options={
                    "require": ["exp", "iss", "sub", "aud", "jti"],
                    # The clock of the world, not of this machine, says when it is over.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        # PyJWT answers a key of another kind than the algorithm with a TypeError.
        except (jwt.InvalidTokenError, jwt.PyJWKSetError, KeyError, TypeError) as error:
            raise Refused("invalid_client", f"The assertion is not good: {error}") from error
        self._check_claims(claims, name)
        return str(name)

    def _check_claims(self, claims: Mapping[str, Any], name: str) -> None:
        left = float(claims["exp"]) - self._clock().timestamp()
        if left < -LEEWAY.total_seconds():
            raise Refused("invalid_client", "The assertion has expired.")
        if left > (LONGEST + LEEWAY).total_seconds():
            raise Refused("invalid_client", "The assertion is good for too long.")
        mark = (name, str(claims["jti"]))
        if mark in self._seen:
            raise Refused("invalid_client", "The assertion was shown before.")
        self._seen.add(mark)
