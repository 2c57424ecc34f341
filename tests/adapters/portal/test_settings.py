"""What cannot work, and what would send a secret in the clear, is refused at once."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.portal.settings import BackendServices, Bearer, NoAuth, PortalSettings
from inbox.errors import ConfigurationError

HERE = "http://127.0.0.1:8080/fhir"
THERE = "https://ehr.example/fhir"


@pytest.mark.parametrize(
    ("base_url", "more"),
    [
        ("http://ehr.example/fhir", {}),
        ("ftp://ehr.example/fhir", {}),
        ("ehr.example", {}),
        ("https://user:secret@ehr.example/fhir", {}),
        ("https://ehr.example/fhir?tenant=1", {}),
        ("https://[::1", {}),
        (THERE, {"auth": NoAuth()}),
        (THERE, {"sender": "Lakeside"}),
        (THERE, {"page_size": 0}),
        (THERE, {"page_size": 1001}),
        (THERE, {"query": (("_count", "5"),)}),
        (THERE, {"query": (("identifier:not", "5"),)}),
    ],
)
def test_what_cannot_work_is_refused(base_url: str, more: dict[str, Any]) -> None:
    values = {"auth": Bearer(lambda: "t0k3n"), **more}
    with pytest.raises(ConfigurationError) as caught:
        PortalSettings(base_url, **values)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("base_url", [HERE, "http://localhost/fhir", "http://[::1]:80/fhir", THERE])
def test_what_can_work(base_url: str) -> None:
    auth = NoAuth() if base_url != THERE else BackendServices("us", lambda: "secret", "key-1")
    made = PortalSettings(f"{base_url}/", auth, sender="Organization/1")
    assert made.base == base_url
    assert "secret" not in repr(made)
