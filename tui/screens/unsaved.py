"""Screens that hold what is not kept yet: leaving the app asks them first."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Unsaved(Protocol):
    """A screen with changes that would be lost."""

    async def may_leave(self) -> bool:
        """Ask what becomes of the changes; False: the person stays."""
        ...
