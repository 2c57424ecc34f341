"""Marked-up text as readable text, for every channel whose messages may be HTML."""
