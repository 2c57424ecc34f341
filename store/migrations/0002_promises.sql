-- Promises: what we told a patient, who keeps it, and until when.

-- `made_at`, and from `patient_id` on: facts that follow from the messages, written anew by store/promise_state.py
-- in the transaction that changes a message of the patient.
CREATE TABLE promise (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id   INTEGER NOT NULL REFERENCES conversation (id),
    outbox_id         INTEGER REFERENCES outbox (id),   -- the message that makes it, or NULL
    owner             TEXT NOT NULL,
    kind              TEXT NOT NULL CHECK (kind IN ('here', 'answer')),
    said              TEXT NOT NULL,
    due               INTEGER NOT NULL,
    made_at           INTEGER NOT NULL,
    withdrawn_at      INTEGER,
    withdrawn_by      TEXT NOT NULL DEFAULT '',
    withdrawn_because TEXT NOT NULL DEFAULT '',
    everybodys_at     INTEGER,
    audited           TEXT NOT NULL DEFAULT '',         -- what the audit says of its end
    patient_id        TEXT,
    asked_at          INTEGER,
    answered_at       INTEGER,
    wrote_at          INTEGER,                          -- mere thanks included
    unsaid            INTEGER NOT NULL DEFAULT 0,
    stands            INTEGER NOT NULL DEFAULT 1    -- 0 settled, 1 until it is due, 2 until answered
) STRICT;
CREATE INDEX promise_standing ON promise (stands, due, id, conversation_id, owner)
    WHERE stands > 0;
CREATE INDEX promise_of_conversation ON promise (conversation_id, made_at DESC, id DESC);
CREATE INDEX promise_of_patient ON promise (patient_id, made_at DESC, id DESC)
    WHERE patient_id IS NOT NULL;
CREATE INDEX promise_open ON promise (conversation_id, stands, due) WHERE stands > 0;
CREATE INDEX promise_open_to_patient ON promise (patient_id, stands, due)
    WHERE stands > 0 AND patient_id IS NOT NULL;
CREATE INDEX promise_kept ON promise (id) WHERE answered_at IS NOT NULL AND audited <> 'kept';
CREATE INDEX promise_of_outbox ON promise (outbox_id) WHERE outbox_id IS NOT NULL;

CREATE INDEX message_sent ON message (conversation_id, at, id)
    WHERE direction = 'outbound' AND status IN ('sent', 'delivered');
CREATE INDEX message_sent_to_patient ON message (patient_id, at, id)
    WHERE direction = 'outbound' AND status IN ('sent', 'delivered') AND patient_id IS NOT NULL;
CREATE INDEX message_wanting_of_patient ON message (patient_id, at, id)
    WHERE direction = 'inbound' AND nature IN ('personal', 'unreadable')
        AND patient_id IS NOT NULL;
