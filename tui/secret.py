"""Secrets: named in the configuration, read when a server asks, never written in it.

A secret comes from a command, an environment variable, a file or the system's keyring. It is read
afresh each time, so that a changed password needs no restart, and it never appears in an error, a
log or a `repr`.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbox.errors import ConfigurationError

COMMAND_SECONDS = 60.0
"""How long a command may take; it may ask a person for a passphrase."""
KEYRING_SERVICE = "twoway"
"""The name our entries in the keyring have."""
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class CommandSecret:
    """The first line that a command prints."""

    words: tuple[str, ...]
    """The program and its arguments; no shell looks at them."""
    where: str
    """The line it is for, in errors."""

    def read(self) -> str:
        """Run the command.

        Raises:
            ConfigurationError: it cannot run, fails, takes too long, or prints nothing.
        """
        name = f"The command for the password of “{self.where}” ({self.words[0]})"
        try:
            done = subprocess.run(  # noqa: S603 - the practice's own command, without a shell
                [str(Path(self.words[0]).expanduser()), *self.words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                # What a password program complains of can hold what it was asked for.
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise ConfigurationError(
                f"{name} is not installed here.", "Install it, or correct the configuration."
            ) from None
        except subprocess.TimeoutExpired:
            raise ConfigurationError(
                f"{name} did not end within {COMMAND_SECONDS:.0f} seconds.",
                "Run it by hand and see what it waits for.",
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"{name} could not be started: {error.strerror}.", "Run it by hand."
            ) from None
        if done.returncode != 0:
            raise ConfigurationError(
                f"{name} failed with exit status {done.returncode}.",
                "Run it by hand and see what it says.",
            )
        return _first_line(done.stdout, f"{name} printed nothing.", "Run it by hand.")


@dataclass(frozen=True, slots=True)
class EnvironmentSecret:
    """The value of an environment variable."""

    name: str
    where: str

    def read(self) -> str:
        """Look it up.

        Raises:
            ConfigurationError: it is not set, or empty.
        """
        value = os.environ.get(self.name, "")
        if not value:
            raise ConfigurationError(
                f"The environment variable {self.name}, which holds the password of "
                f"“{self.where}”, is not set.",
                f"Set {self.name} before you start Twoway, or name another source.",
            )
        return value


@dataclass(frozen=True, slots=True)
class FileSecret:
    """The first line of a file."""

    path: Path
    where: str

    def read(self) -> str:
        """Read it.

        Raises:
            ConfigurationError: it cannot be read, is empty, or everybody here can read it.
        """
        name = f"The file {self.path}, which holds the password of “{self.where}”,"
        content = _private(self.path, name, "Create it, or name another source.")
        return _first_line(content, f"{name} is empty.", "Write the password in its first line.")


@dataclass(frozen=True, slots=True)
class KeyringSecret:
    """An entry of the system's keyring: service `twoway`, user the line's id."""

    where: str

    def read(self) -> str:
        """Ask the keyring.

        Raises:
            ConfigurationError: there is no keyring here, or no such entry.
        """
        keyring = _keyring()
        try:
            value = keyring.get_password(KEYRING_SERVICE, self.where)
        except Exception as error:  # noqa: BLE001 - each backend of keyring raises its own errors
            raise _no_keyring(error) from None
        if not value:
            raise ConfigurationError(
                f"The keyring holds no password of “{self.where}”.",
                f"Store it: keyring set {KEYRING_SERVICE} {self.where}",
            )
        return str(value)

    def write(self, value: str) -> None:
        """Store it in the keyring.

        Raises:
            ConfigurationError: there is no keyring here.
        """
        keyring = _keyring()
        try:
            keyring.set_password(KEYRING_SERVICE, self.where, value)
        except Exception as error:  # noqa: BLE001 - each backend of keyring raises its own errors
            raise _no_keyring(error) from None


Secret = CommandSecret | EnvironmentSecret | FileSecret | KeyringSecret
"""Where a secret comes from; `read()` gives it."""


def read_key(path: Path, where: str) -> str:
    """The whole of a file with a private key (PEM).

    Args:
        path: The file.
        where: The line it is for, in errors.

    Raises:
        ConfigurationError: it cannot be read, or everybody here can read it.
    """
    name = f"The key of “{where}” ({path})"
    hint = "`twoway setup` makes one, or correct key_file in the configuration."
    return _private(path, name, hint).decode("utf-8", "replace")


def split_command(command: str) -> tuple[str, ...]:
    """The words of a command as a shell would split them, and nothing else a shell would do.

    Raises:
        ValueError: a quote is not closed.
    """
    return tuple(shlex.split(command, posix=os.name != "nt"))


def keyring_problem() -> str:
    """Why the keyring cannot be used here, in one sentence; empty when it can."""
    try:
        _keyring()
    except ConfigurationError as error:
        return error.sentence
    return ""


def _private(path: Path, name: str, hint: str) -> bytes:
    """What a file holds that is nobody else's business."""
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IROTH | stat.S_IWOTH):
            raise ConfigurationError(
                f"{name} can be read by everybody on this machine.",
                f"Run: chmod 600 {shlex.quote(str(path))}",
            )
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}.", hint) from None


def _first_line(content: bytes, empty: str, hint: str) -> str:
    lines = content.decode("utf-8", "replace").splitlines()
    if not lines or not lines[0]:
        raise ConfigurationError(empty, hint)
    return lines[0]


def _keyring() -> Any:
    """The keyring module, once it is sure that its backend keeps secrets."""
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore] # an optional part
    except ImportError:
        raise ConfigurationError(
            "The keyring needs a part of Twoway that is not installed.",
            "Install it with: pip install 'twoway[keyring]'. Or name another source.",
        ) from None
    try:
        backend = keyring.get_keyring()
    except Exception as error:  # noqa: BLE001 - each backend of keyring raises its own errors
        raise _no_keyring(error) from None
    parts = [backend, *getattr(backend, "backends", ())]
    modules = " ".join(type(part).__module__ for part in parts)
    if "keyring.backends.fail" in modules or "keyring.backends.null" in modules:
        raise _no_keyring(None)
    if "keyrings.alt" in modules:
        raise ConfigurationError(
            "The keyring set up on this machine keeps secrets in plain files.",
            "Choose a real one, or use { command = … } or { file = … }.",
        )
    return keyring


def _no_keyring(error: Exception | None) -> ConfigurationError:
    why = f" ({type(error).__name__})" if error is not None else ""
    return ConfigurationError(
        f"There is no usable keyring on this machine{why}.",
        "Over ssh there often is none: use { command = … } or { file = … } instead.",
    )
