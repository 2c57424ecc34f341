"""Adapters that others have made: the one of the documentation, and ones that misbehave."""
