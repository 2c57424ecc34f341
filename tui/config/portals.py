"""Whether a portal line can be one: where it leads, how we say who we are, whom it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from tui.config.accounts import leads_here
from tui.config.strict import Problem
from tui.config.tables import BackendServicesTable, NoAuthTable, PortalTable

MOST_ON_A_PAGE = 1000
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?\Z", re.IGNORECASE)
_ID = r"[A-Za-z0-9.-]{1,64}\Z"
_OURS = re.compile(rf"(Organization|Practitioner|PractitionerRole|HealthcareService)/{_ID}")
_PATIENT = re.compile(rf"Patient/{_ID}")
_OWN_PARAMETERS = {"_count", "_lastUpdated", "_sort", "_format", "identifier"}


def check_portal(path: tuple[str | int, ...], line: PortalTable) -> Iterator[Problem]:
    """Everything that cannot be; the source of a token is looked at elsewhere."""
    here = leads_here(line.base_url)
    if not _URL.match(line.base_url):
        yield Problem((*path, "base_url"), "is not a web address", "https://ehr.example/fhir")
    elif not here and not line.base_url.lower().startswith("https:"):
        yield Problem(
            (*path, "base_url"),
            "does not begin with https, which only this machine may (localhost)",
            "What patients write would travel for all to read.",
        )
    elif not here and isinstance(line.auth, NoAuthTable):
        yield Problem(
            (*path, "auth", "kind"),
            'is "none", which is for this machine only (localhost)',
            'Use "backend-services" or "bearer".',
        )
    if line.recipient and not _OURS.match(line.recipient):
        hint = 'Expected one like "Organization/1" or "Practitioner/7".'
        yield Problem((*path, "recipient"), "is nobody who can be written to", hint)
    if line.test_patient and not _PATIENT.match(line.test_patient):
        yield Problem(
            (*path, "test_patient"), "is not a patient", 'Expected one like "Patient/12".'
        )
    if not 1 <= line.page_size <= MOST_ON_A_PAGE:
        hint = f"A number from 1 to {MOST_ON_A_PAGE}."
        yield Problem((*path, "page_size"), "is not the size of a page", hint)
    yield from _check_query((*path, "patient_query"), line.patient_query)
    if isinstance(line.auth, BackendServicesTable):
        yield from _check_backend((*path, "auth"), line.auth)


def _check_backend(path: tuple[str | int, ...], auth: BackendServicesTable) -> Iterator[Problem]:
    if "BEGIN " in auth.key_file:
        hint = "Put the key into a file of its own, readable by you alone, and name it here."
        yield Problem((*path, "key_file"), "holds the key itself", hint)
    url = auth.token_url
    if url and not leads_here(url) and not (_URL.match(url) and url.lower().startswith("https:")):
        yield Problem((*path, "token_url"), "is not a web address with https", "Leave it out.")


def _check_query(path: tuple[str | int, ...], query: str) -> Iterator[Problem]:
    if not query:
        return
    try:
        names = [name for name, _ in parse_qsl(query, strict_parsing=True)]
    except ValueError:
        names = []
    if not names or query.startswith("?"):
        hint = 'name=value, joined by &: "category=patient-message".'
        yield Problem(path, "holds no search parameters", hint)
    taken = _OWN_PARAMETERS & {name.partition(":")[0] for name in names}
    if taken:
        hint = f"Leave {', '.join(sorted(taken))} out."
        yield Problem(path, "holds what Twoway asks for by itself", hint)
