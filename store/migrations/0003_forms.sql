-- Consent by address, and the history of the privacy form.

CREATE TABLE consent (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    system     TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,               -- the address as it was written
    channel    TEXT NOT NULL CHECK (channel IN ('email', 'sms', 'phone', 'portal')),
    consent    TEXT NOT NULL CHECK (consent IN ('unknown', 'implied', 'accepted', 'declined')),
    explicit   INTEGER NOT NULL,            -- declined, or accepted by then: nothing else outdoes it
    at         INTEGER NOT NULL,
    staff_id   TEXT NOT NULL,
    method     TEXT NOT NULL,
    message_id INTEGER REFERENCES message (id),
    warned_on  TEXT,
    warning    TEXT NOT NULL
) STRICT;
CREATE INDEX consent_by_address
    ON consent (key, system, channel, explicit DESC, at DESC, id DESC);
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

-- Who may be told was a list of names.
UPDATE privacy_form SET form = json_set(form, '$.may_tell', (
    SELECT json_group_array(json_object('name', value, 'relation', '', 'detail', json('true')))
    FROM json_each(form, '$.may_tell') WHERE type = 'text'))
WHERE json_type(form, '$.may_tell') = 'array' AND json_array_length(form, '$.may_tell') > 0;

-- Field by field: what of a patient, a form, a contact point or a proxy was changed, by whom.
CREATE TABLE form_change (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id TEXT NOT NULL,
    at         INTEGER NOT NULL,
    staff_id   TEXT NOT NULL,
    method     TEXT NOT NULL,
    field      TEXT NOT NULL,
    old        TEXT NOT NULL,
    new        TEXT NOT NULL
) STRICT;
CREATE INDEX form_change_of_patient ON form_change (patient_id, id DESC);
CREATE TRIGGER form_change_keeps_rows BEFORE DELETE ON form_change
BEGIN
    SELECT raise(ABORT, 'the history of a form is append-only');
END;
CREATE TRIGGER form_change_keeps_words BEFORE UPDATE ON form_change
BEGIN
    SELECT raise(ABORT, 'the history of a form is append-only');
END;
