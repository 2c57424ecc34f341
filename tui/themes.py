"""Two themes of our own, light and dark; what matters is said in words, colour only helps."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="twoway-dark",
    primary="#7fb4e6",
    secondary="#9ec5a8",
    accent="#e8c07d",
    warning="#e8b45a",
    error="#f08a80",
    success="#8fcf9b",
    foreground="#dfe3e8",
    background="#14181d",
    surface="#1a1f26",
    panel="#232a33",
    dark=True,
    variables={"footer-key-foreground": "#e8c07d"},
)

LIGHT = Theme(
    name="twoway-light",
    primary="#1f5f99",
    secondary="#2f6b44",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#a8261c",
    success="#1e6b35",
    foreground="#1c2126",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e6e3dc",
    dark=False,
    variables={"footer-key-foreground": "#8a5a00"},
)

THEMES = (DARK, LIGHT)


def other(name: str) -> str:
    """The name of the theme that the theme key changes to."""
    return LIGHT.name if name != LIGHT.name else DARK.name
