-- Reminders: which appointment was told to whom.

CREATE TABLE reminder (
    patient_id TEXT NOT NULL REFERENCES patient (id),
    moment     TEXT NOT NULL,               -- when it begins, or its day; empty when it has none
    template   TEXT NOT NULL,               -- family of the template
    outbox_id  INTEGER NOT NULL REFERENCES outbox (id),
    told_at    INTEGER NOT NULL,
    PRIMARY KEY (patient_id, moment, template)
) STRICT, WITHOUT ROWID;
CREATE INDEX reminder_of_outbox ON reminder (outbox_id);
