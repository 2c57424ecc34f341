"""The patient portal over FHIR R4: reading, sending, and the pure functions between."""
