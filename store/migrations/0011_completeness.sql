-- Completeness: when a folder was last compared item by item, and what a person looked at.

-- The epoch in which it was compared; another one means that all of it is compared anew.
ALTER TABLE folder_count ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
ALTER TABLE folder_count ADD COLUMN checked_at INTEGER;
-- Older than the day a line is read from; they stay on the server until a person asks for them.
ALTER TABLE folder_count ADD COLUMN older INTEGER NOT NULL DEFAULT 0;
CREATE INDEX raw_unreadable ON raw (line_id, id) WHERE state = 'quarantined';

-- A line is read from this day on, whatever the configuration says; empty: from the beginning.
CREATE TABLE reading_from (
    line_id TEXT PRIMARY KEY,
    day     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What could not be read, and what somebody did about it.
CREATE TABLE looked (
    message_id INTEGER PRIMARY KEY REFERENCES message (id),
    at         INTEGER NOT NULL,
    staff_id   TEXT NOT NULL,
    because    TEXT NOT NULL
) STRICT;
CREATE INDEX conversation_look
    ON conversation (last_message_at DESC, id DESC, snoozed_until, merged_into, needs_look)
    WHERE merged_into IS NULL AND needs_look = 1;
