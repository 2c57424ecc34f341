"""The grammar of the command line: every command, its arguments and its help.

Building it takes a while; opening the inbox needs only the options of `add_global`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    Parsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

INBOX = "opening:inbox"
"""What opens the inbox, which is what happens without a command."""

_DESCRIPTION = """\
The unified inbox of a small medical practice: every message can be answered, every answer is seen.
Without a command, the inbox opens."""
_EPILOG = """\
Exit status: 0 done, 1 failed, 2 wrong usage, 3 held (needs --because), 4 blocked.
`twoway COMMAND --help` tells more about a command; `twoway demo` shows a sample practice."""
_STATES = (
    "needs-reply", "waiting", "promised", "undelivered", "done", "unknown", "snoozed",
    "needs-a-look", "all",
)  # fmt: skip
_PROMISES = (
    "standing", "open", "called-on", "broken", "kept", "over", "withdrawn", "unsaid", "all",
)  # fmt: skip
_OUTCOMES = ("reached", "left message", "no answer", "busy", "wrong number")
_WAYS = ("direct line", "here until", "answering service", "information")
_CHANNELS = ("email", "sms", "phone", "portal")
_CONSENTS = ("accepted", "declined", "implied", "unknown")


class _Version(argparse.Action):
    """Looks the version up when it is asked for, since that takes a while."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: object) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help="show the version")

    def __call__(self, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"twoway {version('twoway')}\n")
        raise SystemExit(0)


def build_parser() -> argparse.ArgumentParser:
    """The whole grammar."""
    parser = argparse.ArgumentParser(
        prog="twoway",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version)
    add_global(parser, first=True)
    parser.set_defaults(handler=INBOX)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    _add_practice(commands)
    _add_reading(commands)
    _add_writing(commands)
    _add_calling(commands)
    _add_tending(commands)
    _add_record(commands)
    return parser


def add_global(parser: argparse.ArgumentParser, *, first: bool = False) -> None:
    """Options that every command takes, before its name or after it."""
    group = parser.add_argument_group("for every command")
    for name, metavar, words in (
        ("--config", "FILE", "the configuration (else $TWOWAY_CONFIG, else the platform's folder)"),
        ("--data", "DIR", "the data folder (else $TWOWAY_DATA, else the platform's folder)"),
        ("--as", "STAFF", "who you are (else $TWOWAY_STAFF; not needed with one staff member)"),
    ):
        group.add_argument(
            name,
            metavar=metavar,
            dest={"--as": "staff"}.get(name, name[2:]),
            default="" if first else argparse.SUPPRESS,
            help=words,
        )
    group.add_argument(
        "--json",
        action="store_true",
        default=False if first else argparse.SUPPRESS,
        help="print one JSON document",
    )


def _add(commands: Parsers, name: str, handler: str, words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=words[0].upper() + words[1:] + ".", allow_abbrev=False
    )
    add_global(parser)
    parser.set_defaults(handler=handler)
    return parser


def _add_group(commands: Parsers, name: str, words: str) -> Parsers:
    """A command with commands of its own."""
    parser = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
    add_global(parser)
    return parser.add_subparsers(metavar="ACTION", required=True)


def _add_practice(commands: Parsers) -> None:
    demo = _add(
        commands, "demo", "opening:demo", "the sample practice; nothing leaves this machine"
    )
    demo.add_argument("--smoke", action="store_true", help="run it without a screen and check it")
    demo.add_argument("--keep", metavar="DIR", default="", help="keep its folder here, to look at")
    setup = _add(commands, "setup", "opening:setup", "first run: asks, tests each line, configures")
    setup.add_argument("--answers", metavar="FILE", default="", help="answers in TOML, not asked")
    doctor = _add(commands, "doctor", "lines:doctor", "every line: sends, is read, is proven")
    doctor.add_argument("--prove", action="store_true", help="send each line's test message now")
    doctor.add_argument("--patience", type=float, default=60.0, metavar="SECONDS")
    doctor.add_argument("--offline", action="store_true", help="only what is known, no connection")
    doctor.add_argument(
        "--portal-key", metavar="LINE", nargs="?", const="",
        help="only print the public key of a portal line, to hand to its vendor; made if missing",
    )  # fmt: skip
    doctor.add_argument(
        "--key-kind", choices=("RS384", "ES384"), default="RS384", help="of a key that is made"
    )
    sync = _add(commands, "sync", "lines:sync", "fetch and send without the screen")
    sync.add_argument("--once", action="store_true", help="end when every line is up to date")
    sync.add_argument(
        "--fetch-missing",
        action="store_true",
        help="compare every message with the server and fetch what is not here; then end",
    )
    sync.add_argument(
        "--since",
        metavar="DAY",
        default="",
        help="read lines back to this day: 2025-01-31, or beginning; then end",
    )
    _add(commands, "keys", "opening:keys", "every command of the screen with its id and key")


def _add_reading(commands: Parsers) -> None:
    lister = _add(commands, "list", "reading:conversations", "conversations, newest first")
    lister.add_argument("--state", choices=_STATES, default="needs-reply", help="which ones")
    lister.add_argument("--limit", type=_count, default=50, metavar="N", help="at most N (50)")
    lister.add_argument("--mine", action="store_true", help="only what is assigned to me")
    show = _add(commands, "show", "reading:show", "one conversation with its messages")
    _conversation(show)
    show.add_argument("--limit", type=_count, default=100, metavar="N", help="the latest N (100)")
    show.add_argument("--whole", action="store_true", help="quoted history as well")
    show.add_argument("--mark-seen", action="store_true", help="mark it as read")
    search = _add(commands, "search", "reading:search", "find conversations")
    search.add_argument(
        "query",
        metavar="QUERY",
        nargs="+",
        help="words, '\"a phrase\"', -word; from: to: patient: about: filename: channel: line: "
        "assigned: is: has:attachment before: after: on:",
    )
    search.add_argument("--limit", type=_count, default=50, metavar="N", help="at most N (50)")
    _add(commands, "outbox", "reading:outbox", "what has not been delivered yet")
    raw = _add(commands, "raw", "reading:raw", "the raw text a message was read from")
    raw.add_argument("message", type=int, metavar="MESSAGE")
    save = _add(commands, "save", "reading:save", "save an attachment")
    save.add_argument("message", type=int, metavar="MESSAGE")
    save.add_argument("name", metavar="NAME", help="the attachment's name, or its number from 1")
    save.add_argument("--output", metavar="FILE", default="", help="where (else its own name)")


def _add_writing(commands: Parsers) -> None:
    reply = _add(commands, "reply", "writing:reply", "answer a conversation")
    _conversation(reply)
    reply.add_argument("--text", required=True, metavar="T", help="the words; - reads them")
    reply.add_argument("--channel", choices=_CHANNELS, help="else the one used last")
    reply.add_argument("--seen", type=int, metavar="MESSAGE", help="the newest message you read")
    reply.add_argument("--drop-draft", action="store_true", help="forget my kept draft of it")
    send = _add(commands, "send", "writing:send", "begin a conversation")
    send.add_argument("--to", required=True, metavar="PATIENT|ADDRESS")
    send.add_argument("--channel", choices=_CHANNELS, required=True)
    send.add_argument("--text", required=True, metavar="T", help="the words; - reads them")
    for parser in (reply, send):
        parser.add_argument("--subject", metavar="S", help="the subject")
        parser.add_argument("--attach", metavar="FILE", action="append", default=[])
        parser.add_argument("--line", metavar="LINE", default="", help="leave from this line")
        parser.add_argument(
            "--confidential", action="store_true", help="for the patient alone, nobody else there"
        )
        parser.add_argument(
            "--notice", action="store_true",
            help="tell them by text or e-mail, in neutral words, that it waits in the portal",
        )  # fmt: skip
        parser.add_argument(
            "--because", metavar="R", default="", help="the reason, when it is held"
        )
        later = parser.add_mutually_exclusive_group()
        later.add_argument(
            "--at-opening", action="store_true", help="let it leave when the phones are staffed"
        )
        later.add_argument(
            "--send-at", metavar="TIME", default="", help="let it leave then: 2026-03-02T08:00"
        )
        parser.add_argument(
            "--promise", metavar="TIME", action="append", default=[],
            help="it promises to be here until then, or `answer TIME`: to answer by then",
        )  # fmt: skip
        parser.add_argument(
            "--no-promise", action="store_true", help="what sounds like a promise in it is none"
        )
        parser.add_argument("--wait", action="store_true", help="send now and wait until it left")
        parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS")
    lint = _add(commands, "lint", "linting:lint", "what the gate says; nothing is sent")
    lint.add_argument("--channel", choices=_CHANNELS, required=True)
    lint.add_argument("--text", required=True, metavar="T", help="the words; - reads them")
    lint.add_argument("--subject", metavar="S", default="")
    lint.add_argument(
        "--at", metavar="TIME", default="", help="as if it were then: 2026-03-02T17:30"
    )
    lint.add_argument("--to", metavar="PATIENT|ADDRESS", default="")
    lint.add_argument("--line", metavar="LINE", default="", help="as if it left from this line")
    lint.add_argument(
        "--category", choices=("general", "reminder", "result", "billing"), default="general"
    )
    lint.add_argument("--automatic", action="store_true", help="as if a list had made it")
    lint.add_argument(
        "--outcome",
        choices=_OUTCOMES,
        help="of a call: how it ended (else: before the call)",
    )
    lint.add_argument(
        "--way",
        choices=_WAYS,
        action="append",
        default=[],
        help="of a call: how they can answer the message that was left",
    )
    lint.add_argument(
        "--heads-up-sent", action="store_true", help="of a call: the answering service was told"
    )
    _add_lists(commands)
    undo = _add(commands, "undo", "writing:undo", "take back a message that has not left")
    undo.add_argument("outbox_id", type=int, metavar="OUTBOX")
    back = _add(commands, "retract", "retracting:retract", "mark a portal message as a mistake")
    back.add_argument("message", type=int, metavar="MESSAGE", help="its number; `show` tells it")
    back.add_argument("--wait", action="store_true", help="do it now and wait until it is done")
    back.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS")
    retry = _add(commands, "retry", "writing:retry", "send a failed or uncertain message again")
    retry.add_argument("outbox_id", type=int, metavar="OUTBOX")
    retry.add_argument("--because", metavar="R", default="", help="the reason, when it is held")
    retry.add_argument("--wait", action="store_true", help="send now and wait until it left")
    retry.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS")


def _add_calling(commands: Parsers) -> None:
    call = _add(commands, "call", "calling:call", "what to know before a call; how it ended")
    call.add_argument(
        "who",
        metavar="CONVERSATION|PATIENT",
        help="whom to call; or `log` or `tell` before the conversation",
    )
    call.add_argument(
        "about",
        metavar="CONVERSATION",
        nargs="?",
        help="with `log`: keep how the call ended; with `tell`: send the heads-up again",
    )
    call.add_argument("--number", metavar="N", default="", help="this number of theirs")
    call.add_argument("--dial", action="store_true", help="ring my phone, then theirs")
    call.add_argument("--outcome", choices=_OUTCOMES, help="how it ended")
    call.add_argument(
        "--way",
        choices=_WAYS,
        action="append",
        default=[],
        help="how they can answer the message that was left",
    )
    call.add_argument("--text", metavar="T", default="", help="what was said, or agreed")
    call.add_argument(
        "--until", metavar="TIME", default="", help="I am there until then: 17:30, 30min"
    )
    call.add_argument("--watch", metavar="LINE", default="", help="the line I watch after that")
    call.add_argument(
        "--heads-up", metavar="T", default="", help="what the answering service is told"
    )
    call.add_argument(
        "--heads-up-sent", action="store_true", help="the service was told on the phone"
    )
    call.add_argument("--because", metavar="R", default="", help="the reason, when it is held")
    call.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS")


def _add_lists(commands: Parsers) -> None:
    """Reminders from a list of appointments, and the templates they are made of."""
    remind = _add(commands, "remind", "reminders:remind", "remind of appointments from a CSV list")
    remind.add_argument("file", metavar="FILE", help="patient id or name, date, time, place, type")
    remind.add_argument("--template", metavar="NAME", default="", help="else by each row's type")
    which = remind.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="send all that may leave")
    which.add_argument("--only", metavar="N,...", default="", help="send these rows of the file")
    remind.add_argument("--dry-run", action="store_true", help="only say what would happen")
    remind.add_argument("--because", metavar="R", default="", help="the reason, for what is held")
    remind.add_argument("--report", metavar="FILE", default="", help="write what became of it")
    templates = _add_group(commands, "templates", "list, show, copy message templates")
    _add(templates, "list", "templates:listing", "every template, and when it cannot be sent")
    show = _add(templates, "show", "templates:show", "a template, filled in")
    show.add_argument("name", metavar="NAME")
    show.add_argument("--to", metavar="PATIENT", default="", help="else a sample patient")
    _add(templates, "fields", "templates:fields", "every field a template may have")
    _add(templates, "copy", "templates:copy", "put those that come with Twoway where you edit them")


def _add_tending(commands: Parsers) -> None:
    note = _add(commands, "note", "tending:note", "add a note, which never leaves the practice")
    _conversation(note)
    note.add_argument("--text", required=True, metavar="T", help="the words; - reads them")
    assign = _add(commands, "assign", "tending:assign", "give a conversation to somebody")
    _conversation(assign)
    assign.add_argument("to", metavar="STAFF", help="who looks after it; nobody")
    snooze = _add(commands, "snooze", "tending:snooze", "hide it until a time or until news")
    _conversation(snooze)
    snooze.add_argument("until", metavar="TIME", help="2h, 3d, tomorrow, 2026-03-02T09:00; now")
    done = _add(commands, "done", "tending:done", "close a conversation")
    _conversation(done)
    done.add_argument(
        "--because", default="", metavar="R", help="why, although something waits on us; kept"
    )
    _conversation(_add(commands, "reopen", "tending:reopen", "open it again"))
    look = _add(commands, "look", "tending:look", "deal with what could not be read")
    _conversation(look)
    what = look.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--set-aside", metavar="R", dest="because", help="nobody needs it, and why; it stays"
    )
    what.add_argument("--read-again", action="store_true", help="read and file it anew")
    link = _add(commands, "link", "tending:link", "say whom a conversation is about")
    _conversation(link)
    link.add_argument("patient", metavar="PATIENT", help="the patient's id; nobody")
    which = link.add_mutually_exclusive_group()
    which.add_argument("--always", action="store_true", help="link what this address sends")
    which.add_argument("--message", type=int, metavar="ID", help="only this message of it")
    which.add_argument(
        "--alike", action="store_true", help="also what was matched alike from the same address"
    )
    for name, words in (
        ("accept", "do what a message asks for between its lines; an emergency is looked after"),
        ("dismiss", "say that what a message seems to ask for is nothing"),
    ):
        decide = _add(commands, name, f"tending:{name}", words)
        _conversation(decide)
        decide.add_argument(
            "--rule", metavar="RULE", default="", help="this signal (IN03), not the most pressing"
        )
    _add_moving(commands)
    _add_promises(commands)
    audit = _add(commands, "audit", "tending:audit", "who did what, newest first")
    audit.add_argument("--patient", metavar="PATIENT", default="", help="only about this patient")
    audit.add_argument("--limit", type=_count, default=50, metavar="N", help="at most N (50)")


def _add_moving(commands: Parsers) -> None:
    merge = _add(commands, "merge", "moving:merge", "put one conversation into another")
    merge.add_argument("conversation", type=int, metavar="CONVERSATION", help="the one that stays")
    merge.add_argument(
        "other", type=int, metavar="OTHER", nargs="?", help="what is put into it; else as suggested"
    )
    merge.add_argument(
        "--dismiss", action="store_true", help="it does not belong to the one that is suggested"
    )
    split = _add(commands, "split", "moving:split", "part a conversation")
    _conversation(split)
    split.add_argument(
        "--from", dest="from_message", type=int, metavar="MESSAGE", required=True,
        help="it and all after it become a conversation of their own",
    )  # fmt: skip
    move = _add(commands, "move", "moving:move", "move a message to another conversation")
    move.add_argument("message", type=int, metavar="MESSAGE")
    move.add_argument("--to", type=_target, metavar="CONVERSATION|new", required=True)
    undo = _add(commands, "undo-move", "moving:undo", "undo the last merge, split or move")
    _conversation(undo)


def _target(text: str) -> str:
    if text != "new" and not text.isdigit():
        raise argparse.ArgumentTypeError("must be the number of a conversation, or new")
    return text


def _add_promises(commands: Parsers) -> None:
    listed = _add(commands, "promises", "promises:promises", "what was promised to patients")
    listed.add_argument(
        "--state", choices=_PROMISES, default=_PROMISES[0], help="which ones (standing)"
    )
    listed.add_argument("--mine", action="store_true", help="only what I have to see to")
    listed.add_argument("--limit", type=_count, default=50, metavar="N", help="at most N (50)")
    actions = listed.add_subparsers(metavar="ACTION", required=False)
    adder = _add(actions, "add", "promises:add", "watch a promise that no message makes")
    _conversation(adder)
    adder.add_argument("--until", metavar="TIME", required=True, help="17:30, 2h, 2026-03-02T17:30")
    adder.add_argument("--kind", choices=("here", "answer"), default="here", help="what (here)")
    adder.add_argument("--owner", metavar="STAFF", default="", help="who keeps it; else you")
    closer = _add(actions, "withdraw", "promises:withdraw", "close a promise with a reason")
    closer.add_argument("promise", type=int, metavar="PROMISE", help="its number")
    closer.add_argument("--because", metavar="R", required=True, help="the reason; it is kept")


def _add_record(commands: Parsers) -> None:
    patients = _add_group(commands, "patients", "import, list, show patients")
    importer = _add(patients, "import", "importing:import_file", "take patients from CSV or JSON")
    importer.add_argument("file", metavar="FILE", help="CSV, JSON, or FHIR R4 JSON")
    importer.add_argument("--dry-run", action="store_true", help="say what it would change")
    importer.add_argument("--yes", action="store_true", help="take it without asking")
    importer.add_argument("--skip-bad", action="store_true", help="leave rows with problems out")
    importer.add_argument(
        "--overwrite", action="store_true", help="change back what staff changed since"
    )
    _add_forms(patients)
    lister = _add(patients, "list", "people:find", "patients, by name")
    lister.add_argument("text", metavar="TEXT", nargs="?", default="", help="a name or an address")
    lister.add_argument("--limit", type=_count, default=200, metavar="N", help="at most N (200)")
    show = _add(patients, "show", "people:show", "one patient")
    show.add_argument("patient", metavar="PATIENT")
    merge = _add(patients, "merge", "people:merge", "two patients here are one person")
    merge.add_argument("old", metavar="OLD", help="the id that is given up; it still finds them")
    merge.add_argument("into", metavar="INTO", choices=("into", "INTO"), help="the word into")
    merge.add_argument("patient", metavar="NEW", help="the id that stays")
    record = _add_group(commands, "record", "show, verify, export record files")
    shown = _add(record, "show", "record:show", "what a patient's record file holds")
    shown.add_argument("patient", metavar="PATIENT")
    verify = _add(record, "verify", "record:verify", "check that no line was changed or removed")
    verify.add_argument("patient", metavar="PATIENT", nargs="?", default="")
    export = _add(record, "export", "record:export", "one patient's record, to hand over")
    export.add_argument("patient", metavar="PATIENT")
    export.add_argument("--format", choices=("fhir", "text"), required=True)
    export.add_argument("--output", metavar="FILE", default="", help="else standard output")


def _add_forms(patients: Parsers) -> None:
    form = _add(patients, "form", "forms:form", "show or change a privacy form")
    form.add_argument("patient", metavar="PATIENT")
    for name, metavar, words in (
        ("--set", "ANSWER=VALUE", "an answer: voicemail=detailed, sms=declined, form_date=..."),
        ("--add-contact", "ADDRESS", "one more e-mail address or phone number"),
        ("--mark-old", "ADDRESS", "a contact point that is no longer theirs"),
        ("--mark-works", "ADDRESS", "a contact point that works after all"),
        ("--add-proxy", "WHO", "“NAME; RELATION; CONTACT; LAST DAY”, the last two optional"),
        ("--end-proxy", "NAME=DATE", "the last day of a proxy's access; empty: it goes on"),
    ):
        form.add_argument(name, metavar=metavar, action="append", default=[], help=words)
    history = _add(patients, "history", "forms:history", "what was changed, by whom")
    history.add_argument("patient", metavar="PATIENT")
    history.add_argument("--limit", type=_count, default=200, metavar="N", help="at most N (200)")
    consent = _add(patients, "consent", "forms:consent", "note what was said of an address")
    consent.add_argument("address", metavar="ADDRESS", help="e-mail address or phone number")
    consent.add_argument("--channel", choices=_CHANNELS, required=True)
    consent.add_argument("--consent", choices=_CONSENTS, required=True)
    consent.add_argument("--how", metavar="WORDS", required=True, help="like: on the phone")
    consent.add_argument("--warned-on", metavar="DATE", default="", help="when they were warned")
    consent.add_argument("--warning", metavar="V", default="", help="version of the warning")


def _conversation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("conversation", type=int, metavar="CONVERSATION", help="its number")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
