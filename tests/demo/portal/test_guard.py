"""Who gets into the portal in a box: SMART Backend Services, or a token that is known."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from demo.portal.guard import ASSERTION
from demo.portal.server import PortalServer
from tests.clock import FakeClock
from tests.demo.portal.client import FhirClient, Said

WHO = "lakeside"


@pytest.fixture(scope="module")
def curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def backend(
    server: PortalServer, curve_key: ec.EllipticCurvePrivateKey, rsa_key: rsa.RSAPrivateKey
) -> PortalServer:
    """The portal with our two public keys."""
    curve: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(curve_key.public_key()))
    plain: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(rsa_key.public_key()))
    server.guard.asks = "backend"
    server.guard.clients[WHO] = {"keys": [{**curve, "kid": "c"}, {**plain, "kid": "r"}]}
    return server


def assertion(
    server: PortalServer,
    clock: FakeClock,
    key: PrivateKeyTypes,
    algorithm: str = "ES384",
    kid: str = "c",
    **claims: Any,
) -> str:
    said = {
        "iss": WHO,
        "sub": WHO,
        "aud": server.token_endpoint,
        "jti": uuid4().hex,
        "exp": int(clock().timestamp()) + 240,
        **claims,
    }
    said = {name: one for name, one in said.items() if one is not None}
    return jwt.encode(said, key, algorithm, headers={"kid": kid})  # type: ignore[arg-type]  # PyJWT takes every private key


async def ask(client: FhirClient, server: PortalServer, signed: str, **more: str) -> Said:
    form = {
        "grant_type": "client_credentials",
        "scope": "system/Communication.crus",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
        **more,
    }
    return await client.ask(
        "POST",
        server.token_endpoint,
        urlencode(form).encode(),
        Content_Type="application/x-www-form-urlencoded",
    )


async def test_a_signed_assertion_gets_a_token_that_opens_for_a_while(
    backend: PortalServer,
    client: FhirClient,
    clock: FakeClock,
    curve_key: ec.EllipticCurvePrivateKey,
    rsa_key: rsa.RSAPrivateKey,
) -> None:
    assert (await client.search("Communication")).status == 401
    found = (await client.get(".well-known/smart-configuration")).json
    assert found["token_endpoint"] == backend.token_endpoint
    given = await ask(client, backend, assertion(backend, clock, curve_key))
    assert (given.status, given.json["expires_in"]) == (200, 300)
    client.token = given.json["access_token"]
    assert (await client.search("Communication")).status == 200
    clock.advance(minutes=5)
    assert (await client.search("Communication")).code == "login"
    again = await ask(client, backend, assertion(backend, clock, rsa_key, "RS384", "r"))
    client.token = again.json["access_token"]
    assert (await client.search("Communication")).status == 200
    backend.guard.forget()
    assert (await client.search("Communication")).status == 401
    said = (await client.get("metadata")).json
    assert "security" in said["rest"][0]


async def test_an_assertion_is_good_once(
    backend: PortalServer,
    client: FhirClient,
    clock: FakeClock,
    curve_key: ec.EllipticCurvePrivateKey,
) -> None:
    signed = assertion(backend, clock, curve_key)
    assert (await ask(client, backend, signed)).status == 200
    again = await ask(client, backend, signed)
    assert (again.status, again.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example/token"},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"jti": None},
        {"exp": None},
        {"exp": 1},
        {"exp": 4_000_000_000},
    ],
)
async def test_an_assertion_that_says_something_else_gets_none(
    backend: PortalServer,
    client: FhirClient,
    clock: FakeClock,
    curve_key: ec.EllipticCurvePrivateKey,
    claims: dict[str, Any],
) -> None:
    said = await ask(client, backend, assertion(backend, clock, curve_key, **claims))
    assert (said.status, said.json["error"]) == (401, "invalid_client")


async def test_an_assertion_that_is_signed_otherwise_gets_none(
    backend: PortalServer,
    client: FhirClient,
    clock: FakeClock,
    rsa_key: rsa.RSAPrivateKey,
) -> None:
    stranger = ec.generate_private_key(ec.SECP384R1())
    for signed in (
        "no assertion",
        assertion(backend, clock, stranger),
        assertion(backend, clock, stranger, kid="unheard"),
        assertion(backend, clock, rsa_key, "RS256", "r"),
        # With the name of the other key, which is of another kind.
        assertion(backend, clock, rsa_key, "RS384", "c"),
    ):
        said = await ask(client, backend, signed)
        assert (said.status, said.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "launch"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"client_assertion_type": "none"}, "invalid_client"),
    ],
)
async def test_a_request_that_asks_for_something_else_gets_none(
    backend: PortalServer,
    client: FhirClient,
    clock: FakeClock,
    curve_key: ec.EllipticCurvePrivateKey,
    form: dict[str, str],
    error: str,
) -> None:
    said = await ask(client, backend, assertion(backend, clock, curve_key), **form)
    assert said.json["error"] == error
