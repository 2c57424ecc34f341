"""The key a portal knows us by: made here, its public half handed to the vendor.

SMART Backend Services asks for RS384 or ES384 and for the public key as a JSON Web Key Set
(RFC 7517): https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, assert_never

from adapters.portal.settings import Algorithm
from adapters.portal.token import read_key

RSA_BITS = 3072
"""As strong as P-384 is asked to be for the years a practice keeps a key."""


def new_key(algorithm: Algorithm) -> str:
    """A fresh private key (PEM, PKCS 8, not encrypted: the file's permissions guard it)."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    made: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    match algorithm:
        case "RS384":
            made = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        case "ES384":
            made = ec.generate_private_key(ec.SECP384R1())
        case _:
            assert_never(algorithm)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii")


def thumbprint(pem: str) -> str:
    """A name for a key that is made of the key itself (RFC 7638), to serve as its `kid`.

    Raises:
        ConfigurationError: it is no key that portals take.
    """
    public, _ = _public(pem)
    named = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}[public["kty"]]
    canonical = json.dumps({name: public[name] for name in named}, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def public_keys(pem: str, kid: str) -> dict[str, Any]:
    """The JSON Web Key Set to hand to the vendor: the public half alone, under the name `kid`.

    Raises:
        ConfigurationError: it is no key that portals take.
    """
    public, algorithm = _public(pem)
    return {"keys": [{**public, "kid": kid, "alg": algorithm, "use": "sig", "key_ops": ["verify"]}]}


def _public(pem: str) -> tuple[dict[str, Any], Algorithm]:
    """The members of the public key, and what it signs with."""
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm

    key, algorithm = read_key(pem)
    kind = RSAAlgorithm if algorithm == "RS384" else ECAlgorithm
    members = kind.to_jwk(key.public_key(), as_dict=True)
    named = ("kty", "n", "e", "crv", "x", "y")
    return {name: members[name] for name in named if name in members}, algorithm
