"""Lakeside Family Practice's portal: what was written there, and the people who write in it."""

from __future__ import annotations

import base64
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from demo.loop import LoopThread
from demo.portal.document import pdf
from demo.portal.holdings import Clock, Holdings, Resource
from demo.portal.people import Readers
from demo.portal.render import (
    Words,
    communication,
    document,
    group,
    header,
    organization,
    patient,
    practitioner,
    related_person,
)
from demo.portal.script import Account, File, Said, Script, Thread, sample_portal
from demo.portal.server import PortalServer
from demo.sample import patients

TOKEN = "lakeside-demo"
"""What the practice shows at the door."""


class Portal:
    """The practice's portal on this machine, with what was written and people who answer.

    A context manager.

    Args:
        clock: the world's time.
        seed: makes delays repeat from run to run.
        quick: people answer at once instead of after one to four seconds.
        quiet: nothing comes unasked.
        thread: a running loop to share with other servers; by default it has its own.
        listener: a socket that listens already; by default the server opens one.
        token: what the practice shows at the door.
        script: who is there and what they do; by default the sample's.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 1,
        quick: bool = False,
        quiet: bool = False,
        thread: LoopThread | None = None,
        listener: socket.socket | None = None,
        token: str = TOKEN,
        script: Script | None = None,
    ) -> None:
        self.server = PortalServer(clock=clock, thread=thread, listener=listener)
        """The FHIR server."""
        self.server.guard.asks, self.server.guard.secrets = "bearer", {token}
        self._script = script or sample_portal()
        self._names = furnish(self.server.holdings, self._script)
        self.practice = self._script.staff[0].reference
        """Where patients write."""
        self.readers = Readers(
            self.server,
            self._script.readers,
            practice=self.practice,
            names=self._names,
            common=self._script.common,
            events=self._script.events,
            seed=seed,
            delay=(0.0, 0.0) if quick else (1.0, 4.0),
        )
        """Who answers."""
        self._quiet = quiet

    def start(self) -> Self:
        """Start the server with what was written so far; returns when clients can connect."""
        # Clients may be waiting already: nobody is to see the portal half filled.
        for thread in self._script.threads:
            fill(self.server, thread, self.practice, self._names)
        self.readers.move_in()
        self.server.start()
        if not self._quiet:
            self.readers.begin()
        return self

    def stop(self) -> None:
        """Stop it."""
        self.server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def furnish(holdings: Holdings, script: Script) -> dict[str, str]:
    """Put everybody of a script into a portal; returns what they are called, by reference."""
    known = {one["id"]: one for one in patients()}
    made: list[Resource] = [_patient(account, known) for account in script.accounts]
    made += [related_person(one.id, one.about, one.name, one.relation) for one in script.proxies]
    doctors = [one.reference for one in script.staff if one.reference.startswith("Practitioner/")]
    for one in script.staff:
        kind, _, name = one.reference.partition("/")
        if kind == "Organization":
            made.append(organization(name, one.name))
        elif kind == "Group":
            made.append(group(name, one.name, doctors))
        else:
            made.append(practitioner(name, one.name))
    names = {}
    for resource in made:
        held = holdings.add(resource)
        called = resource["name"]
        names[held.reference] = called if isinstance(called, str) else called[0]["text"]
    return names


def fill(server: PortalServer, thread: Thread, practice: str, names: dict[str, str]) -> None:
    """Let a thread have been written before anybody looked."""
    holdings, now = server.holdings, server.holdings.now
    people = dict.fromkeys([thread.about, practice, *(one.sender for one in thread.messages)])
    made = header(
        thread.topic,
        thread.about,
        people,
        names,
        can_reply=thread.can_reply,
        name=thread.id,
    )
    head = holdings.add(made, at=now - thread.messages[0].ago)
    before: list[Said] = []
    last = ""
    for number, said in enumerate(thread.messages, start=1):
        ours = not said.sender.startswith(("Patient/", "RelatedPerson/"))
        other = next(
            (one.sender for one in thread.messages if one.sender.startswith("RelatedPerson/")),
            thread.about,
        )
        words = Words(
            said.say,
            said.sender,
            (other,) if ours else (practice,),
            thread.about,
            thread=head.reference,
            answers=last,
            again=tuple(one.say for one in reversed(before)) if said.again else (),
            files=(_payload(server, said.file, thread.about, said),) if said.file else (),
            names=names,
        )
        made = {**communication(words, now - said.ago), "id": f"{thread.id}.{number}"}
        last = holdings.add(made, at=now - said.ago).reference
        before.append(said)


def _patient(account: Account, known: Mapping[str, dict[str, Any]]) -> Resource:
    own = {"given": account.given, "family": account.family, "birth_date": account.born}
    return patient(account.id, account.mrn, known.get(account.patient, own))


def _payload(server: PortalServer, file: File, about: str, said: Said) -> Resource:
    """A payload with a file, kept the way it says."""
    holdings, content = server.holdings, pdf(file.lines)
    at = holdings.now - said.ago
    data = base64.b64encode(content).decode()
    shown = {"contentType": "application/pdf", "title": file.name}
    if file.kept == "inline":
        return {"contentAttachment": {**shown, "data": data, "size": len(content)}}
    if file.kept == "url":
        # The port is not known before the server runs; what is relative is relative to the base.
        server.files[file.name] = ("application/pdf", content)
        return {"contentAttachment": {**shown, "url": f"../files/{quote(file.name)}"}}
    binary = {"resourceType": "Binary", "contentType": "application/pdf", "data": data}
    where = holdings.add(binary, at=at).reference
    if file.kept == "binary":
        return {"contentAttachment": {**shown, "url": where, "size": len(content)}}
    name = f"doc-{where.partition('/')[2]}"
    made = document(name, about, file.name, "application/pdf", where, len(content), at)
    return {"contentReference": {"reference": holdings.add(made, at=at).reference}}
