"""The public holidays of a country, computed by the year and kept in a small file.

Loading what computes them takes the better part of a second, so that neither the first paint nor a
plain command may wait for it; a file beside the database answers from the second time on.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

FILE: Final = "holidays.json"
"""What the file is called in the data folder; it may be deleted at any time."""
_LANGUAGE: Final = "en_US"
_SEVERAL: Final = "; "
_OBSERVED: Final = " ("
"""`Independence Day (observed)` is Independence Day on another date."""


class UnknownRegion(Exception):
    """No holidays are known of this country or of this part of it."""

    def __init__(self, key: str, known: Collection[str]) -> None:
        """Blame the key `country` or `subdivision`; `known` is what could stand there."""
        super().__init__(key)
        self.key = key
        self.known = tuple(known)


@dataclass(frozen=True, slots=True)
class Region:
    """Whose holidays."""

    country: str
    subdivision: str = ""


class PublicHolidays:
    """The holidays of one region, year by year."""

    def __init__(self, region: Region) -> None:
        """Know nothing yet."""
        self.region = region
        self._years: dict[int, Mapping[date, tuple[str, ...]]] = {}
        self._file: Path | None = None
        self._lock = threading.Lock()

    def keep_in(self, folder: Path) -> None:
        """Keep what was computed in `folder`, and use what is there."""
        self._file = folder / FILE
        with self._lock:
            for year, days in _read(self._file, self._made_with()).items():
                self._years.setdefault(year, days)

    def known(self, years: Collection[int]) -> bool:
        """Whether these years need no computing."""
        return all(year in self._years for year in years)

    def on(self, day: date) -> tuple[str, ...]:
        """The names of the holidays on a day; none on most days.

        Raises:
            UnknownRegion.
        """
        if day.year not in self._years:
            self.compute((day.year,))
        return self._years[day.year].get(day, ())

    def names(self) -> frozenset[str]:
        """What the holidays of the known years are called."""
        return frozenset(
            bare_name(name)
            for days in list(self._years.values())
            for names in days.values()
            for name in names
        )

    def compute(self, years: Collection[int]) -> None:
        """Make sure that these years are known; slow when they are not.

        Raises:
            UnknownRegion.
        """
        with self._lock:
            missing = [year for year in years if year not in self._years]
            if not missing:
                return
            self._years.update(_computed(self.region, missing))
            if self._file is not None:
                # It saves a second; without it everything is as right.
                with contextlib.suppress(OSError):
                    _write(self._file, self._made_with(), self._years)

    def _made_with(self) -> str:
        """What the file depends on: the region, and the library's version, found by its folder."""
        spec = find_spec("holidays")
        package = Path(spec.origin).parent if spec and spec.origin else Path()
        version = next((found.name for found in package.parent.glob("holidays-*-info")), "")
        return f"{self.region.country}/{self.region.subdivision}/{_LANGUAGE}/{version}"


def bare_name(name: str) -> str:
    """A holiday's name without ` (observed)`."""
    return name.partition(_OBSERVED)[0]


def _computed(region: Region, years: Collection[int]) -> dict[int, Mapping[date, tuple[str, ...]]]:
    from holidays import country_holidays, list_supported_countries

    known = list_supported_countries(include_aliases=False)
    if region.country not in known:
        raise UnknownRegion("country", sorted(known))
    if region.subdivision and region.subdivision not in known[region.country]:
        raise UnknownRegion("subdivision", known[region.country])
    found: dict[int, dict[date, tuple[str, ...]]] = {year: {} for year in years}
    computed = country_holidays(
        region.country, subdiv=region.subdivision or None, years=years, language=_LANGUAGE
    )
    for day, names in computed.items():
        # What is observed a day early may fall into the year before.
        if day.year in found:
            found[day.year][day] = tuple(names.split(_SEVERAL))
    return dict(found)


def _read(path: Path, made_with: str) -> dict[int, Mapping[date, tuple[str, ...]]]:
    """What the file holds; nothing when it was made otherwise, or cannot be read."""
    import json

    try:
        kept: Any = json.loads(path.read_bytes())
        if kept["made_with"] != made_with:
            return {}
        return {
            int(year): {date.fromisoformat(day): tuple(map(str, names)) for day, names in days}
            for year, days in kept["years"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(path: Path, made_with: str, years: Mapping[int, Mapping[date, tuple[str, ...]]]) -> None:
    import json

    kept = {
        "made_with": made_with,
        "years": {
            year: [[day.isoformat(), names] for day, names in sorted(days.items())]
            for year, days in sorted(years.items())
        },
    }
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(kept, file, ensure_ascii=False)
    part.replace(path)
