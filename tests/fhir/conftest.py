"""The official definitions of R4, read once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.fhir.structure import Definitions, problems, read_definitions


@pytest.fixture
def definitions(corpora: Path) -> Definitions:
    """What the StructureDefinitions of the corpora say."""
    return _read(corpora / "fhir-r4" / "structure")


@pytest.fixture
def check(definitions: Definitions) -> Callable[[Any], list[str]]:
    """What is wrong with a resource; for properties, whose failures show every argument."""

    def problems_of(resource: Any) -> list[str]:
        return problems(resource, definitions)

    return problems_of


@cache
def _read(folder: Path) -> Definitions:
    return read_definitions(folder)
