"""The command line: what `twoway` understands, and how it ends.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 held (needs `--because`), 4 blocked. What went wrong
is one sentence and a hint on standard error, never a traceback. Nothing heavy is imported before
the command is known.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from tui.grammar import INBOX, add_global, build_parser

if TYPE_CHECKING:
    from inbox.clock import Clock
    from tui.commandline.output import Output

DONE, FAILED, USAGE, HELD, BLOCKED = 0, 1, 2, 3, 4
"""The exit statuses."""
_INTERRUPTED, _PIPE_CLOSED = 130, 141


def main(arguments: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Run one command and give its exit status.

    Args:
        arguments: What stands behind `twoway`; by default the process's own.
        clock: The present moment; by default the machine's.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows a question mark instead of failing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        options = _options(arguments)
        options.clock = clock
        status = _run(options)
        sys.stdout.flush()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else (DONE if end.code is None else FAILED)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; Python must not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status


def _run(options: argparse.Namespace) -> int:
    from inbox.errors import TwowayError
    from tui.commandline.output import Output, tell_error

    output = Output(as_json=options.json)
    try:
        return _handler(options.handler)(options, output)
    except TwowayError as error:
        return tell_error(error, output)
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:
        if os.environ.get("TWOWAY_TRACEBACK"):
            raise
        # What a foreign error says can hold a patient's words; its kind cannot.
        output.error(
            f"Twoway ran into something it does not know ({type(error).__name__}).",
            "Set TWOWAY_TRACEBACK=1 and run it again to see where.",
        )
        return FAILED


def _handler(name: str) -> Callable[[argparse.Namespace, Output], int]:
    module, _, function = name.partition(":")
    found: Callable[[argparse.Namespace, Output], int] = getattr(
        import_module(f"tui.commandline.{module}"), function
    )
    return found


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for; the grammar of the commands is not built to open the inbox."""
    inbox = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    add_global(inbox, first=True)
    inbox.set_defaults(handler=INBOX, command=None)
    arguments = _with_minus(sys.argv[1:] if arguments is None else arguments)
    try:
        options, more = inbox.parse_known_args(arguments)
    except argparse.ArgumentError:
        return build_parser().parse_args(arguments)
    return build_parser().parse_args(arguments) if more else options


def _with_minus(arguments: Sequence[str]) -> list[str]:
    """The arguments, with `-word` behind `search` kept apart from the options."""
    listed = list(arguments)
    first = listed.index("search") + 1 if "search" in listed else len(listed)
    return listed[:first] + [
        # A blank before it makes it a word to argparse.
        f" {one}" if one[:1] == "-" and one[:2] != "--" and one != "-h" else one
        for one in listed[first:]
    ]


if __name__ == "__main__":
    sys.exit(main())
