"""Template files: the practice's own in `templates/` beside its configuration, else the shipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from inbox.errors import TwowayError
from inbox.plain import file_name
from inbox.template import BadFile, BadTemplate, Shelf, Template, parse_template

FOLDER: Final = "templates"
"""What the folder beside the configuration is called."""
_ENDING: Final = ".txt"
_LARGEST: Final = 100_000
"""Bytes; a larger file is no template."""
_MOST: Final = 500


def read_shelf(folder: Path) -> Shelf:
    """All templates of a practice; without any of its own, those that come with Twoway.

    A file that cannot be used is told of and spoils no other.

    Args:
        folder: Where the practice keeps them; need not exist.
    """
    try:
        own = sorted(path for path in folder.iterdir() if path.name.endswith(_ENDING))[:_MOST]
    except FileNotFoundError:
        own = []
    except OSError as error:
        bad = BadFile(folder.name, f"{folder} cannot be read: {error.strerror}.", "Look at it.")
        return _shelf(_shipped(), str(folder), bad=(bad,), shipped=True)
    if own:
        return _shelf(own, str(folder))
    return _shelf(_shipped(), str(folder), shipped=True)


def copy_shipped(folder: Path) -> tuple[list[str], list[str]]:
    """Put the shipped templates into a folder; a file that is there stays as it is.

    Returns:
        Names of the files that were written, and of those that were there.

    Raises:
        TwowayError: the folder cannot be written.
    """
    written, kept = list[str](), list[str]()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for shipped in _shipped():
            try:
                with (folder / shipped.name).open("xb") as file:
                    file.write(shipped.read_bytes())
            except FileExistsError:
                kept.append(shipped.name)
            else:
                written.append(shipped.name)
    except OSError as error:
        raise TwowayError(
            f"{folder} cannot be written: {error.strerror}.", "Look at its owner and the disk."
        ) from None
    return written, kept


def _shipped() -> list[Traversable]:
    folder = files("sample_data") / FOLDER
    found = (one for one in folder.iterdir() if one.name.endswith(_ENDING))
    return sorted(found, key=lambda one: one.name)


def _shelf(
    found: Iterable[Traversable | Path],
    place: str,
    *,
    bad: tuple[BadFile, ...] = (),
    shipped: bool = False,
) -> Shelf:
    read = list(_read(found))
    templates = [one for one in read if isinstance(one, Template)]
    return Shelf(
        templates=tuple(sorted(templates, key=lambda one: (one.title.casefold(), one.name))),
        bad=(*bad, *(one for one in read if isinstance(one, BadFile))),
        place=place,
        shipped=shipped,
    )


def _read(found: Iterable[Traversable | Path]) -> Iterator[Template | BadFile]:
    for file in found:
        name = file_name(file.name)
        try:
            with file.open("rb") as opened:
                content = opened.read(_LARGEST + 1)
            if len(content) > _LARGEST:
                yield BadFile(name, f"{name} is too large for a template.", "Take it away.")
                continue
            yield parse_template(name, _decoded(content), str(file))
        except BadTemplate as error:
            yield BadFile(name, error.sentence, error.hint)
        except OSError as error:
            yield BadFile(name, f"{name} cannot be read: {error.strerror}.", "Look at its owner.")


def _decoded(content: bytes) -> str:
    """Text as editors write it: UTF-8 with or without mark, else Windows-1252."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
