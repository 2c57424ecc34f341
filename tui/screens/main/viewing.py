"""Opening a saved file with the system's viewer, on an explicit key only."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from inbox.errors import TwowayError


async def open_file(path: Path) -> None:
    """Open a file with whatever the system uses for it.

    Raises:
        TwowayError: there is no viewer here.
    """
    if sys.platform == "win32":
        await asyncio.to_thread(os.startfile, path)
        return
    name = "open" if sys.platform == "darwin" else "xdg-open"
    viewer = shutil.which(name)
    if viewer is None:
        raise TwowayError("There is no viewer on this machine.", f"The file is at {path}.")
    subprocess.Popen(  # noqa: S603, ASYNC220 - a person pressed the key; nothing waits for it
        [viewer, str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
