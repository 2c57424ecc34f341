"""Write the pages that are made from the code: rules, commands, keys, configuration.

Run `make docs`; a test holds the pages to the code.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
from pathlib import Path

from inbox.rules import RULES
from inbox.signals.rules import INBOUND_RULES
from tui import grammar
from tui.commands import command_table
from tui.config import tables

HERE = Path(__file__).parent
_NOTE = "<!-- Made from the code by `make docs`; change the code instead. -->\n"


_RULES = """\
The gate looks at a draft as it is typed, all of it, and again right before it leaves. A finding
blocks (it cannot leave like this), holds (a person may send it all the same, with a reason that is
kept with the message, in the record and in the audit trail), warns, or informs. `F2` applies the
first way out; `Ctrl+G` lists every other.

A practice can set most rules itself, in its configuration:

```toml
[rules]
TW38 = "off"      # off, info, warn, hold or block
TW24 = "hold"
```

This holds wherever a draft is looked at: on the screen, in commands and `twoway lint`, and when the
outbox asks again. There are limits:

- Rules marked *core* can only be made heavier (`"block"`). They guard a working reply path (answers
  come home to the line, somebody reads it, the words do not turn answers away, and a message that
  was left can be answered), those who asked not to be written to, the confidential channel and
  what may be said where, and that a message is about and goes to the right patient, who wrote
  nothing meanwhile.
- Rules with *the law* behind them can be made heavier, or a warning at least.
- What cannot leave at all stays blocked, whatever is set: nobody to send it to, nothing in it, more
  than its channel carries.

Core: {core}.

With the law behind them: {law}.

## Closing a conversation

TW33: a conversation cannot be closed while one of its messages is missing from the record file.

TW39: closing one in which something waits on us is held, until a reason is given: a message from
them that nobody answered, or one of ours that was not delivered or of which nobody knows. “Ok
thanks” waits for nothing; “yes” may answer a question, and a note or a message that did not arrive
answers none. On the screen `e` asks for the reason; in a script `twoway done CONVERSATION --because
"…"`, which ends with 3 without it. The reason is kept in the audit trail.

TW29 of the list these rules began with speaks of automatic replies. Twoway sends none, so no loop
can begin; TW37 looks at what a person sends from an after-hours template.
"""
_INBOUND = """\
# Rules for what arrives

Each arrival is listened to once, when it is filed: what its author wrote this time, without quoted
history, on every channel alike. Nothing is heard in what the practice sent itself, in list mail or
in automatic answers. What is heard is kept with the message. Where it only proposes something, a
person decides: `x` or `twoway accept` does it, `X` or `twoway dismiss` says that it is nothing;
both keep the name and the time.

What is older by a day than the first start of its line is history: it alarms nobody, and an opt-out
in it is proposed, not carried out.
"""
_COMMANDS = """\
Everything the screen does has a plain command, for scripts, for screen readers and for checks. Same
services, same gate, no second way to send. `--json` prints one JSON document; times are RFC 3339
with an offset.
"""
_KEYS = """\
`?` shows these on the screen. Each command can be given other keys under `[keys]` in the
configuration, by its id.
"""
_CONFIGURATION = """\
One TOML file, read strictly: an unknown key, a wrong type or a missing value is an error that names
the file, the key, the nearest valid key and what was expected. `twoway setup` writes it; Twoway
never rewrites a file that you edited without asking. It is looked for at `--config FILE`, then
`$TWOWAY_CONFIG`, then the platform's configuration folder.

Holidays are named as the `holidays` package names them in English: `twoway doctor` tells the next
ones. A file `quiet.toml` beside it says when texts and calls may go out in a state, in place of
what ships with Twoway.

Keep secrets out of it: a password comes from a command, the environment, a file of its own or the
keyring.
"""


def rules() -> str:
    """Every rule of the gate, with its help."""
    parts = [
        "# Rules of the gate\n",
        _NOTE,
        _RULES.format(
            core=", ".join(rule.id for rule in RULES if rule.core),
            law=", ".join(f"{rule.id} ({rule.law})" for rule in RULES if rule.law),
        ),
    ]
    for rule in RULES:
        mark = " · core" if rule.core else " · the law" if rule.law else ""
        parts.append(f"## {rule.id} {rule.title}{mark}\n\n{rule.help}\n")
    parts.append(_INBOUND)
    parts += [f"## {rule.id} {rule.title}\n\n{rule.help}\n" for rule in INBOUND_RULES]
    return "\n".join(parts)


def commands() -> str:
    """Every command with its options, as `--help` prints it."""
    parts = [
        "# Commands\n",
        _NOTE,
        _COMMANDS,
    ]
    parser = grammar.build_parser()
    parts.append(_block(parser))
    for name, command in _subparsers(parser).items():
        parts.append(f"## twoway {name}\n\n{_block(command)}")
        for inner, below in _subparsers(command).items():
            parts.append(f"### twoway {name} {inner}\n\n{_block(below)}")
    return "\n".join(parts)


def keys() -> str:
    """Every key of the screen."""
    parts = [
        "# Keys\n",
        _NOTE,
        _KEYS,
        "| keys | command | where | what it does | id |\n|---|---|---|---|---|",
    ]
    for id_, bound, title, where, words in command_table():
        shown = bound.replace("|", "\\|")
        parts.append(f"| `{shown}` | {title} | {where} | {words} | `{id_}` |")
    return "\n".join(parts) + "\n"


def configuration() -> str:
    """Every table and key of the configuration."""
    example = (HERE.parent / "sample_data" / "practice.toml").read_text("utf-8")
    parts = [
        "# Configuration\n",
        _NOTE,
        _CONFIGURATION,
    ]
    tree = ast.parse(inspect.getsource(tables))
    parts.extend(_table(node) for node in tree.body if isinstance(node, ast.ClassDef))
    parts.append(f"## The sample practice's\n\n```toml\n{example.strip()}\n```\n")
    return "\n".join(parts)


def _table(node: ast.ClassDef) -> str:
    words = (ast.get_docstring(node) or node.name).split("\n\n")[0].replace("\n", " ")
    rows = [f"## {words}\n\n| key | kind | otherwise | meaning |\n|---|---|---|---|"]
    for place, item in enumerate(node.body):
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        after = node.body[place + 1] if place + 1 < len(node.body) else None
        said = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            said = " ".join(str(after.value.value).split())
        kind = ast.unparse(item.annotation).replace("|", "or")
        default = "needed" if item.value is None else f"`{ast.unparse(item.value)}`"
        key = item.target.id.rstrip("_")
        rows.append(f"| `{key}` | {kind} | {default.replace('|', 'or')} | {said} |")
    return "\n".join(rows) + "\n"


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _block(parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = _Wide
    return f"```\n{parser.format_help().rstrip()}\n```\n"


class _Wide(argparse.RawDescriptionHelpFormatter):
    """The same width on every terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)


PAGES = {
    "rules.md": rules,
    "commands.md": commands,
    "keys.md": keys,
    "configuration.md": configuration,
}
"""Each page and what makes it."""


def main() -> int:
    """Write every page."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
