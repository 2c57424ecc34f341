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
    variables={
        "quiet": "#8d97a3",
        "cursor": "#27425c",
        "cursor-away": "#262e38",
        "note-back": "#38301f",
        "block-cursor-background": "#27425c",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#262e38",
        "block-cursor-blurred-foreground": "#dfe3e8",
        "scrollbar": "#3a4552",
        "scrollbar-background": "#14181d",
    },
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
    variables={
        "quiet": "#63696f",
        "cursor": "#c5daee",
        "cursor-away": "#e6e3dc",
        "note-back": "#f6ead0",
        "block-cursor-background": "#c5daee",
        "block-cursor-foreground": "#0b0e11",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e6e3dc",
        "block-cursor-blurred-foreground": "#1c2126",
        "scrollbar": "#b9b4a8",
        "scrollbar-background": "#fbfaf7",
    },
)

THEMES = (DARK, LIGHT)

DEFAULTS = {
    "quiet": "#808890",
    "cursor": "#2f5578",
    "cursor-away": "#40484f",
    "note-back": "#50451f",
}
"""Our own names for colours, where somebody else's theme is used."""


def other(name: str) -> str:
    """The name of the theme that the theme key changes to."""
    return LIGHT.name if name != LIGHT.name else DARK.name
