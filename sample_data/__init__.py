"""A synthetic practice: configuration, patients and their mail."""
