"""Keys made here are keys that portals take, and their public half says nothing of the private."""

from __future__ import annotations

import json

import jwt
import pytest

from adapters.portal.key import new_key, public_keys, thumbprint
from adapters.portal.settings import Algorithm
from adapters.portal.token import read_key
from inbox.errors import ConfigurationError

PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_what_is_signed_with_it_is_known_by_its_public_half(algorithm: Algorithm) -> None:
    pem = new_key(algorithm)
    key, found = read_key(pem)
    assert found == algorithm
    kid = thumbprint(pem)
    [public] = public_keys(pem, kid)["keys"]
    assert (public["kid"], public["alg"], public["use"]) == (kid, algorithm, "sig")
    assert not PRIVATE_MEMBERS & public.keys()
    signed = jwt.encode({"sub": "us"}, key, algorithm, headers={"kid": kid})
    known = jwt.PyJWKSet.from_dict(public_keys(pem, kid))[kid]
    assert jwt.decode(signed, known.key, algorithms=[algorithm]) == {"sub": "us"}


def test_the_thumbprint_is_the_one_of_the_rfc() -> None:
    # RFC 7638 section 3.1: only the members that make the key count, in order, without blanks.
    from jwt.algorithms import RSAAlgorithm
    from jwt.utils import base64url_encode

    pem = new_key("RS384")
    key, _ = read_key(pem)
    members = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    text = f'{{"e":"{members["e"]}","kty":"RSA","n":"{members["n"]}"}}'
    import hashlib

    assert thumbprint(pem) == base64url_encode(hashlib.sha256(text.encode()).digest()).decode()
    assert json.loads(text)["kty"] == "RSA"
    assert thumbprint(pem) != thumbprint(new_key("RS384"))


def test_what_is_no_key_is_told() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        public_keys("-----BEGIN nonsense", "k")
