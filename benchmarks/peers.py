"""The programs that Twoway is measured beside, as Debian packages them: isync, mu."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.sync import Mailbox

PACKAGES: Final = {"mbsync": "isync", "mu": "maildir-utils"}
"""The package of each program."""

# Nothing but where to and where from: all else as it comes.
_CONFIGURATION: Final = """\
IMAPStore server
Host 127.0.0.1
Port {mailbox.port}
User {mailbox.user}
Pass "{mailbox.password}"
SSLType None

MaildirStore copy
Path {folder}/mail/
Inbox {folder}/mail/INBOX

Channel inbox
Far :server:
Near :copy:
Patterns INBOX
Create Near
Sync Pull
SyncState *
"""


def missing(program: str) -> str:
    """Why a program cannot be measured, in one sentence; empty when it can."""
    if shutil.which(program) is not None:
        return ""
    return f"{program} was left out: apt-get install {PACKAGES[program]}"


class Maildir:
    """A copy of a mailbox that mbsync keeps and mu indexes."""

    def __init__(self, folder: Path, mailbox: Mailbox) -> None:
        """Keep it under `folder`; nothing is copied yet."""
        self._folder = folder
        self._mail = folder / "mail"
        self._mail.mkdir(parents=True)
        self._configuration = folder / "mbsyncrc"
        self._configuration.write_text(
            _CONFIGURATION.format(mailbox=mailbox, folder=folder), encoding="utf-8"
        )
        self._configuration.chmod(0o600)

    def copy(self) -> None:
        """Copy what is new."""
        self._run("mbsync", "--config", str(self._configuration), "--quiet", "inbox")

    def index(self) -> None:
        """Read and index the copy."""
        self._run("mu", "init", f"--maildir={self._mail}", "--quiet")
        self._run("mu", "index", "--quiet")

    def count(self) -> int:
        """How many mails it holds."""
        inbox = self._mail / "INBOX"
        return sum(1 for part in ("new", "cur") for _ in (inbox / part).iterdir())

    def _run(self, *command: str) -> None:
        environment = {**os.environ, "HOME": str(self._folder)}
        subprocess.run(  # noqa: S603 - commands of ours
            command, env=environment, check=True, stdout=subprocess.DEVNULL
        )
