"""Where Twoway finds its configuration and keeps its data on this machine."""

from __future__ import annotations

import os
from pathlib import Path

CONFIGURATION_NAME = "practice.toml"
"""What the configuration is called in its folder."""


def configuration_file(given: str = "") -> Path:
    """The configuration: `given`, else `$TWOWAY_CONFIG`, else the platform's configuration folder.

    A folder stands for the `practice.toml` in it. Nothing is created, and it need not exist.
    """
    named = given or os.environ.get("TWOWAY_CONFIG", "")
    if not named:
        from platformdirs import user_config_path

        return user_config_path("twoway", appauthor=False) / CONFIGURATION_NAME
    path = Path(named).expanduser()
    return path / CONFIGURATION_NAME if path.is_dir() else path


def data_folder(given: str = "") -> Path:
    """The data folder: `given`, else `$TWOWAY_DATA`, else the platform's data folder."""
    named = given or os.environ.get("TWOWAY_DATA", "")
    if not named:
        from platformdirs import user_data_path

        return user_data_path("twoway", appauthor=False)
    return Path(named).expanduser()
