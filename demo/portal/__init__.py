"""A patient portal in a box: a FHIR R4 server on this machine, and patients who write in it."""
