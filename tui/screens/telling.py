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
        # The type is enough: the text of an unexpected error could hold patient data.
        _log.error("unexpected %s in a command of the screen", type(error).__name__)
        tell(
            app,
            f"Something unexpected went wrong ({type(error).__name__}).",
            "Nothing was lost; try again, and run `twoway doctor` if it stays.",
            trouble=True,
        )
    return None
