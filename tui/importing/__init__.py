"""Taking patients from files of other programs: CSV, JSON, FHIR."""
