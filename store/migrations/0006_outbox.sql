-- The outbox: who holds a row, and what waits for its time.

-- After the handing over. An unknown outcome is looked up at the provider: how often so far, and
-- when next (NULL: not again). A copy for the provider's folder of sent messages: when it is tried
-- next (NULL: it is there, or none is wanted), and why it is not there yet.
ALTER TABLE outbox ADD COLUMN looks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN look_at INTEGER;
ALTER TABLE outbox ADD COLUMN copy_at INTEGER;
ALTER TABLE outbox ADD COLUMN copy_trouble TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_look ON outbox (look_at, id) WHERE status = 'unknown' AND look_at IS NOT NULL;
CREATE INDEX outbox_copy ON outbox (copy_at, id) WHERE copy_at IS NOT NULL;
CREATE INDEX outbox_uncopied ON outbox (id DESC) WHERE copy_trouble <> '';
UPDATE outbox SET look_at = created_at WHERE status = 'unknown';

-- When the next message of a conversation leaves; only what waits is in it.
CREATE INDEX outbox_waiting ON outbox (conversation_id, not_before)
    WHERE status = 'queued' AND automatic_retry = 0;
