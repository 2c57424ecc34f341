"""Handing a text to the person's own editor and taking it back; nothing is sent by it."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from inbox.errors import TwowayError
from inbox.plain import plain_text


def edit(app: App[Any], text: str) -> str:
    """The text as the editor left it; the file is gone afterwards.

    Raises:
        TwowayError: there is no editor, it failed, or the screen cannot step aside.
    """
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if not named.strip():
        raise TwowayError(
            "No editor is chosen.", "Set VISUAL or EDITOR, for example to nano, and start again."
        )
    # The folder is readable by its owner only: a draft holds patient data.
    with tempfile.TemporaryDirectory(prefix="twoway-") as folder:
        path = Path(folder) / "draft.txt"
        path.write_text(text, encoding="utf-8")
        try:
            with app.suspend():
                done = subprocess.run([*shlex.split(named), str(path)], check=False)  # noqa: S603 - the person's own editor
        except SuspendNotSupported:
            raise TwowayError("This terminal cannot step aside for an editor.") from None
        except (OSError, ValueError):
            raise TwowayError(
                "The editor could not be started.", "Look at VISUAL and EDITOR."
            ) from None
        if done.returncode:
            raise TwowayError("The editor ended with an error; the draft is as it was.")
        try:
            return plain_text(path.read_text(encoding="utf-8", errors="replace")).rstrip("\n")
        except OSError:
            raise TwowayError("The editor left no text; the draft is as it was.") from None
