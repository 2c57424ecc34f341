"""Versions of one resource: which of two was made later, by the words of its server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_FORM: Final = "%Y%m%dT%H%M%S.%f"


def version_key(changed_at: datetime | None, version_id: str = "") -> str:
    """The version as `Arrival.version` has it: the greater text is the later version.

    Args:
        changed_at: When the server made it (FHIR R4 Meta.lastUpdated, aware); None: not said.
        version_id: Its name there (FHIR R4 Meta.versionId); counts where the times are equal.
    """
    if changed_at is None and not version_id:
        return ""
    at = "" if changed_at is None else changed_at.astimezone(UTC).strftime(_FORM)
    number = version_id.zfill(20) if version_id.isascii() and version_id.isdigit() else version_id
    return f"{at:22} {number}"


def version_time(version: str) -> datetime | None:
    """When a version was made, by its server's clock; None where that is not said."""
    at = version[:22].strip()
    try:
        return datetime.strptime(at, _FORM).replace(tzinfo=UTC) if at else None
    except ValueError:
        return None
