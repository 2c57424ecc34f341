"""Every command of the screen, declared once.

The table feeds the key bindings, the footer, the help screen, the command palette, `twoway keys`
and the remapping of keys (`keymap`: command id -> keys). Keys are letters, F-keys and ctrl+letter,
because nothing else is sure to come through tmux, ssh and every terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding


class Place(StrEnum):
    """Where a command is legal; its value is what the help screen calls it."""

    EVERYWHERE = "Everywhere"
    MAIN = "In the inbox"
    """The list, the conversation and the composer alike (letters: while not typing)."""
    LIST = "In the list"
    CONVERSATION = "In a conversation"
    COMPOSER = "While writing"
    LINES = "On the lines screen"
    OUTBOX = "On the outbox screen"
    SEARCH = "On the search screen"
    REMINDERS = "On the reminders screen"
    FORM = "On the privacy form"
    CALL = "Before a call"
    CALL_LOG = "After a call"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can do with a key."""

    id: str
    """Stable and public: the name in the keymap, `verb-object`."""
    keys: str
    """Keys as Textual names them, separated by commas; the first one is shown."""
    title: str
    """One or two words for the footer and the palette."""
    help: str
    """One sentence for the help screen."""
    places: tuple[Place, ...]
    """Where it is legal."""
    short: str = ""
    """A shorter title for the footer, when the title is long."""


_IN, _MAIN, _LIST = Place.EVERYWHERE, Place.MAIN, Place.LIST
_CONV, _WRITE = Place.CONVERSATION, Place.COMPOSER
_BOTH = (_LIST, _CONV)
_ROWS = (Place.LINES, Place.OUTBOX, Place.FORM)

COMMANDS: tuple[Command, ...] = (
    # everywhere
    Command("help", "question_mark,f1", "Help", "Show every key.", (_IN,)),
    Command("palette", "ctrl+p", "Commands", "Find a command by its name.", (_IN,)),
    Command("hide", "f12", "Hide", "Hide everything on the screen until a key is pressed.", (_IN,)),
    Command("theme", "f10", "Light or dark", "Change between light and dark.", (_IN,)),
    Command("open-alert", "ctrl+n", "Open alert", "Open who called on a promise.", (_IN,)),
    Command("quit", "ctrl+q", "Quit", "Leave Twoway; drafts are kept.", (_IN,)),
    # the inbox
    Command(
        "search", "slash", "Search", "Find conversations by words, names, dates, states.", (_MAIN,)
    ),
    Command("write", "w", "Write new", "Write to a patient or an address.", (_MAIN,)),
    Command(
        "undo-send",
        "u",
        "Undo send",
        "Take back what was sent and has not left yet.",
        (_MAIN, Place.OUTBOX),
    ),
    Command("lines", "L", "Lines", "Show every line, its proof and its connection.", (_MAIN,)),
    Command("outbox", "o", "Outbox", "Show what has not been delivered yet.", (_MAIN,)),
    Command(
        "reminders", "R", "Reminders", "Remind patients of appointments from a list.", (_MAIN,)
    ),
    Command("patient-panel", "p", "Patient", "Show or hide the patient panel.", (_MAIN,)),
    Command(
        "privacy-form",
        "F",
        "Privacy form",
        "Show and change what the patient allowed.",
        (_MAIN,),
        short="Form",
    ),
    Command("refresh", "f5", "Refresh", "Read everything on the screen again.", (_MAIN,)),
    Command("next-tab", "right_square_bracket", "Next tab", "Go to the next list.", (_MAIN,)),
    Command(
        "previous-tab", "left_square_bracket", "Previous tab", "Go to the list before.", (_MAIN,)
    ),
    Command("show-needs-reply", "1", "Show needs reply", "List what we must answer.", (_MAIN,)),
    Command("show-waiting", "2", "Show waiting", "List what waits for the patient.", (_MAIN,)),
    Command("show-promised", "3", "Show promises", "List what we promised.", (_MAIN,)),
    Command("show-undelivered", "4", "Show not delivered", "List what did not arrive.", (_MAIN,)),
    Command("show-unknown", "5", "Show unknown", "List what is linked to no patient.", (_MAIN,)),
    Command("show-snoozed", "6", "Show snoozed", "List what is hidden for now.", (_MAIN,)),
    Command("show-all", "7", "Show all", "List everything.", (_MAIN,)),
    Command("show-done", "8", "Show done", "List what is closed.", (_MAIN,)),
    Command(
        "show-needs-a-look", "9", "Show needs a look", "List what could not be read.", (_MAIN,)
    ),
    Command(
        "mine-only", "m", "Mine only", "List only what is assigned to me, or everybody's.", (_MAIN,)
    ),
    # list and conversation
    Command("reply", "r", "Reply", "Answer the person.", _BOTH),
    Command("call", "c", "Call", "Call the person, or say how a call ended.", _BOTH),
    Command("note", "n", "Note", "Add a note that never leaves the practice.", _BOTH),
    Command("assign", "a", "Assign", "Give the conversation to somebody.", _BOTH),
    Command("snooze", "s", "Snooze", "Hide it until later, or until something arrives.", _BOTH),
    Command("done", "e", "Done", "Close the conversation.", _BOTH),
    Command("reopen", "E", "Reopen", "Open a closed or snoozed conversation again.", _BOTH),
    Command("link", "l", "Link patient", "Say which patient it is about.", _BOTH, short="Link"),
    Command(
        "accept",
        "x",
        "Accept",
        "Do what a message asks for between its lines; an emergency is looked after.",
        _BOTH,
    ),
    Command(
        "dismiss",
        "X",
        "Dismiss",
        "What a message seems to ask for between its lines is nothing.",
        _BOTH,
    ),
    Command(
        "set-aside",
        "z",
        "Set aside",
        "Say why nobody needs to look at what could not be read.",
        _BOTH,
    ),
    Command("read-again", "Z", "Read again", "Read anew what could not be read.", _BOTH),
    Command("merge", "t", "Put together", "Put this and another conversation together.", _BOTH),
    Command(
        "undo-move", "B", "Undo move", "Undo the last putting together, parting or moving.", _BOTH
    ),
    Command("promise", "P", "Promise", "Withdraw a promise, or set one by hand.", _BOTH),
    Command("next-unread", "N", "Next unread", "Open the next unread conversation.", _BOTH),
    Command("next-conversation", "J", "Next conversation", "Open the conversation below.", _BOTH),
    Command("previous-conversation", "K", "Conversation before", "Open the one above.", _BOTH),
    # list
    Command("open", "enter", "Open", "Open the conversation.", (_LIST,)),
    Command("move-down", "j,down", "Down", "Move down.", (*_BOTH, *_ROWS)),
    Command("move-up", "k,up", "Up", "Move up.", (*_BOTH, *_ROWS)),
    Command("page-down", "pagedown,space", "Page down", "Move down a page.", (*_BOTH, *_ROWS)),
    Command("page-up", "pageup", "Page up", "Move up a page.", (*_BOTH, *_ROWS)),
    Command("go-top", "g,home", "Top", "Go to the top.", (*_BOTH, *_ROWS)),
    Command("go-bottom", "G,end", "Bottom", "Go to the bottom.", (*_BOTH, *_ROWS)),
    # conversation
    Command(
        "back", "escape", "Back", "Go back.", (_CONV, _MAIN, *_ROWS, Place.SEARCH, Place.REMINDERS)
    ),
    Command("next-message", "right", "Next message", "Mark the message below.", (_CONV,)),
    Command("previous-message", "left", "Message before", "Mark the message above.", (_CONV,)),
    Command("whole-text", "q", "Whole text", "Unfold or fold quoted text and long text.", (_CONV,)),
    Command(
        "headers", "h", "Details", "Show addresses, proof and states of the message.", (_CONV,)
    ),
    Command("raw", "v", "Raw text", "Show the message exactly as it arrived.", (_CONV,)),
    Command("copy-message", "y", "Copy", "Copy the text of the marked message.", (_CONV,)),
    Command("save-attachment", "d", "Save file", "Save an attachment to a folder.", (_CONV,)),
    Command("open-attachment", "V", "Open file", "Save an attachment and open it.", (_CONV,)),
    Command(
        "link-message",
        "M",
        "About another",
        "Say that this one message is about another patient.",
        (_CONV,),
    ),
    Command(
        "retract",
        "U",
        "Retract",
        "Mark a portal message of ours that has left as a mistake.",
        (_CONV,),
    ),
    Command(
        "split",
        "S",
        "Part here",
        "Make this message and all after it a conversation of their own.",
        (_CONV,),
    ),
    Command("move-message", "T", "Move message", "Move it to another conversation.", (_CONV,)),
    Command("earlier", "b", "Earlier", "Load earlier messages.", (_CONV,)),
    Command("fetch-whole", "f", "Fetch whole", "Fetch the rest of a very large message.", (_CONV,)),
    # composer
    Command(
        "send", "f9,ctrl+s", "Send", "Send it; it can be taken back for some seconds.", (_WRITE,)
    ),
    Command("fix", "f2", "Fix", "Apply the way out of the first finding that has one.", (_WRITE,)),
    Command("other-fix", "ctrl+g", "Other ways", "Choose among all that is offered.", (_WRITE,)),
    Command(
        "choose-time",
        "ctrl+o",
        "Leaves",
        "Choose when it leaves: now, at opening, later.",
        (_WRITE,),
    ),
    Command("choose-line", "f3", "From", "Choose the line it leaves from.", (_WRITE,)),
    Command("editor", "f4", "Editor", "Write in $VISUAL or $EDITOR; nothing is sent.", (_WRITE,)),
    Command("choose-channel", "f6", "Channel", "Answer another way.", (_WRITE,)),
    Command("attach", "f7", "Attach", "Add a file, or take one off.", (_WRITE,)),
    Command(
        "template", "ctrl+d", "Template", "Put a template in; / on an empty line too.", (_WRITE,)
    ),
    Command("choose-patient", "ctrl+l", "About", "Say which patient it is about.", (_WRITE,)),
    Command("promise-by-hand", "ctrl+r", "Promise", "Set a promise, or take one off.", (_WRITE,)),
    Command("confidential", "ctrl+k", "Confidential", "For the patient alone, or not.", (_WRITE,)),
    Command(
        "plain-characters",
        "ctrl+f",
        "Plain characters",
        "Write curly quotes and long dashes of a text as plain ones.",
        (_WRITE,),
        short="Plain",
    ),
    Command(
        "take-suggestion",
        "ctrl+y",
        "Better way",
        "Go on by the channel that is suggested; words and files stay.",
        (_WRITE,),
    ),
    Command(
        "notice",
        "ctrl+e",
        "Notice",
        "Tell them by text or e-mail that something waits in the portal, or not.",
        (_WRITE,),
    ),
    Command("discard", "f8", "Discard", "Throw the draft away.", (_WRITE,)),
    Command("whole-pane", "ctrl+t", "More room", "Hide or show the conversation above.", (_WRITE,)),
    Command("keep-draft", "escape", "Keep", "Keep the draft and go back.", (_WRITE,)),
    # the privacy form
    Command("edit-answer", "enter", "Change", "Change the marked answer.", (Place.FORM,)),
    Command("save-form", "f9,ctrl+s", "Keep", "Keep what was changed.", (Place.FORM,)),
    Command("form-history", "h", "History", "Show what was changed, by whom.", (Place.FORM,)),
    # a call
    Command("dial", "d", "Dial", "Ring your phone, then theirs.", (Place.CALL,)),
    Command("call-number", "n", "Number", "Call another of their numbers.", (Place.CALL,)),
    Command("call-about", "l", "About", "Say which patient it is about.", (Place.CALL,)),
    Command("call-reached", "1", "Reached", "You talked with them.", (Place.CALL,)),
    Command("call-left-message", "2", "Left message", "You left a message.", (Place.CALL,)),
    Command("call-no-answer", "3", "No answer", "Nobody picked up.", (Place.CALL,)),
    Command("call-busy", "4", "Busy", "The line was busy.", (Place.CALL,)),
    Command("call-wrong-number", "5", "Wrong number", "It is not theirs.", (Place.CALL,)),
    Command("leave-call", "escape", "Back", "Go back; what you wrote is kept.", (Place.CALL,)),
    Command("save-call", "f9,ctrl+s", "Save", "Keep what became of the call.", (Place.CALL_LOG,)),
    Command(
        "way-direct-line",
        "f2",
        "Direct line",
        "They can call your direct line.",
        (Place.CALL_LOG,),
        short="Direct",
    ),
    Command(
        "way-here-until",
        "f3",
        "Here until",
        "You are there until a time, then you watch a line.",
        (Place.CALL_LOG,),
        short="Until",
    ),
    Command(
        "way-service",
        "f4",
        "Answering service",
        "They can leave word; the service is told.",
        (Place.CALL_LOG,),
        short="Service",
    ),
    Command(
        "way-information",
        "f5",
        "Information",
        "You left the information itself.",
        (Place.CALL_LOG,),
        short="Info",
    ),
    Command("other-outcome", "escape", "Back", "It ended another way.", (Place.CALL_LOG,)),
    # other screens
    Command("prove", "p", "Prove now", "Send a test message through the line.", (Place.LINES,)),
    Command(
        "fetch-missing",
        "f",
        "Fetch missing",
        "Compare the line with the server item by item, and fetch what is not here.",
        (Place.LINES,),
    ),
    Command("read-back", "b", "Read back", "Read older mail of the line.", (Place.LINES,)),
    Command("stop-reading", "x", "Stop", "Stop reading older mail.", (Place.LINES,)),
    Command("retry", "r", "Send again", "Send the message again.", (Place.OUTBOX,)),
    Command("next-reminder", "n,j", "Next", "Show the next reminder.", (Place.REMINDERS,)),
    Command("previous-reminder", "p,k", "Before", "Show the reminder before.", (Place.REMINDERS,)),
    Command("send-reminder", "s", "Send", "Send this reminder.", (Place.REMINDERS,)),
    Command(
        "send-all-reminders",
        "S",
        "Send all",
        "Send all that may leave; Escape stops after the current one.",
        (Place.REMINDERS,),
    ),
    Command("edit-reminder", "e", "Edit", "Change the words of this one.", (Place.REMINDERS,)),
    Command("skip-reminder", "x", "Skip", "Leave this one out.", (Place.REMINDERS,)),
    Command("save-report", "w", "Save", "Save what became of each row.", (Place.REMINDERS,)),
    Command("open-row", "enter", "Open", "Open it.", (Place.OUTBOX, Place.SEARCH)),
    Command(
        "complete-search",
        "tab",
        "Complete",
        "Go on with from: is: on: a name, a line; again: the next that fits.",
        (Place.SEARCH,),
    ),
)

FOOTER: Mapping[Place, tuple[str, ...]] = {
    Place.FORM: ("edit-answer", "save-form", "form-history", "back", "help"),
    Place.CALL: ("dial", "call-number", "call-about", "leave-call", "help"),
    Place.CALL_LOG: (
        "save-call",
        "way-direct-line",
        "way-here-until",
        "way-service",
        "way-information",
        "other-outcome",
        "help",
    ),
    _LIST: ("reply", "call", "note", "assign", "snooze", "done", "help"),
    _CONV: ("reply", "call", "note", "done", "whole-text", "back", "help"),
    _WRITE: ("send", "fix", "choose-line", "editor", "attach", "keep-draft", "help"),
    Place.LINES: (
        "prove",
        "fetch-missing",
        "read-back",
        "stop-reading",
        "back",
        "help",
    ),
    Place.OUTBOX: ("retry", "undo-send", "open-row", "back", "help"),
    Place.SEARCH: ("open-row", "complete-search", "back"),
    Place.REMINDERS: (
        "next-reminder",
        "send-reminder",
        "send-all-reminders",
        "edit-reminder",
        "skip-reminder",
        "save-report",
        "back",
    ),
}
"""What the footer shows at each place, in order; never more than seven."""

_BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

_NOT_IN_PALETTE = {
    "palette", "back", "move-down", "move-up", "page-down", "page-up", "go-top", "go-bottom",
    "next-message", "previous-message",
}  # fmt: skip

_KEY_WORDS = {
    "question_mark": "?", "slash": "/", "escape": "Esc", "enter": "Enter", "pagedown": "PgDn",
    "pageup": "PgUp", "space": "Space", "tab": "Tab",
    "up": "↑", "down": "↓", "left": "←", "right": "→",
    "home": "Home", "end": "End", "right_square_bracket": "]", "left_square_bracket": "[",
}  # fmt: skip


def command(command_id: str) -> Command:
    """The command of this id.

    Raises:
        KeyError: there is none.
    """
    return _BY_ID[command_id]


def commands_at(place: Place) -> tuple[Command, ...]:
    """The commands that are legal at one place (not those that are legal everywhere)."""
    return tuple(one for one in COMMANDS if place in one.places)


def bindings_at(place: Place, target: str = "screen", *, priority: bool = False) -> list[Binding]:
    """Key bindings of one place; each calls `command(id)` on the screen or the app.

    Args:
        place: Which commands.
        target: The namespace that has `action_command`: `screen` or `app`.
        priority: Before the keys of the widget that has the focus.
    """
    return [
        Binding(
            one.keys,
            f"{target}.command('{one.id}')",
            one.title,
            show=False,
            id=one.id,
            # An alert can be opened from a dialog too.
            priority=priority or one.id == "open-alert",
        )
        for one in commands_at(place)
    ]


def keys_of(one: Command, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of a command after remapping, as Textual names them."""
    return tuple(key.strip() for key in keymap.get(one.id, one.keys).split(",") if key.strip())


def key_words(key: str) -> str:
    """A key as it is shown: `?`, `Esc`, `F9`, `Ctrl+S`, `j`."""
    if key in _KEY_WORDS:
        return _KEY_WORDS[key]
    if key.startswith("ctrl+"):
        return "Ctrl+" + key.removeprefix("ctrl+").upper()
    return key.upper() if key[:1] == "f" and key[1:].isdigit() else key


def shown_key(one: Command, keymap: Mapping[str, str]) -> str:
    """The first key of a command, in words; empty when it was unmapped."""
    return next((key_words(key) for key in keys_of(one, keymap)), "")


def footer_at(place: Place) -> tuple[Command, ...]:
    """What the footer shows at a place."""
    return tuple(_BY_ID[one] for one in FOOTER.get(place, ("help",)))


def unknown_ids(keymap: Mapping[str, str]) -> list[str]:
    """Ids in a keymap that name no command."""
    return [one for one in keymap if one not in _BY_ID]


def command_table(
    keymap: Mapping[str, str] | None = None,
) -> list[tuple[str, str, str, str, str]]:
    """Every command as (id, keys, title, where, help), for `twoway keys` and the help screen."""
    return [
        (
            one.id,
            " ".join(key_words(key) for key in keys_of(one, keymap or {})),
            one.title,
            ", ".join(place.value for place in one.places),
            one.help,
        )
        for one in COMMANDS
    ]


def palette_commands(places: Iterable[Place]) -> list[Command]:
    """Commands that are legal at any of these places, for the palette."""
    wanted = set(places)
    return [
        one for one in COMMANDS if wanted.intersection(one.places) and one.id not in _NOT_IN_PALETTE
    ]
