"""The key pair of a portal line: the private half in a file, the public half for the vendor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbox.errors import ConfigurationError
from tui.channels import new_portal_key, public_portal_key
from tui.config.reading import Configuration
from tui.config.tables import BackendServicesTable, PortalTable
from tui.secret import read_key
from tui.setup.draft import write_private

KINDS = {
    "RS384": "RSA, which every vendor takes",
    "ES384": "elliptic curve P-384: short, and as good, where the vendor takes it",
}
"""What a key can sign with, and what there is to say of it."""


@dataclass(frozen=True, slots=True)
class PortalKey:
    """A key that is there."""

    path: Path
    """The private half."""
    kid: str
    """Its name, in the configuration and at the vendor's."""
    public: dict[str, Any]
    """The public half, as the vendor wants it: a JSON Web Key Set (RFC 7517)."""
    made: bool
    """It was made just now."""


def portal_key(configuration: Configuration, line_id: str, kind: str = "RS384") -> PortalKey:
    """The key of a portal line; made when there is none in its place.

    Args:
        configuration: What the file says.
        line_id: Which line; empty: the only one with a key.
        kind: What a new one signs with.

    Raises:
        ConfigurationError: no such line, or its key cannot be read, made or written.
    """
    table, auth = _line(configuration, line_id)
    path = configuration.path.parent / Path(auth.key_file).expanduser()
    return key_at(path, table.id, auth.kid, kind)


def key_at(path: Path, line_id: str, kid: str = "", kind: str = "RS384") -> PortalKey:
    """The key in a file, made when there is no file.

    Args:
        path: The private half; a new one can be read by its owner alone.
        line_id: The line it is for.
        kid: Its name; empty: its own thumbprint (RFC 7638).
        kind: What a new one signs with.

    Raises:
        ConfigurationError: it cannot be read, made or written.
    """
    made = not path.exists()
    if made:
        if kind not in KINDS:
            raise ConfigurationError(f"No portal takes a key for {kind}.", f"One of: {_kinds()}.")
        write_private(path, new_portal_key(kind))
    kid, public = public_portal_key(read_key(path, line_id), kid)
    return PortalKey(path, kid, public, made)


def _line(configuration: Configuration, line_id: str) -> tuple[PortalTable, BackendServicesTable]:
    with_key = {
        table.id: (table, table.auth)
        for table in configuration.lines.values()
        if isinstance(table, PortalTable) and isinstance(table.auth, BackendServicesTable)
    }
    if line_id in with_key:
        return with_key[line_id]
    if not with_key:
        raise ConfigurationError(
            "No portal line says who it is with a key of its own.",
            "`twoway setup` adds one, and makes its key.",
        )
    if line_id or len(with_key) > 1:
        what = f"“{line_id}” is no portal line with a key." if line_id else "Which portal line?"
        raise ConfigurationError(what, f"One of: {', '.join(with_key)}.")
    return next(iter(with_key.values()))


def _kinds() -> str:
    return ", ".join(KINDS)
