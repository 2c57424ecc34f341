-- Texts and calls.

-- Of a call: how it ended (empty: not a call, or not over), and how long it lasted.
ALTER TABLE message ADD COLUMN ending TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN seconds INTEGER NOT NULL DEFAULT 0;

-- The pair of numbers that texts and calls are threaded by.
CREATE INDEX message_by_pair ON message (thread_key, at, id)
    WHERE thread_key <> '' AND channel IN ('sms', 'phone');
UPDATE message SET thread_key = (
    SELECT group_concat(key, ' ') FROM (
        SELECT DISTINCT a.key FROM message_address AS a
        WHERE a.message_id = message.id AND a.role IN ('from', 'to') ORDER BY a.key))
WHERE channel IN ('sms', 'phone') AND outbox_id IS NOT NULL;
CREATE INDEX conversation_waiting_on_patient ON conversation (patient_id, id)
    WHERE state = 'waiting' AND merged_into IS NULL AND patient_id IS NOT NULL;

-- Every name a provider gave to a text or call of ours; a second attempt gets a second one.
CREATE TABLE sent_as (
    provider_id TEXT PRIMARY KEY,
    outbox_id   INTEGER NOT NULL REFERENCES outbox (id),
    attempt     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_as_of_outbox ON sent_as (outbox_id);

-- The furthest that a provider has told of a text of ours; it may come before the text itself.
CREATE TABLE delivery_word (
    provider_id TEXT PRIMARY KEY,
    rank        INTEGER NOT NULL,
    action      TEXT NOT NULL,
    diagnostic  TEXT NOT NULL,
    hint        TEXT NOT NULL,
    effect      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- It was tried once more after their phone was out of reach.
ALTER TABLE outbox ADD COLUMN tried_later INTEGER NOT NULL DEFAULT 0;

-- The row of a call of ours names the heads-up to the answering service that goes with it. The call
-- is finished when that has left; whether it has is asked of its own row.
ALTER TABLE outbox ADD COLUMN heads_up_id INTEGER REFERENCES outbox (id);
CREATE INDEX outbox_heads_up ON outbox (heads_up_id) WHERE heads_up_id IS NOT NULL;
CREATE INDEX outbox_told ON outbox (conversation_id) WHERE heads_up_id IS NOT NULL;
-- Calls that rang, and of which nobody said yet how they ended.
CREATE INDEX outbox_unlogged ON outbox (conversation_id)
    WHERE json_extract(draft, '$.channel') = 'phone'
        AND json_extract(draft, '$.call.outcome') IS NULL
        AND status IN ('sent', 'delivered', 'unknown');
