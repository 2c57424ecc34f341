-- Consent by address, and the history of the privacy form.

CREATE TABLE consent (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    system     TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,               -- the address as it was written
    channel    TEXT NOT NULL CHECK (channel IN ('email', 'sms', 'phone', 'portal')),
    consent    TEXT NOT NULL CHECK (consent IN ('unknown', 'implied', 'accepted', 'declined')),
    at         INTEGER NOT NULL,
    staff_id   TEXT NOT NULL,
    method     TEXT NOT NULL,
    message_id INTEGER REFERENCES message (id),
    warned_on  TEXT,
    warning    TEXT NOT NULL
) STRICT;
CREATE INDEX consent_by_address ON consent (key, system, channel, at DESC, id DESC);
-- A message that is filed again says what it said, once.
CREATE UNIQUE INDEX consent_by_message ON consent (message_id, key, channel, consent)
    WHERE message_id IS NOT NULL;
CREATE TRIGGER consent_keeps_rows BEFORE DELETE ON consent
BEGIN
    SELECT raise(ABORT, 'what was said about consent is append-only');
END;
CREATE TRIGGER consent_keeps_words BEFORE UPDATE ON consent
BEGIN
    SELECT raise(ABORT, 'what was said about consent is append-only');
END;
