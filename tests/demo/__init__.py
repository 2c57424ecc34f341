"""Tests of the outside world in a box, with clients nobody on the project wrote."""

from __future__ import annotations

import pytest

# However `fixtures` is first imported, by a conftest or as a plugin, the other way stays open.
pytest.register_assert_rewrite("tests.demo.fixtures")
