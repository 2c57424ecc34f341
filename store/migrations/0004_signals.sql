-- What an arrival says between its lines, and whom a shared address was said to be about.

CREATE TABLE message_signal (
    message_id      INTEGER NOT NULL REFERENCES message (id),
    rule            TEXT NOT NULL,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    system          TEXT NOT NULL,          -- with `key`: the address it came from
    key             TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('proposed', 'applied', 'dismissed', 'noted')),
    words           TEXT NOT NULL,
    at              INTEGER NOT NULL,
    staff_id        TEXT NOT NULL,
    PRIMARY KEY (message_id, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_signal_of_conversation ON message_signal (conversation_id, message_id)
    WHERE state <> 'noted';
CREATE INDEX message_signal_open ON message_signal (key, system, rule) WHERE state = 'proposed';
CREATE INDEX message_signal_urgent ON message_signal (conversation_id)
    WHERE rule = 'IN01' AND state = 'proposed';

-- When a line was read for the first time: what is older is history, and alarms nobody.
CREATE TABLE line_start (
    line_id  TEXT PRIMARY KEY,
    began_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whom a shared address was about when a person last said so.
CREATE TABLE address_choice (
    key        TEXT NOT NULL,
    system     TEXT NOT NULL,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    always     INTEGER NOT NULL,            -- link by itself what comes from there
    staff_id   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (key, system)
) STRICT, WITHOUT ROWID;

-- Both follow from message_signal, written anew by store/state.py like their neighbours.
ALTER TABLE conversation ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN signals TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_urgent ON conversation (last_message_at DESC, id DESC)
    WHERE merged_into IS NULL AND urgent = 1;
CREATE INDEX conversation_overdue
    ON conversation (waiting_since, snoozed_until, merged_into, state)
    WHERE merged_into IS NULL AND state = 'needs-reply';

-- For the patient alone, not for proxies or others at the same address.
ALTER TABLE message ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0;

-- The entry in this patient's file was a mistake: it is to be marked so there.
ALTER TABLE record_due ADD COLUMN mistaken INTEGER NOT NULL DEFAULT 0;
