"""Telling a person what went wrong, in a sentence and a hint; the app stays up."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

from textual.app import App

from inbox.errors import TwowayError
from inbox.plain import plain_text

T = TypeVar("T")
_log = logging.getLogger(__name__)


def tell(app: App[Any], words: str, hint: str = "", *, trouble: bool = False) -> None:
    """Show a short message over the screen."""
    text = plain_text(f"{words}\n{hint}" if hint else words)
    app.notify(
        text,
        severity="warning" if trouble else "information",
        timeout=9 if trouble else 4,
        markup=False,
    )


async def guarded(app: App[Any], work: Awaitable[T]) -> T | None:
    """Await some work; what goes wrong is told, not raised. None when it went wrong."""
    try:
        return await work
    except TwowayError as error:
        tell(app, error.sentence, error.hint, trouble=True)
    except Exception as error:  # noqa: BLE001 - one failed action must not take the screen down
        tell(app, *unexpected(error), trouble=True)
    return None


def unexpected(error: Exception) -> tuple[str, str]:
    """A sentence and a hint for an error nobody foresaw; it is logged.

    Its type is enough: the text of such an error could hold patient data.
    """
    name = type(error).__name__
    _log.error("unexpected %s in a command of the screen", name)
    return (
        f"Something unexpected went wrong ({name}).",
        "Nothing was lost; try again, and run `twoway doctor` if it stays.",
    )
