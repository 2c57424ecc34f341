"""The pages that are made from the code say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import HERE, PAGES
from tui.grammar import build_parser

# Python words `--help` a little differently from version to version.
_FIXED = sorted(set(PAGES) - {"commands.md"})


@pytest.mark.parametrize("name", _FIXED)
def test_a_page_is_fresh(name: str) -> None:
    assert (HERE / name).read_text("utf-8") == PAGES[name](), "run `make docs`"


def test_every_command_is_on_its_page() -> None:
    page = (HERE / "commands.md").read_text("utf-8")
    choices = next(
        action.choices for action in build_parser()._actions if isinstance(action.choices, dict)
    )

    assert len(choices) > 20
    assert [name for name in choices if f"## twoway {name}\n" not in page] == []


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/using.md", "docs/adapters.md"]
)
def test_links_lead_somewhere(page: str) -> None:
    root = HERE.parent
    text = (root / page).read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]

    assert [link for link in links if not (Path(root / page).parent / link).exists()] == []
