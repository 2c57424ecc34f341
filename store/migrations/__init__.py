"""Numbered changes to the schema, each a file of SQL that is applied in one transaction."""
