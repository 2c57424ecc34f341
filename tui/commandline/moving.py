"""Putting conversations together, parting them, moving messages, and undoing it."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections.abc import Awaitable, Callable

from inbox.errors import StoreError, TwowayError
from inbox.storage.moving import Moved
from tui.commandline.output import Output, stamp
from tui.commandline.session import with_office
from tui.wiring import PracticeOffice


def merge(options: Namespace, output: Output) -> int:
    """`twoway merge`: another conversation into one; without another the one that is suggested."""

    async def work(office: PracticeOffice) -> Moved | None:
        moving, one = office.desk.moving, options.conversation
        if options.dismiss:
            await moving.dismiss_suggestion(one)
            return None
        other = options.other
        if other is not None:
            return await moving.merge(one, other)
        row = await office.repository.conversations.row(one)
        if row.suggested_merge is None:
            raise TwowayError(
                "No other conversation is suggested here.", "Name the one to put into it as well."
            )
        # The older one is kept.
        return await moving.merge(row.suggested_merge, row.id)

    return _do(options, output, work)


def split(options: Namespace, output: Output) -> int:
    """`twoway split`."""
    return _do(
        options,
        output,
        lambda office: office.desk.moving.split(options.conversation, options.from_message),
    )


def move(options: Namespace, output: Output) -> int:
    """`twoway move`."""
    to = None if options.to == "new" else int(options.to)
    return _do(options, output, lambda office: office.desk.moving.move(options.message, to))


def undo(options: Namespace, output: Output) -> int:
    """`twoway undo-move`."""
    return _do(
        options, output, lambda office: office.desk.moving.undo(options.conversation), undone=True
    )


def _do(
    options: Namespace,
    output: Output,
    act: Callable[[PracticeOffice], Awaitable[Moved | None]],
    *,
    undone: bool = False,
) -> int:
    async def work(office: PracticeOffice) -> int:
        moved = await act(office)
        # The record files follow at once; what cannot be written stays due and is shown there.
        with contextlib.suppress(StoreError):
            await office.record()
        if moved is None:
            output.document({"kind": "dismiss"})
            output.line("It is not suggested any more.")
            return 0
        output.document(
            {
                "kind": moved.kind.value,
                "from": moved.from_id,
                "to": moved.to_id,
                "messages": moved.messages,
                "at": stamp(moved.at, office.desk.practice.timezone),
                "undone": undone,
            }
        )
        from inbox.moving import moved_words

        words = moved_words(moved)
        said = "Undone: " if undone else ""
        output.line(f"{said}{words[0].upper()}{words[1:]}.")
        if not undone:
            output.line(f"`twoway undo-move {moved.to_id}` puts it back.")
        return 0

    return with_office(options, work)
