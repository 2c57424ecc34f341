"""Where a secret is kept: asked, and put there when the person wants it."""

from __future__ import annotations

from pathlib import Path

from tui.secret import KeyringSecret, keyring_problem
from tui.setup.asking import Asker
from tui.setup.draft import write_private


def ask_secret(ask: Asker, key: str, name: str, line_id: str, folder: Path) -> dict[str, object]:
    """Ask where a secret is, and store it where the person types it.

    Args:
        ask: Who is asked.
        key: The question's id: `line_1_password`.
        name: What it is: `password`.
        line_id: The line it opens.
        folder: That of the configuration.

    Returns:
        The table for the configuration: one of command, env, file, keyring.
    """
    ways = {
        "file": "in a file beside the configuration that only you can read",
        "command": "a command prints it, e.g. a password manager's",
        "env": "in an environment variable",
    }
    if not keyring_problem():
        ways = {"keyring": "in the system's keyring", **ways}
    way = ask.choice(key, f"Where is the {name} to be", ways, next(iter(ways)))
    shown = name.capitalize()
    if way == "command":
        return {"command": ask.text(f"{key}_command", "The command")}
    if way == "env":
        return {"env": ask.text(f"{key}_env", "The variable's name")}
    if way == "keyring":
        KeyringSecret(line_id).write(ask.secret(key, shown))
        return {"keyring": True}
    file = ask.text(f"{key}_file", "The file", f"{line_id}.{name.replace(' ', '-')}")
    path = folder / Path(file).expanduser()
    if not path.exists() or (
        ask.asks and ask.yes(f"{key}_new", f"Replace what is in {file}", default=True)
    ):
        write_private(path, ask.secret(key, shown) + "\n")
    return {"file": file}
