"""Files: adding them to a draft, saving them from a message."""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path
from typing import Any

from textual.screen import Screen

from inbox.desk import Desk
from inbox.errors import TwowayError
from inbox.message import Attachment, Message
from inbox.outgoing import Draft, DraftAttachment
from inbox.plain import file_name
from tui.office import Office
from tui.screens.ask import AskLine
from tui.screens.choose import Choice, Choose
from tui.screens.telling import tell
from tui.widgets.message_lines import size_words
from tui.widgets.path_suggester import PathSuggester

_LARGEST = 25_000_000
"""Larger files are refused by most mail servers."""


async def choose_file(
    screen: Screen[Any], desk: Desk, draft: Draft
) -> tuple[DraftAttachment, ...] | None:
    """Add a file or take one off; the draft's files afterwards, or None when nothing changed."""
    if draft.attachments:
        choices = [Choice("", "Add a file")]
        choices += [
            Choice(file.sha256, f"Take off {file.name}", size_words(file.size))
            for file in draft.attachments
        ]
        chosen = await screen.app.push_screen_wait(Choose("Files", choices))
        if chosen is None:
            return None
        if chosen.value:
            return tuple(file for file in draft.attachments if file.sha256 != chosen.value)
    typed = await screen.app.push_screen_wait(
        AskLine("Which file?", ["→ takes the completion"], suggester=PathSuggester())
    )
    if not typed:
        return None
    name, content = await asyncio.to_thread(_read, typed.strip())
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return (*draft.attachments, await desk.attach(file_name(name), kind, content))


def _read(typed: str) -> tuple[str, bytes]:
    path = Path(typed).expanduser()
    try:
        if path.is_dir():
            raise TwowayError("That is a folder.", "Name a file in it.")
        if path.stat().st_size > _LARGEST:
            raise TwowayError(
                f"The file is larger than {size_words(_LARGEST)}.", "Send it another way."
            )
        return path.name, path.read_bytes()
    except OSError as error:
        raise TwowayError(
            f"The file cannot be read: {error.strerror or 'no reason given'}.",
            "Look at its name and its permissions.",
        ) from None


async def save_attachment(screen: Screen[Any], office: Office, message: Message) -> Path | None:
    """Ask which file and where; save it. Nothing that exists is written over."""
    file = await _which(screen, message)
    if file is None:
        return None
    downloads = Path.home() / "Downloads"
    typed = await screen.app.push_screen_wait(
        AskLine(
            "Save it in which folder?",
            [f"{file_name(file.name)} · {size_words(file.size)}"],
            value=f"{downloads}/",
            suggester=PathSuggester(),
        )
    )
    if typed is None:
        return None
    content = await office.attachment(message, file)
    path = await asyncio.to_thread(_write, typed.strip(), file_name(file.name), content)
    tell(screen.app, "Saved.", str(path))
    return path


async def _which(screen: Screen[Any], message: Message) -> Attachment | None:
    files = message.attachments
    if not files:
        tell(screen.app, "The marked message has no files.")
        return None
    if len(files) == 1:
        return files[0]
    choices = [Choice(file, file.name, size_words(file.size)) for file in files]
    chosen = await screen.app.push_screen_wait(Choose("Which file?", choices))
    return chosen.value if chosen else None


def _write(typed: str, name: str, content: bytes) -> Path:
    folder = Path(typed).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stem, dot, ending = name.rpartition(".")
        for number in range(1000):
            numbered = (
                name
                if not number
                else (f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})")
            )
            path = folder / numbered
            try:
                with path.open("xb") as file:
                    path.chmod(0o600)
                    file.write(content)
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise TwowayError(
            f"The file cannot be saved there: {error.strerror or 'no reason given'}.",
            "Choose another folder.",
        ) from None
    raise TwowayError("There are too many files of that name.", "Choose another folder.")
