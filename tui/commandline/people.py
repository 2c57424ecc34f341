"""Patients: list and show."""

from __future__ import annotations

import contextlib
from argparse import Namespace

from inbox.errors import StoreError
from inbox.patient import ContactPoint, Patient
from tui.commandline import shapes
from tui.commandline.output import Output, table
from tui.commandline.session import with_office
from tui.commandline.writing import patient_named
from tui.wiring import PracticeOffice


def find(options: Namespace, output: Output) -> int:
    """`twoway patients list`."""

    async def work(office: PracticeOffice) -> int:
        found = await office.repository.patients.find(options.text, options.limit)
        output.document([shapes.patient(one) for one in found])
        rows: list[tuple[str, ...]] = [
            (
                one.id,
                one.name,
                one.birth_date.isoformat() if one.birth_date else "",
                ", ".join(point.value for point in _by_rank(one)),
            )
            for one in found
        ]
        for line in table(rows):
            output.line(line)
        if not found:
            output.line("No patients. `twoway patients import FILE` brings them in.")
        return 0

    return with_office(options, work)


def show(options: Namespace, output: Output) -> int:
    """`twoway patients show`."""

    async def work(office: PracticeOffice) -> int:
        desk = office.desk
        patient = await patient_named(office, options.patient)
        rows = await desk.repository.conversations.of_patient(patient.id, 100)
        await desk.repository.audit.add(
            desk.member.id, "open patient", desk.clock(), patient_id=patient.id
        )
        former = await desk.repository.patients.former_ids(patient.id)
        output.document(
            {
                **shapes.patient(patient),
                "conversations": [row.id for row in rows],
                "former_ids": former,
            }
        )
        _print(patient, output)
        if former:
            output.line(f"  was also {', '.join(former)}")
        for row in rows:
            output.line(f"  conversation {row.id}: {row.subject or row.snippet} ({row.state})")
        return 0

    return with_office(options, work)


def merge(options: Namespace, output: Output) -> int:
    """`twoway patients merge OLD into NEW`."""

    async def work(office: PracticeOffice) -> int:
        # Exact ids: of two patients to become one, nobody is guessed by a name.
        both = await office.desk.uniting.unite(options.old, options.patient)
        with contextlib.suppress(StoreError):
            await office.record()
        former = await office.repository.patients.former_ids(both.id)
        output.document({**shapes.patient(both), "former_ids": former})
        output.line(f"{options.old} is {both.id} now; the old id still finds them.")
        output.line("Look at the privacy form: the newer one holds, and the stricter answers.")
        return 0

    return with_office(options, work)


def _print(patient: Patient, output: Output) -> None:
    born = f", born {patient.birth_date.isoformat()}" if patient.birth_date else ""
    output.line(f"{patient.name} ({patient.id}){born}")
    for point in _by_rank(patient):
        bad = f"  DOES NOT WORK: {point.health_reason}" if point.health.value == "bad" else ""
        output.line(f"  {point.system.value:<6} {point.value}  {point.use.value}{bad}")
    for proxy in patient.proxies:
        until = f" until {proxy.until.isoformat()}" if proxy.until else ""
        ways = ", ".join(point.value for point in proxy.points)
        output.line(f"  proxy  {proxy.name}, {proxy.relation}{until}  {ways}")
    form = patient.form
    signed = f", form of {form.form_date.isoformat()}" if form.form_date else ""
    output.line(
        f"  voicemail {form.voicemail.value}, texts {form.sms.value}, e-mail {form.email.value}"
        f"{signed}"
    )
    if form.confidential is not None:
        output.line(f"  CONFIDENTIAL: write only to {form.confidential.value}")
    if patient.preferred_channel is not None:
        output.line(f"  prefers {patient.preferred_channel.words}")
    if patient.language:
        output.line(f"  language {patient.language}")
    output.line(f"  twoway patients form {patient.id}  shows all of the privacy form")


def _by_rank(patient: Patient) -> list[ContactPoint]:
    return sorted(patient.points, key=lambda point: point.rank)
