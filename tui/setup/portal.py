"""The questions about a patient portal: where it is, how it knows us, who can answer there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inbox.errors import TwowayError
from tui.config.accounts import leads_here
from tui.setup.asking import Asker
from tui.setup.draft import PortalAnswer, SetupDraft, write_private
from tui.setup.naming import identifier, wrong_id
from tui.setup.portal_key import KINDS, key_at
from tui.setup.secrets import ask_secret
from tui.setup.trying import NotProvenYet

NO_CLIENT_ID = "not-given-yet"
"""Stands for the client id until the vendor has given one."""
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}\Z")
_REPLIES = {
    "unknown": "nobody has said; what would leave is held, and says so",
    "yes": "the vendor says that they can",
    "no": "they can only read; nothing is sent there",
}


class PortalQuestions:
    """The questions about one portal, and its test."""

    def __init__(
        self,
        ask: Asker,
        draft: SetupDraft,
        folder: Path,
        *,
        taken: Callable[[], Collection[str]],
        test: Callable[[str], TwowayError | None],
    ) -> None:
        """Ask through `ask` and put the answers into `draft`.

        Args:
            ask: Who asks.
            draft: Gets the line.
            folder: That of the configuration, where the key goes.
            taken: Names that other lines have.
            test: Tries the line of an id; what went wrong, or None.
        """
        self._ask = ask
        self._draft = draft
        self._folder = folder
        self._taken = taken
        self._test = test

    def run(self) -> None:
        """Ask, make the key where one is wanted, and test."""
        answer = self._line()
        while True:
            self._draft.lines.append(answer)
            again = self._tested(answer)
            if not again:
                return
            self._draft.lines.pop()
            if again == "auth":
                answer = replace(answer, auth=self._auth(answer.id, answer.base_url))

    def _line(self) -> PortalAnswer:
        ask, taken = self._ask, self._taken()
        ask.tell(
            "\nThe portal that patients write in, as its vendor describes it for other programs."
        )
        name = ask.text("portal_name", "Name that patients see", self._draft.name)
        line_id = ask.text(
            "portal_id",
            "Short name of this line",
            identifier("portal", taken),
            lambda word: wrong_id(word, taken),
        )
        base_url = ask.text("portal_base_url", "Web address of its FHIR server", None, _wrong_url)
        auth = self._auth(line_id, base_url)
        replies = ask.choice("portal_replies", "Can patients answer there", _REPLIES, "unknown")
        who = "What the vendor calls your inbox there, like Organization/1 (empty: not known)"
        recipient = ask.text("portal_recipient", who, "", _wrong_one)
        test = "A made-up patient that you can answer as, like Patient/12 (empty: none)"
        test_patient = ask.text("portal_test_patient", test, "", _wrong_patient)
        return PortalAnswer(line_id, base_url, name, auth, replies, recipient, test_patient)

    def _tested(self, answer: PortalAnswer) -> str:
        """Try it; what to do then: `again`, `auth`, or empty when it stays as it is."""
        ask, untested, line_id = self._ask, self._draft.untested, answer.id
        if answer.auth.get("client_id") == NO_CLIENT_ID:
            ask.tell("  It cannot be tested before the vendor has given you the client id.")
            untested.append(line_id)
            return ""
        if not ask.yes("portal_test", "Test it now", default=True):
            untested.append(line_id)
            return ""
        error = self._test(line_id)
        if error is None:
            ask.tell("It works: the portal is read, and answers come home.")
            return ""
        ask.tell(f"  NOT WELL: {error.sentence}")
        ask.tell(f"  {error.hint}" if error.hint else "")
        if isinstance(error, NotProvenYet):
            untested.append(line_id)
            return ""
        if not ask.asks:
            raise error
        ways = {
            "again": "try once more",
            "auth": "change how the portal knows us",
            "keep": "go on with it as it is; nothing is sent from it until it is proven",
        }
        chosen = ask.choice("portal_again", "What now", ways, "again")
        if chosen == "keep":
            untested.append(line_id)
            return ""
        return chosen

    def _auth(self, line_id: str, base_url: str) -> dict[str, Any]:
        """How we say who we are: the `auth` table."""
        ask = self._ask
        ways = {
            "backend": "with a key of our own (SMART Backend Services)",
            "bearer": "with a token that the vendor gave you",
        }
        if leads_here(base_url):
            ways["none"] = "not at all; this machine only"
        way = ask.choice("portal_auth", "How does the portal know us", ways, "backend")
        if way == "bearer":
            token = ask_secret(ask, "portal_token", "token", line_id, self._folder)
            return {"kind": "bearer", "token": token}
        if way == "none":
            return {"kind": "none"}
        return {"kind": "backend-services", **_key(ask, "portal_", self._folder, line_id)}


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
    client = "Client id that the vendor gave you for this key (empty: not given yet)"
    client_id = ask.text(f"{key}client_id", client, "")
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
