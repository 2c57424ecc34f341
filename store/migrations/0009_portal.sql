-- The patient portal.

-- Of a portal message: whom it is about by the portal's own reference (JSON, as `sender`) and by
-- what others call them (JSON), which version of its resource it was read from, and of one of ours
-- the furthest that was told of it.
ALTER TABLE message ADD COLUMN about TEXT;
ALTER TABLE message ADD COLUMN identifiers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE message ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN told TEXT NOT NULL DEFAULT '';
CREATE INDEX message_by_thread ON message (thread_key, line_id, at, id)
    WHERE thread_key <> '' AND channel = 'portal';
CREATE INDEX message_threaded ON message (conversation_id, at, id)
    WHERE thread_key <> '' AND channel = 'portal';

-- What a portal says of a thread: its name, whether the patient can answer in it (NULL: it does
-- not say), and whether its header is completed (NULL: not known), each by the latest version of a
-- resource that said so. Whether it was ever seen open tells what `completed` means there.
CREATE TABLE portal_thread (
    line_id         TEXT NOT NULL,
    thread_key      TEXT NOT NULL,
    subject         TEXT NOT NULL DEFAULT '',
    subject_version TEXT NOT NULL DEFAULT '',
    can_reply       INTEGER,
    reply_version   TEXT NOT NULL DEFAULT '',
    completed       INTEGER,
    status_version  TEXT NOT NULL DEFAULT '',
    seen_open       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (line_id, thread_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_thread_open ON portal_thread (line_id) WHERE seen_open = 1;

-- What other systems call a patient: `system|value`, `Patient/12`, or its whole URL.
CREATE TABLE patient_identifier (
    key        TEXT NOT NULL,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    PRIMARY KEY (key, patient_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_identifier_of ON patient_identifier (patient_id);
INSERT INTO patient_identifier (key, patient_id)
SELECT DISTINCT s.value, p.id FROM patient AS p, json_each(p.details, '$.sources') AS s
WHERE s.type = 'text' AND s.value <> '';

-- A message of ours that somebody wants taken back: asked for, tried again at `next_at` (NULL: it is
-- done, or given up), and why it is not done yet.
CREATE TABLE retraction (
    message_id  INTEGER PRIMARY KEY REFERENCES message (id),
    line_id     TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    staff_id    TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    next_at     INTEGER,
    done_at     INTEGER,
    tries       INTEGER NOT NULL DEFAULT 0,
    trouble     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX retraction_due ON retraction (next_at, message_id) WHERE next_at IS NOT NULL;

-- A row that leaves only once another one has, and not at all when that one does not: the notice
-- that goes with a portal message.
ALTER TABLE outbox ADD COLUMN after_id INTEGER REFERENCES outbox (id);
CREATE INDEX outbox_after ON outbox (after_id) WHERE after_id IS NOT NULL;
