"""The disk: SQLite, full-text search and the record file."""
