"""Where this machine is: a guess at the time zone."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from zoneinfo import available_timezones


def guess_zone() -> str:
    """The machine's time zone by its IANA name, or empty when it cannot be told."""
    zones = available_timezones()
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    with contextlib.suppress(OSError, UnicodeDecodeError):
        candidates.append(Path("/etc/timezone").read_text(encoding="utf-8").strip())
    with contextlib.suppress(OSError):
        candidates.append(str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2])
    named = [name for name in candidates if name in zones]
    return next((name for name in named if "/" in name and not name.startswith("Etc/")), "")


def guess_country(zone: str) -> str:
    """The country of a time zone, by the system's own table; `US` when it is not told."""
    for table in ("/usr/share/zoneinfo/zone.tab", "/usr/share/zoneinfo/zone1970.tab"):
        try:
            lines = Path(table).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            cells = line.split("\t")
            if not line.startswith("#") and len(cells) >= 3 and cells[2] == zone:
                return cells[0].split(",")[0]
    return "US"
