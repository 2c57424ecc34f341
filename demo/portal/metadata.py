"""What the server says of itself.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from demo.portal.holdings import Resource
from demo.portal.manners import Manners
from demo.portal.moment import instant
from demo.portal.search import PARAMETERS

_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def capability_statement(
    manners: Manners, at: datetime, base_url: str, token_endpoint: str
) -> Resource:
    """The answer to `GET /metadata`.

    Args:
        manners: how the server behaves; it owns up to all of it.
        at: when it was started.
        base_url: of the server.
        token_endpoint: where tokens are to be had; empty where none are needed.
    """
    rest: dict[str, Any] = {
        "mode": "server",
        "resource": [_of_kind(kind, manners) for kind in sorted(PARAMETERS)],
    }
    if token_endpoint:
        uris = [{"url": "token", "valueUri": token_endpoint}]
        rest["security"] = {
            "service": [
                {
                    "coding": [
                        {
                            "system": (
                                "http://terminology.hl7.org/CodeSystem/restful-security-service"
                            ),
                            "code": "SMART-on-FHIR",
                        }
                    ]
                }
            ],
            "extension": [{"url": _OAUTH, "extension": uris}],
        }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(at),
        "kind": "instance",
        "software": {"name": "Portal in a box"},
        "implementation": {"description": "A portal on this machine", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [rest],
        **manners.says,
    }


def smart_configuration(token_endpoint: str) -> dict[str, Any]:
    """The answer to `GET /.well-known/smart-configuration`.

    https://hl7.org/fhir/smart-app-launch/backend-services.html
    """
    return {
        "token_endpoint": token_endpoint,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "scopes_supported": ["system/*.cruds"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }


def _of_kind(kind: str, manners: Manners) -> dict[str, Any]:
    codes = ["read", "vread", "history-instance", "search-type"]
    if kind not in manners.refuses:
        codes.append("create")
    if manners.updates:
        codes.append("update")
    parameters = {"_id": "token", "_lastUpdated": "date"}
    if not manners.by_stamp:
        del parameters["_lastUpdated"]
    parameters.update({name: how for name, (how, _) in PARAMETERS[kind].items()})
    return {
        "type": kind,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update" if manners.must_match else "versioned",
        "conditionalCreate": manners.conditional == "honoured",
        "searchParam": [{"name": name, "type": how} for name, how in parameters.items()],
    }
