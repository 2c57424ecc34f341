"""The questions about a patient portal: where it is, how it knows us, who can answer there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tui.config.accounts import leads_here
from tui.setup.asking import Asker
from tui.setup.draft import PortalAnswer, write_private
from tui.setup.portal_key import KINDS, key_at

NO_CLIENT_ID = "not-given-yet"
"""Stands for the client id until the vendor has given one."""
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}\Z")
_REPLIES = {
    "unknown": "nobody has said; what would leave is held, and says so",
    "yes": "the vendor says that they can",
    "no": "they can only read; nothing is sent there",
}


def ask_portal(
    ask: Asker, key: str, folder: Path, line_id: str, name: str, token: Callable[[], Any]
) -> PortalAnswer:
    """Ask for one portal; make its key pair when that is wanted.

    Args:
        ask: Who asks.
        key: What the ids of the questions begin with.
        folder: Where the configuration goes.
        line_id: The line's short name.
        name: The line's name as patients see it.
        token: Asks where a token is.

    Raises:
        ConfigurationError: the key cannot be made or read.
    """
    base_url = ask.text(f"{key}base_url", "Web address of its FHIR server", None, _wrong_url)
    auth = ask_auth(ask, key, folder, line_id, base_url, token)
    replies = ask.choice(f"{key}replies", "Can patients answer there", _REPLIES, "unknown")
    recipient = ask.text(
        f"{key}recipient", "Who we are there, like Organization/1 (empty: nobody)", "", _wrong_one
    )
    test_patient = ask.text(
        f"{key}test_patient",
        "A test patient of your own who answers, like Patient/12 (empty: none)",
        "",
        _wrong_patient,
    )
    return PortalAnswer(line_id, base_url, name, auth, replies, recipient, test_patient)


def ask_auth(
    ask: Asker, key: str, folder: Path, line_id: str, base_url: str, token: Callable[[], Any]
) -> dict[str, Any]:
    """Ask how we say who we are; gives the `auth` table."""
    ways = {
        "backend": "with a key of our own (SMART Backend Services)",
        "bearer": "with a token that the vendor gave you",
    }
    if leads_here(base_url):
        ways["none"] = "not at all; this machine only"
    way = ask.choice(f"{key}auth", "How does the portal know us", ways, "backend")
    if way == "bearer":
        return {"kind": "bearer", "token": token()}
    if way == "none":
        return {"kind": "none"}
    return {"kind": "backend-services", **_key(ask, key, folder, line_id)}


def _key(ask: Asker, key: str, folder: Path, line_id: str) -> dict[str, str]:
    """Which key; the public half lies in a file to hand over when the question is answered."""
    name = ask.text(f"{key}key_file", "File of the private key", f"{line_id}-key.pem")
    path, kind = folder / Path(name).expanduser(), "RS384"
    if not path.exists():
        kind = ask.choice(f"{key}key_kind", f"There is none yet ({path}). Make one", KINDS, kind)
    made = key_at(path, line_id, "", kind)
    public = folder / f"{line_id}.jwks.json"
    write_private(public, json.dumps(made.public, indent=2) + "\n")
    # What everybody may read is easier to send on.
    public.chmod(0o644)
    ask.tell(f"  The private key: {path} (yours alone; never send it anywhere)")
    ask.tell(f"  Hand this file to the vendor: {public}")
    kid = ask.text(f"{key}kid", "Name of the key at the vendor's", made.kid)
    if kid != made.kid:
        document = key_at(path, line_id, kid).public
        write_private(public, json.dumps(document, indent=2) + "\n")
        public.chmod(0o644)
    client_id = ask.text(f"{key}client_id", "Client id (empty: not given yet)", "")
    if not client_id:
        ask.tell(f"  Put it into the configuration in place of “{NO_CLIENT_ID}” when you have it.")
    return {"client_id": client_id or NO_CLIENT_ID, "key_file": name, "kid": kid}


def _wrong_url(word: str) -> str:
    parts = urlsplit(word)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        return "Expected a web address, like https://ehr.example/fhir."
    if parts.scheme == "http" and not leads_here(word):
        return "It must begin with https: what patients write is for nobody else's eyes."
    return ""


def _wrong_one(word: str) -> str:
    return "" if _REFERENCE.match(word) else "Expected one like Organization/1."


def _wrong_patient(word: str) -> str:
    good = _REFERENCE.match(word) and word.startswith("Patient/")
    return "" if good else "Expected one like Patient/12."
