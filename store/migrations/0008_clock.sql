-- One waiting clock for each person, however many conversations they wait in.

-- Who waits: the patient, else the address that nobody knows, else this conversation alone.
ALTER TABLE conversation ADD COLUMN person_key TEXT NOT NULL GENERATED ALWAYS AS (
    CASE WHEN patient_id IS NOT NULL THEN 'p ' || patient_id
        WHEN person_address <> '' THEN 'a ' || lower(person_address)
        ELSE 'c ' || id END) VIRTUAL;
-- The oldest message of this conversation that waits for an answer. `waiting_since` is the same
-- moment, or a later one at which they were answered elsewhere; store/clock.py writes it.
ALTER TABLE conversation ADD COLUMN asked_since INTEGER;
UPDATE conversation SET asked_since = waiting_since WHERE waiting_since IS NOT NULL;

CREATE INDEX conversation_asking ON conversation (person_key, asked_since, waiting_since)
    WHERE merged_into IS NULL AND state = 'needs-reply';
CREATE INDEX conversation_put_off ON conversation (person_key) WHERE waiting_since > asked_since;
DROP INDEX conversation_overdue;
CREATE INDEX conversation_overdue
    ON conversation (waiting_since, snoozed_until, merged_into, state, patient_id, person_address)
    WHERE merged_into IS NULL AND state = 'needs-reply';
