-- What was put together, parted or moved, what a person parted, and patients that became one.

CREATE TABLE moving (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL CHECK (kind IN ('merge', 'split', 'move', 'link')),
    from_id   INTEGER NOT NULL REFERENCES conversation (id),
    to_id     INTEGER NOT NULL REFERENCES conversation (id),
    at        INTEGER NOT NULL,
    staff_id  TEXT NOT NULL,                -- empty: an arrival named both
    moved     TEXT NOT NULL,                -- ids of messages, JSON
    before    TEXT NOT NULL,                -- what is needed to undo it, JSON
    undone_at INTEGER
) STRICT;
CREATE INDEX moving_from ON moving (from_id, id DESC) WHERE undone_at IS NULL;
CREATE INDEX moving_to ON moving (to_id, id DESC) WHERE undone_at IS NULL;
INSERT INTO moving (kind, from_id, to_id, at, staff_id, moved, before)
SELECT 'merge', merged_id, kept_id, at, '', message_ids, json_object('sides', json(before))
FROM merge ORDER BY id;
DROP TABLE merge;

-- Both ways round. No arrival puts these together again.
CREATE TABLE parted (
    one   INTEGER NOT NULL REFERENCES conversation (id),
    other INTEGER NOT NULL REFERENCES conversation (id),
    PRIMARY KEY (one, other)
) STRICT, WITHOUT ROWID;

-- The other system calls both by the same name now; the old record file stays as it is.
CREATE TABLE patient_alias (
    old_id   TEXT PRIMARY KEY,
    into_id  TEXT NOT NULL REFERENCES patient (id),
    at       INTEGER NOT NULL,
    staff_id TEXT NOT NULL,
    was      TEXT NOT NULL                  -- the patient as they were, JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_alias_into ON patient_alias (into_id);

-- Messages about one patient: those of somebody that became another follow.
CREATE INDEX message_about ON message (patient_id, id) WHERE patient_id IS NOT NULL;
