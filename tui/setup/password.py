"""The question where a password is, or is to be."""

from __future__ import annotations

from pathlib import Path

from tui.secret import KeyringSecret, keyring_problem
from tui.setup.asking import Asker
from tui.setup.draft import write_private


def ask_password(
    ask: Asker, key: str, line_id: str, folder: Path, what: str = "password"
) -> dict[str, object]:
    """Ask where a line's password is; it is stored for the person when they want it to be.

    Args:
        ask: Who asks.
        key: What the ids of the questions begin with.
        line_id: The line it is for.
        folder: The folder of the configuration.
        what: What it is called.

    Returns:
        The table of the configuration that names it.
    """
    ways = {
        "file": "in a file beside the configuration that only you can read",
        "command": "a command prints it, e.g. a password manager's",
        "env": "in an environment variable",
    }
    if not keyring_problem():
        ways = {"keyring": "in the system's keyring", **ways}
    way = ask.choice(f"{key}password", f"Where is the {what} to be", ways, next(iter(ways)))
    if way == "command":
        return {"command": ask.text(f"{key}password_command", "The command")}
    if way == "env":
        return {"env": ask.text(f"{key}password_env", "The variable's name")}
    if way == "keyring":
        KeyringSecret(line_id).write(ask.secret(f"{key}password", what.capitalize()))
        return {"keyring": True}
    name = ask.text(f"{key}password_file", "The file", f"{line_id}.{what}")
    path = folder / Path(name).expanduser()
    if not path.exists() or (
        ask.asks and ask.yes(f"{key}password_new", f"Replace what is in {name}", default=True)
    ):
        write_private(path, ask.secret(f"{key}password", what.capitalize()) + "\n")
    return {"file": name}
