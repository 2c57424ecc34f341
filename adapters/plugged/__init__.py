"""Channels that others have made: what stands between them and the rest of the practice's lines."""
