"""The smoke test of the sample practice: use it once, every way, and say what was seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from inbox.address import AddressSystem, ChannelKind
from inbox.backoffice import BackOffice
from inbox.conversation import ConversationRow, ConversationState, ListState, PageKey
from inbox.errors import TwowayError
from inbox.line import Line
from inbox.message import Direction, Message, MessageStatus
from inbox.outgoing import Draft
from inbox.reply_path import ProofState
from tui.demonstration import Sample
from tui.wiring import PracticeOffice

Tell = Callable[[str], None]

_ANSWER_SECONDS = 20.0
_PATIENCE = 10.0
_BECAUSE = "smoke test of the sample practice"
"""Why a text leaves at night, should this run at night."""
_DEAF = {"reminders": "mail is thrown away", "old-texts": "Messaging Service"}
"""The lines nobody can answer."""
_OPTED_OUT = "TW19"
_ROSA, _HAROLD, _TAMIKA = "rosa-jimenez", "harold-finch", "tamika-johnson"
_ASKING = "Thank you for writing. Does Thursday at 10:00 suit you?"


async def smoke(sample: Sample, tell: Tell) -> str:
    """Use the sample practice once, both ways; returns one line on what was seen.

    Raises:
        TwowayError: something that must work does not.
    """
    office = await sample.open()
    try:
        back = await office.back_office()
        tell("Reading the mail, the texts and the calls.")
        await back.sync_once()
        await _all_is_here(office)
        proven = await _prove(office, back, tell)
        tell("Listening to a voicemail.")
        await _hear(office)
        tell("Answering a patient by e-mail, and one by text.")
        await _answer_by_mail(office, back)
        await _answer_by_text(office, back)
        await _blocked(office)
        rows = [row async for row in _everything(office)]
        messages = 0
        for row in rows:
            messages += len(await office.repository.conversations.messages(row.id, limit=1000))
        files = await office.repository.records.patients()
        for patient_id in files:
            report = await office.repository.records.verify(patient_id)
            if report.problems:
                raise TwowayError(f"A record file is not whole: {report.problems[0]}")
        return (
            f"demo ok: {len(rows)} conversations, {messages} messages, {proven} lines proven, "
            f"{len(_DEAF)} lines found that nobody can answer, "
            "1 reply answered in its conversation, 1 text answered where it began by e-mail, "
            "a voicemail with its recording, an opted-out number blocked, "
            f"{len(files)} record files whole"
        )
    finally:
        await office.close()


async def _all_is_here(office: PracticeOffice) -> None:
    health = await office.repository.lines.health()
    for line in office.desk.practice.lines:
        found = health[line.id]
        missing = sum(folder.missing for folder in found.folders)
        if (found.sentence and line.id not in _DEAF) or missing:
            raise TwowayError(found.sentence or f"{line.id}: {missing} messages are missing.")


async def _prove(office: PracticeOffice, back: BackOffice, tell: Tell) -> int:
    """Prove the lines that can be; those that throw answers away must not be."""
    proven = 0
    for line in office.desk.practice.lines:
        deaf = line.id in _DEAF
        patience = 1.0 if deaf else _PATIENCE
        proof = await back.prove(line.id, _naming(line, tell), patience=patience)
        if (proof.state is ProofState.PROVEN) is deaf:
            raise TwowayError(f"{line.id} is {proof.state.value} after its test ({proof.how}).")
        if line.channel is ChannelKind.SMS and deaf and _DEAF[line.id] not in proof.how:
            raise TwowayError(f"{line.id} does not say why it failed ({proof.how}).")
        proven += not deaf
    return proven


def _naming(line: Line, tell: Tell) -> Tell:
    return lambda sentence: tell(f"{line.id}: {sentence}")


# ---------------------------------------------------------------- answering


async def _answer_by_mail(office: PracticeOffice, back: BackOffice) -> None:
    """Reply to the first patient who answers, and see the answer in the same conversation."""
    from demo.script import sample_script

    people = sample_script().people
    for row in (await office.desk.page(ListState.NEEDS_REPLY, limit=200)).rows:
        person = people.get(row.person_address.casefold())
        if person is None or person.kind != "answers" or person.via or row.patient_id == _ROSA:
            continue
        draft = replace(await office.desk.reply_draft(row.id), text=_ASKING)
        preview = office.desk.judge(await office.desk.situation(draft), draft)
        if preview.verdict.blocked or preview.verdict.held:
            continue
        await _answered(office, back, preview.draft)
        return
    raise TwowayError("No patient of the sample could be answered.")


async def _answer_by_text(office: PracticeOffice, back: BackOffice) -> None:
    """Answer Rosa's e-mail by text, and see hers in the same conversation."""
    row = await _first(office, _ROSA, ChannelKind.EMAIL)
    draft = await office.desk.reply_draft(row.id, ChannelKind.SMS)
    draft = replace(draft, text=_ASKING)
    preview = office.desk.judge(await office.desk.situation(draft), draft)
    answer = await _answered(office, back, preview.draft, _BECAUSE if preview.verdict.held else "")
    if answer.channel is not ChannelKind.SMS:
        raise TwowayError("The answer to a text came by something else.")


async def _answered(
    office: PracticeOffice, back: BackOffice, draft: Draft, because: str = ""
) -> Message:
    """Send a draft and wait for what they answer, in the same conversation."""
    queued = await office.desk.send(draft, because, undo=False)
    await back.deliver_due()
    sent = await office.repository.outbox.get(queued.id)
    if sent.status not in {MessageStatus.SENT, MessageStatus.DELIVERED}:
        raise TwowayError(f"The reply is {sent.status.value}.", sent.status_text)
    until = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < until:
        await back.sync_once()
        view = await office.desk.open(sent.conversation_id)
        newest = view.messages[-1]
        if newest.direction is Direction.INBOUND and newest.id > sent.message_id:
            if view.row.state is not ConversationState.NEEDS_REPLY:
                raise TwowayError(f"The answer came, and the state is {view.row.state.value}.")
            return newest
        await asyncio.sleep(0.1)
    raise TwowayError("The patient's answer did not arrive in the conversation.")


# ---------------------------------------------------------------- the telephone


async def _hear(office: PracticeOffice) -> None:
    """Fetch the recording of the voicemail that waits."""
    row = await _first(office, _HAROLD, ChannelKind.PHONE)
    if row.state is not ConversationState.NEEDS_REPLY:
        raise TwowayError(f"A voicemail waits, and its state is {row.state.value}.")
    for message in await office.repository.conversations.messages(row.id, limit=100):
        if message.channel is ChannelKind.PHONE and message.attachments:
            sound = await office.attachment(message, message.attachments[0])
            if not sound.startswith((b"RIFF", b"ID3", b"\xff\xfb")):
                raise TwowayError("The recording of a voicemail is no sound.")
            return
    raise TwowayError("The voicemail has no recording.")


async def _blocked(office: PracticeOffice) -> None:
    """A number that told us to stop cannot be texted, with whatever reason."""
    patient = await office.repository.patients.get(_TAMIKA)
    to = next(one for one in patient.addresses if one.system is AddressSystem.PHONE)
    draft = await office.desk.new_draft(to, ChannelKind.SMS, patient.id)
    draft = replace(draft, text=_ASKING)
    verdict = office.desk.judge(await office.desk.situation(draft), draft).verdict
    if not verdict.blocked or verdict.findings[0].rule != _OPTED_OUT:
        raise TwowayError("A number that texted STOP is not blocked.")


# ---------------------------------------------------------------- the list


async def _first(office: PracticeOffice, patient_id: str, channel: ChannelKind) -> ConversationRow:
    """The newest conversation of a patient that a channel was used in."""
    async for row in _everything(office):
        if row.patient_id == patient_id and channel in row.channels:
            return row
    raise TwowayError(f"There is no conversation with {patient_id} by {channel.words}.")


async def _everything(office: PracticeOffice) -> AsyncIterator[ConversationRow]:
    after: PageKey | None = None
    while True:
        page = await office.desk.page(ListState.ALL, after=after, limit=200)
        for row in page.rows:
            yield row
        after = page.next
        if after is None:
            return
