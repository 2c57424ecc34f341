"""Linking: which patient a conversation is about, asked from wherever it matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from inbox.conversation import ConversationRow
from inbox.desk import Desk
from inbox.linking import Candidates
from inbox.number import number_words
from inbox.patient import Patient
from tui.screens.telling import tell
from tui.widgets.cells import one_line

if TYPE_CHECKING:
    from inbox.linking import Alike
    from tui.screens.choose import Choice


async def link_patient(screen: Screen[Any], desk: Desk, row: ConversationRow) -> None:
    """Say which patient it is about; of a shared address, whether that is always so."""
    newest = await desk.repository.conversations.newest_inbound(row.id)
    found = await desk.linking.candidates(row, newest.text if newest else "")
    linked = row.patient_id is not None
    chosen = await choose_patient(screen, desk, found.patients, linked=linked)
    if chosen is None:
        return
    always = False
    if found.shared and chosen in {one.id for one in found.patients}:
        answer = await _always(screen, found, chosen)
        if answer is None:
            return
        always = answer
    alike = await desk.linking.alike(row)
    await desk.linking.link(row.id, chosen or None, always=always)
    if chosen and chosen != row.patient_id and alike.messages:
        await _link_alike(screen, desk, row, alike, chosen)


async def _link_alike(
    screen: Screen[Any], desk: Desk, row: ConversationRow, alike: Alike, patient_id: str
) -> None:
    """What was matched alike may have been matched wrongly as well."""
    from inbox.linking import alike_words
    from tui.screens.ask import AskYes

    about = (await desk.repository.patients.get(patient_id)).name
    where = one_line(alike.address.words, 60) if alike.address else ""
    asked = AskYes(
        f"Link these to {one_line(about, 40)} too? {alike_words(alike)}.",
        f"They came from {where}; B in this conversation takes it back.",
    )
    if await screen.app.push_screen_wait(asked):
        await desk.linking.link_alike(row.id, alike, patient_id)
        tell(screen.app, f"{alike.conversations} more linked.", "B undoes it.")


async def _always(screen: Screen[Any], found: Candidates, chosen_id: str) -> bool | None:
    from tui.screens.choose import Choice, Choose

    names = ", ".join(one.given for one in found.patients[:4])
    where = one_line(found.address.value, 40) if found.address else ""
    choices = [
        Choice(False, "This conversation", "ask again the next time, and suggest the same"),
        Choice(True, "Always for this address", "link what comes from there by itself"),
    ]
    about = next(one for one in found.patients if one.id == chosen_id)
    question = f"About {about.name}: this time, or always?\n{where} belongs to {names}."
    chosen = await screen.app.push_screen_wait(Choose(question, choices))
    return chosen.value if chosen is not None else None


async def choose_patient(
    screen: Screen[Any],
    desk: Desk,
    candidates: Sequence[Patient] = (),
    *,
    linked: bool = False,
    title: str = "Which patient is it about?",
) -> str | None:
    """A patient's id, empty for nobody, None when nothing was chosen.

    Args:
        screen: Over which to ask.
        desk: Whose patients.
        candidates: Offered while nothing is typed, the likeliest first.
        linked: Whether the link can be taken away.
        title: The question.
    """
    from tui.screens.choose import Choice, Choose

    patients = desk.repository.patients

    async def find(text: str) -> list[Choice[str]]:
        found = list(candidates) if not text.strip() and candidates else []
        if not found:
            found = await patients.find(text.strip(), 50)
        choices = [Choice(one.id, one.name, patient_words(one)) for one in found]
        if linked:
            choices.append(Choice("", "Nobody we know", "take the link away"))
        return choices

    asked: Choose[str] = Choose(title, find=find, placeholder="Name, address or number")
    chosen = await screen.app.push_screen_wait(asked)
    return chosen.value if chosen is not None else None


def patient_words(patient: Patient) -> str:
    """What tells two patients of one name apart."""
    born = f"born {patient.birth_date.isoformat()}" if patient.birth_date else ""
    point = number_words(patient.points[0].value) if patient.points else ""
    return " · ".join(part for part in (born, point) if part)
