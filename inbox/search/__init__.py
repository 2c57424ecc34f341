"""Searching: what a person types, read into conditions; dates, and what may be typed next."""
