"""What the tests of bad input share."""

from __future__ import annotations

ADDRESS = "frontdesk@lakeside.example"
"""The practice's address."""
