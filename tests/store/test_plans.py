"""No query on the screen's path walks through a big table."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from inbox.conversation import ListState
from inbox.search.query import Is
from store import (
    call,
    call_state,
    choice,
    clock,
    completeness,
    consent,
    contact_point,
    conversation,
    delivery,
    draft,
    filing,
    form_change,
    handed_over,
    line,
    message,
    moving,
    moving_log,
    notice,
    outbox,
    pair,
    patient,
    patient_alias,
    portal,
    promise,
    promise_state,
    raw,
    raw_content,
    reminder,
    retraction,
    search_index,
    search_page,
    search_plan,
    search_words,
    signal,
    state,
)
from store.database import SqliteRepository

BIG = {"m", "c", "message", "conversation", "o", "outbox", "a", "message_address", "raw", "l"}
BIG |= {
    "message_signal",
    "promise",
    "e",
    "s",
    "address_choice",
    "consent",
    "n",
    "contact_point",
    "sent_as",
    "delivery_word",
    "mine",
    "theirs",
    "form_change",
    "patient_identifier",
    "portal_thread",
    "t",
    "retraction",
}
VALUES: dict[str, Any] = {
    **dict.fromkeys(("now", "assigned_to", "after_at", "after_id", "limit", "id", "before")),
    **dict.fromkeys(("rfc_id", "key", "staff_id", "system", "line_id", "since", "first", "end")),
    **dict.fromkeys(("candidates", "patient_id", "floor_at", "floor_id", "sha256", "overdue")),
    **dict.fromkeys(("parents", "keys", "addresses", "besides", "ids"), "[]"),
    "match": "x",
    **dict.fromkeys(("pair", "at", "provider_id")),
    **dict.fromkeys(("template", "moment", "channel")),
    **dict.fromkeys(("made_at", "conversation_id", "floor", "outbox_id", "asked_in")),
    "until": None,
    "thread_key": "",
    "nobody": "",
    "aliases": "[]",
    **dict.fromkeys(("person", "asked", "answered")),
    "folder": "INBOX",
    "epoch": "1",
    "items": "[]",
    "after": "",
    "people": "[]",
    **dict.fromkeys(("list_id", "reason", "not_in")),
    **dict.fromkeys(("window", "line", "most", "letter", "last", "overdue_else", "overdue_last")),
    **dict.fromkeys(("few", "assigned", "shown"), "[]"),
}

STATEMENTS = {
    **{
        f"page {listed} {'assigned' * assigned} {'after' * after}": conversation.page_sql(
            listed, assigned=assigned, after=after
        )
        for listed in conversation.CONDITIONS
        for assigned in (False, True)
        for after in (False, True)
    },
    "counts": conversation.COUNTS,
    "row": conversation.ROW,
    "of patient": conversation.OF_PATIENT,
    "messages": conversation.MESSAGES,
    "messages before": conversation.MESSAGES_BEFORE,
    "newest inbound": conversation.NEWEST_INBOUND,
    "message": message.BY_ID,
    "line use": state.USED_LINES,
    "unfinished calls": state.UNFINISHED,
    "calls of a heads-up": call_state.CALLS_OF,
    "told in": call.TOLD_IN,
    **{
        f"page promised {'mine' * owned} {'after' * after}": conversation.promised_sql(
            owned=owned, after=after
        )
        for owned in (False, True)
        for after in (False, True)
    },
    "promises that stand": promise.LIVE,
    "promises that ended": promise.ENDED,
    "promises of a conversation": promise.OF_CONVERSATION,
    "promises a change touches": promise_state.AFFECTED,
    "promises to a patient": promise_state.AFFECTED_OF_PATIENT,
    "patients in a conversation": promise_state.OTHERS,
    "promise written here": promise_state.WRITTEN_HERE,
    "promise written anywhere": promise_state.WRITTEN_ANYWHERE,
    "promise last before": promise_state.LAST_BEFORE,
    "promise closed": promise_state.CLOSED,
    "promise answered here": promise_state.ANSWERED_HERE,
    "promise answered anywhere": promise_state.ANSWERED_ANYWHERE,
    "first asked": clock.FIRST_ASKED,
    "answered elsewhere": clock.ANSWERED_PATIENT,
    "answered at an address": clock.ANSWERED_ADDRESS,
    "put off": clock.PUT_OFF,
    "put back": clock.PUT_BACK,
    "facts": state.FACTS,
    "waiting since": state.WAITING_SINCE,
    "relatives": filing.RELATIVES,
    "siblings": filing.SIBLINGS,
    "last moving": moving_log.LAST,
    "matched alike": moving.SIBLINGS,
    "formerly theirs": contact_point.FORMERLY,
    "present id": patient_alias.INTO,
    "former ids": patient_alias.OF,
    "on a pair before": pair.BEFORE,
    "on a pair after": pair.AFTER,
    "waiting on a patient": pair.WAITING,
    "unsettled on a pair": pair.UNSETTLED,
    "named by a provider": delivery.NAMED,
    "named elsewhere": delivery.ELSEWHERE,
    "told of a text": delivery.WORD,
    "named already": delivery.IS_NAMED,
    "text that is told of": delivery.SPOKEN_OF,
    "by address": patient.BY_ADDRESS,
    "by alias": patient.BY_ALIAS,
    "in a thread": portal.IN_THREAD,
    "named by a portal": portal.NAMED,
    "answering": portal.ANSWERING,
    "known to a portal": portal.KNOWN,
    "a thread": portal.THREAD,
    "open threads": portal.KEEPS_OPEN,
    "answered in a thread": portal.ANSWERED,
    "current thread": portal.CURRENT,
    "conversations of a thread": portal.CONVERSATIONS,
    "of nobody": portal.ORPHANS,
    "goes with": notice.WAITING,
    "to take back": retraction.DUE,
    "next due": outbox.NEXT,
    "shared": contact_point.SHARED,
    "changes of a form": form_change.OF_PATIENT,
    "consent": consent.CURRENT,
    "consent of an address": consent.HISTORY,
    "urgent": conversation.URGENT,
    "signals": signal.OF_CONVERSATION,
    "signals of the list": state.SIGNALS,
    "thanks": state.THANKS,
    "emergencies": signal.URGENT,
    "open signals": signal.OPEN_AT,
    "choice": choice.OF,
    "claim": outbox.DUE,
    "open rows": outbox.OPEN,
    "recent to": outbox.RECENT,
    "to look up": handed_over.TO_LOOK_UP,
    "to copy": handed_over.TO_COPY,
    "uncopied": handed_over.UNCOPIED,
    "drafts below": draft.BELOW,
    "told": reminder.TOLD,
    "automatic": reminder.AUTOMATIC,
    "contacted": reminder.CONTACTED,
    "search": search_plan.MATCHING,
    "search for a beginning": search_words.BEGINNING,
    "search for a letter": search_words.SECOND,
    "search further": search_plan.FARTHER,
    "search newest one": search_plan.NEWEST_ONE,
    "newest": search_plan.NEWEST,
    "newest of a line": search_plan.OF_LINE,
    "newest of a channel": search_plan.OF_CHANNEL,
    "newest with files": search_plan.WITH_FILES,
    "newest notes": search_plan.NOTES,
    "search few": search_plan.OF_FEW,
    "few promised": search_plan.FEW_PROMISED,
    "few overdue": search_plan.FEW_OVERDUE,
    "few assigned": search_plan.FEW_ASSIGNED,
    **{f"few {asked}": search_plan.few_of(asked) for asked in search_plan.INDEXES},
    **{
        f"newest conversations {asked}": search_plan.listed(
            index, f" AND ({search_plan.STATES[asked]})"
        )
        for asked, index in search_plan.INDEXES.items()
    },
    **{
        f"newest conversations besides {asked}": search_plan.listed(
            "conversation_all", f" AND (NOT ({search_plan.STATES[asked]}))"
        )
        for asked in search_plan.STATES
        if asked is not Is.NOTE
    },
    **{
        f"what matches {asked}": search_page.LOOK.format(f" AND ({condition})")
        for asked, condition in search_plan.STATES.items()
    },
    "what is shown of a match": search_page.TEXT,
    "conversations of matches": search_page.ROWS,
    "unfiled": raw.UNFILED,
    "stored of a folder": completeness.HERE,
    "named by the server": completeness.NAMED,
    "unreadable of a folder": completeness.UNREADABLE,
    "to index": search_index.IN_ORDER,
    "same bytes": raw.SAME,
    "raw bytes": raw_content.GET,
    "evidence": line.NEWEST,
}
# Reading an index in its own order up to a LIMIT is what a list is.
IN_ORDER = re.compile(
    r"SCAN \w+ USING (COVERING )?INDEX"
    r" (conversation_|outbox_(open|uncopied|sending|unknown|due)|sqlite_auto"
    r"|message_signal_urgent)"
)


async def plan(repository: SqliteRepository, statement: str) -> list[str]:
    def explain(db: sqlite3.Connection) -> list[str]:
        return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", VALUES)]

    return await repository._connections[1].run(explain)


@pytest.mark.parametrize("name", STATEMENTS)
async def test_it_reads_an_index(repository: SqliteRepository, name: str) -> None:
    steps = await plan(repository, STATEMENTS[name])
    walked = [
        step
        for step in steps
        if (found := re.match(r"SCAN (\w+)", step)) and found.group(1) in BIG
        if not IN_ORDER.match(step)
    ]
    assert not walked, steps
    if name.startswith(("page", "messages", "of patient", "newest", "claim", "unfiled")):
        assert not [step for step in steps if "TEMP B-TREE" in step], steps


@pytest.mark.parametrize("listed", list(conversation.INDEXES))
async def test_a_list_reads_its_own_index(repository: SqliteRepository, listed: ListState) -> None:
    steps = await plan(repository, conversation.page_sql(listed, assigned=False, after=False))
    assert conversation.INDEXES[listed] in steps[0]


async def test_counting_reads_nothing_but_indexes(repository: SqliteRepository) -> None:
    steps = await plan(repository, conversation.COUNTS)
    read = [step for step in steps if " c USING " in step]
    assert len(read) == 7
    assert all("COVERING INDEX" in step for step in read), read


def test_the_folder_of_migrations_is_part_of_the_package() -> None:
    assert (Path(conversation.__file__).parent / "migrations" / "0001_first.sql").is_file()
