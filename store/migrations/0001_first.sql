-- Times are microseconds since 1970-01-01 UTC. Lists of addresses, ids and names are JSON arrays.

-- ---------------------------------------------------------------- what came, as it came

CREATE TABLE raw (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    line_id     TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    head_sha256 TEXT,                       -- of the header alone, when that came first
    codec       TEXT NOT NULL CHECK (codec IN ('plain', 'zlib')),
    state       TEXT NOT NULL CHECK (state IN ('new', 'filed', 'quarantined')),
    size        INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    complete    INTEGER NOT NULL,
    ours        INTEGER NOT NULL,
    message_id  INTEGER REFERENCES message (id),
    UNIQUE (line_id, sha256)
) STRICT;
-- By itself, since a change of a row writes all of the row anew.
CREATE TABLE raw_content (
    raw_id  INTEGER PRIMARY KEY REFERENCES raw (id),
    content BLOB NOT NULL                   -- as `codec` says
) STRICT;
CREATE UNIQUE INDEX raw_by_head ON raw (line_id, head_sha256) WHERE head_sha256 IS NOT NULL;
CREATE INDEX raw_to_file ON raw (line_id, received_at DESC, id DESC) WHERE state = 'new';
CREATE INDEX raw_by_message ON raw (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE location (
    line_id TEXT NOT NULL,
    folder  TEXT NOT NULL,
    epoch   TEXT NOT NULL,
    item    TEXT NOT NULL,
    raw_id  INTEGER NOT NULL REFERENCES raw (id),
    gone    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (line_id, folder, epoch, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX location_by_raw ON location (raw_id);

CREATE TABLE cursor (
    line_id TEXT NOT NULL,
    folder  TEXT NOT NULL,
    epoch   TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (line_id, folder)
) STRICT, WITHOUT ROWID;

CREATE TABLE folder_count (
    line_id     TEXT NOT NULL,
    folder      TEXT NOT NULL,
    server      INTEGER NOT NULL,
    stored      INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    PRIMARY KEY (line_id, folder)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- conversations and messages

-- From `last_message_id` on: facts that follow from the messages, written anew by store/state.py in
-- the transaction that changes a message. They are columns so that the list can be indexed.
CREATE TABLE conversation (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    merged_into       INTEGER REFERENCES conversation (id),
    patient_id        TEXT,
    assigned_to       TEXT NOT NULL DEFAULT '',
    snoozed_until     INTEGER,
    done_at           INTEGER,
    done_inbound_at   INTEGER NOT NULL DEFAULT 0,
    done_message_id   INTEGER NOT NULL DEFAULT 0,
    seen_message_id   INTEGER NOT NULL DEFAULT 0,
    suggested_merge   INTEGER,
    person            TEXT NOT NULL DEFAULT '',
    person_address    TEXT NOT NULL DEFAULT '',
    last_message_id   INTEGER NOT NULL DEFAULT 0,
    last_message_at   INTEGER NOT NULL DEFAULT 0,
    last_direction    TEXT NOT NULL DEFAULT 'inbound',
    newest_inbound_id INTEGER NOT NULL DEFAULT 0,
    waiting_since     INTEGER,
    state             TEXT NOT NULL DEFAULT 'done'
                      CHECK (state IN ('needs-reply', 'waiting', 'done')),
    undelivered       INTEGER NOT NULL DEFAULT 0,
    needs_look        INTEGER NOT NULL DEFAULT 0,
    subject           TEXT NOT NULL DEFAULT '',
    snippet           TEXT NOT NULL DEFAULT '',
    channels          TEXT NOT NULL DEFAULT '',
    line_id           TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX conversation_all ON conversation (last_message_at DESC, id DESC)
    WHERE merged_into IS NULL;
-- The last columns of these are there so that counting reads the index alone.
CREATE INDEX conversation_by_state
    ON conversation (state, last_message_at DESC, id DESC, snoozed_until, merged_into)
    WHERE merged_into IS NULL;
CREATE INDEX conversation_undelivered
    ON conversation (last_message_at DESC, id DESC, snoozed_until, merged_into, undelivered)
    WHERE merged_into IS NULL AND undelivered = 1;
CREATE INDEX conversation_unknown
    ON conversation (last_message_at DESC, id DESC, snoozed_until, merged_into, patient_id, state)
    WHERE merged_into IS NULL AND patient_id IS NULL AND state <> 'done';
CREATE INDEX conversation_snoozed
    ON conversation (last_message_at DESC, id DESC, snoozed_until, merged_into)
    WHERE merged_into IS NULL AND snoozed_until IS NOT NULL;
CREATE INDEX conversation_assigned
    ON conversation (assigned_to, last_message_at DESC, id DESC, snoozed_until)
    WHERE merged_into IS NULL AND assigned_to <> '';
CREATE INDEX conversation_assigned_state
    ON conversation (assigned_to, state, last_message_at DESC, id DESC, snoozed_until)
    WHERE merged_into IS NULL AND assigned_to <> '';
CREATE INDEX conversation_of_patient ON conversation (patient_id, last_message_at DESC, id DESC)
    WHERE merged_into IS NULL AND patient_id IS NOT NULL;
CREATE INDEX conversation_merged ON conversation (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX conversation_suggested ON conversation (suggested_merge)
    WHERE suggested_merge IS NOT NULL;

CREATE TABLE message (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid            TEXT NOT NULL UNIQUE,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    direction       TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound', 'internal')),
    channel         TEXT,
    kind            TEXT NOT NULL,
    nature          TEXT NOT NULL,
    status          TEXT NOT NULL,
    line_id         TEXT NOT NULL,
    at              INTEGER NOT NULL,
    answers_until   INTEGER,                -- outbound: what came until then is answered by it
    search_id       INTEGER NOT NULL UNIQUE,-- rowid in message_text; grows with `at`
    sent_at         INTEGER,
    sender          TEXT,
    recipients      TEXT NOT NULL DEFAULT '[]',
    cc              TEXT NOT NULL DEFAULT '[]',
    reply_to        TEXT NOT NULL DEFAULT '[]',
    rfc_id          TEXT NOT NULL DEFAULT '',
    in_reply_to     TEXT NOT NULL DEFAULT '[]',
    refs            TEXT NOT NULL DEFAULT '[]',
    thread_key      TEXT NOT NULL DEFAULT '',
    list_id         TEXT NOT NULL DEFAULT '',
    patient_id      TEXT,
    match_reason    TEXT NOT NULL DEFAULT '',
    staff_id        TEXT NOT NULL DEFAULT '',
    raw_id          INTEGER REFERENCES raw (id),
    outbox_id       INTEGER REFERENCES outbox (id),
    status_text     TEXT NOT NULL DEFAULT '',
    proof           TEXT NOT NULL DEFAULT '',
    partial         INTEGER NOT NULL DEFAULT 0,
    files           INTEGER NOT NULL DEFAULT 0,
    indexed_patient TEXT NOT NULL DEFAULT '',-- the patient's name as it stands in message_text
    subject         TEXT NOT NULL DEFAULT '',
    text            TEXT NOT NULL DEFAULT '',
    whole           TEXT                    -- NULL when it equals `text`
) STRICT;
CREATE INDEX message_by_time ON message (conversation_id, at, id);
CREATE INDEX message_by_line ON message (conversation_id, direction, line_id, at, id);
CREATE INDEX message_inbound ON message (conversation_id, id) WHERE direction = 'inbound';
CREATE INDEX message_wanting ON message (conversation_id, at, id)
    WHERE direction = 'inbound' AND nature IN ('personal', 'unreadable');
CREATE INDEX message_ours ON message (conversation_id, answers_until, id)
    WHERE direction = 'outbound' AND status NOT IN ('failed', 'cancelled');
CREATE INDEX message_undelivered ON message (conversation_id, id)
    WHERE direction = 'outbound' AND status IN ('failed', 'unknown');
CREATE INDEX message_unreadable ON message (conversation_id) WHERE nature = 'unreadable';
CREATE INDEX message_titled ON message (conversation_id, at, id) WHERE subject <> '';
CREATE INDEX message_unlinked ON message (conversation_id, at, id) WHERE patient_id IS NULL;
CREATE INDEX message_by_rfc_id ON message (rfc_id, id) WHERE rfc_id <> '';

CREATE TABLE message_address (
    message_id INTEGER NOT NULL REFERENCES message (id),
    role       TEXT NOT NULL CHECK (role IN ('from', 'to', 'cc', 'reply-to')),
    key        TEXT NOT NULL,
    PRIMARY KEY (message_id, role, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_address_by_key ON message_address (key, message_id);

CREATE TABLE message_reference (
    message_id INTEGER NOT NULL REFERENCES message (id),
    parent     TEXT NOT NULL,
    PRIMARY KEY (message_id, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_reference_by_parent ON message_reference (parent, message_id);

CREATE TABLE attachment (
    message_id INTEGER NOT NULL REFERENCES message (id),
    ordinal    INTEGER NOT NULL,
    part       TEXT NOT NULL,
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size       INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    PRIMARY KEY (message_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE merge (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kept_id     INTEGER NOT NULL REFERENCES conversation (id),
    merged_id   INTEGER NOT NULL REFERENCES conversation (id),
    at          INTEGER NOT NULL,
    message_ids TEXT NOT NULL,
    before      TEXT NOT NULL               -- what a person had set on both, JSON
) STRICT;
CREATE INDEX merge_by_kept ON merge (kept_id);

-- The text lives in `message`; this holds the words only. Quoted history is not in it.
CREATE VIRTUAL TABLE message_text USING fts5 (
    body, subject, sender, recipients, files, patient,
    content = '', prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);

-- ---------------------------------------------------------------- patients

CREATE TABLE patient (
    id      TEXT PRIMARY KEY,
    given   TEXT NOT NULL,
    family  TEXT NOT NULL,
    details TEXT NOT NULL                   -- what no query looks into, JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_by_name ON patient (family, given, id);

CREATE TABLE patient_name (
    word       TEXT NOT NULL,               -- one word of the name, folded
    patient_id TEXT NOT NULL REFERENCES patient (id),
    PRIMARY KEY (word, patient_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_name_of ON patient_name (patient_id);

CREATE TABLE proxy (
    patient_id TEXT NOT NULL REFERENCES patient (id),
    ordinal    INTEGER NOT NULL,
    name       TEXT NOT NULL,
    relation   TEXT NOT NULL,
    until      TEXT,
    PRIMARY KEY (patient_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_point (
    patient_id    TEXT NOT NULL REFERENCES patient (id),
    proxy         INTEGER NOT NULL,         -- ordinal of the proxy, -1: the patient's own
    ordinal       INTEGER NOT NULL,
    system        TEXT NOT NULL,
    value         TEXT NOT NULL,
    key           TEXT NOT NULL,
    "use"         TEXT NOT NULL,
    rank          INTEGER NOT NULL,
    health        TEXT NOT NULL,
    health_reason TEXT NOT NULL,
    PRIMARY KEY (patient_id, proxy, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_point_by_key ON contact_point (key, system);

CREATE TABLE privacy_form (
    patient_id TEXT PRIMARY KEY REFERENCES patient (id),
    form       TEXT NOT NULL                -- JSON
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- going out

CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid            TEXT NOT NULL UNIQUE,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    message_id      INTEGER NOT NULL REFERENCES message (id),
    status          TEXT NOT NULL,
    draft           TEXT NOT NULL,
    line_address    TEXT NOT NULL,
    rfc_id          TEXT NOT NULL,
    in_reply_to     TEXT NOT NULL,
    refs            TEXT NOT NULL,
    staff_id        TEXT NOT NULL,
    because         TEXT NOT NULL,
    overridden      TEXT NOT NULL,
    findings        TEXT NOT NULL,
    proof           TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    not_before      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    status_text     TEXT NOT NULL DEFAULT '',
    hint            TEXT NOT NULL DEFAULT '',
    provider_id     TEXT NOT NULL DEFAULT '',
    sent_at         INTEGER,
    automatic_retry INTEGER NOT NULL DEFAULT 0,
    holder          TEXT NOT NULL DEFAULT '',
    handing_over    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_due ON outbox (not_before, id) WHERE status = 'queued';
CREATE INDEX outbox_sending ON outbox (id) WHERE status = 'sending';
CREATE INDEX outbox_open ON outbox (id DESC)
    WHERE status IN ('queued', 'sending', 'failed', 'unknown');
CREATE INDEX outbox_unknown ON outbox (id DESC) WHERE status = 'unknown';
CREATE INDEX outbox_of_conversation ON outbox (conversation_id);

CREATE TABLE outbox_recipient (
    key        TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    outbox_id  INTEGER NOT NULL REFERENCES outbox (id),
    PRIMARY KEY (key, created_at, outbox_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_recipient_of ON outbox_recipient (outbox_id, key);

CREATE TABLE blob (
    sha256  TEXT PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE draft (
    key        TEXT NOT NULL,
    staff_id   TEXT NOT NULL,
    draft      TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (key, staff_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_of_staff ON draft (staff_id, key);

-- ---------------------------------------------------------------- lines, record, machinery

CREATE TABLE evidence (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    line_id TEXT NOT NULL,
    kind    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_newest ON evidence (line_id, kind, at DESC, id DESC);

CREATE TABLE line_health (
    line_id      TEXT PRIMARY KEY,
    state        TEXT NOT NULL,
    last_poll_at INTEGER,
    sentence     TEXT NOT NULL,
    hint         TEXT NOT NULL,
    done         INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    folders      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE record_due (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id      INTEGER NOT NULL REFERENCES message (id),
    patient_id      TEXT NOT NULL,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    because         TEXT NOT NULL DEFAULT '',
    findings        TEXT NOT NULL DEFAULT '[]',
    UNIQUE (message_id, patient_id)
) STRICT;
CREATE INDEX record_due_of_conversation ON record_due (conversation_id);

CREATE TABLE record_head (
    patient_id TEXT PRIMARY KEY,
    sequence   INTEGER NOT NULL,
    hash       TEXT NOT NULL,
    bytes      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    staff_id   TEXT NOT NULL,
    action     TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    detail     TEXT NOT NULL,
    previous   TEXT NOT NULL,
    hash       TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of_patient ON audit (patient_id, id) WHERE patient_id <> '';
CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit trail is append-only');
END;

CREATE TABLE change (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    subject_id TEXT NOT NULL
) STRICT;

CREATE TABLE lease (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    pid    INTEGER NOT NULL,
    host   TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
