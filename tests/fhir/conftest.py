"""The official definitions of R4, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.fhir.structure import Definitions, read_definitions


@pytest.fixture
def definitions(corpora: Path) -> Definitions:
    """What the StructureDefinitions of the corpora say."""
    return _read(corpora / "fhir-r4" / "structure")


@cache
def _read(folder: Path) -> Definitions:
    return read_definitions(folder)
