"""The time zones of states, provinces and territories (49 CFR 71 for the United States).

A state that lies in two zones has both: a reader in it may be in either.
"""

from __future__ import annotations

from typing import Final

EASTERN: Final = "America/New_York"
CENTRAL: Final = "America/Chicago"
MOUNTAIN: Final = "America/Denver"
ARIZONA: Final = "America/Phoenix"
PACIFIC: Final = "America/Los_Angeles"
ALASKA: Final = "America/Anchorage"
ADAK: Final = "America/Adak"
HAWAII: Final = "Pacific/Honolulu"
NEWFOUNDLAND: Final = "America/St_Johns"
ATLANTIC: Final = "America/Halifax"
PUERTO_RICO: Final = "America/Puerto_Rico"
VIRGIN_ISLANDS: Final = "America/St_Thomas"
GUAM: Final = "Pacific/Guam"
SAMOA: Final = "Pacific/Pago_Pago"

_ONE: Final = {
    EASTERN: "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV QC",
    CENTRAL: "AR IA IL LA MN MO MS OK WI",
    MOUNTAIN: "CO MT NM UT WY",
    PACIFIC: "CA WA",
    HAWAII: "HI",
    PUERTO_RICO: "PR",
    VIRGIN_ISLANDS: "VI",
    GUAM: "GU MP",
    SAMOA: "AS",
    ATLANTIC: "NS NB PE",
    "America/Winnipeg": "MB",
    "America/Edmonton": "AB",
    "America/Whitehorse": "YT",
}
_SEVERAL: Final = {
    "AK": (ALASKA, ADAK),
    "AL": (CENTRAL, EASTERN),
    "AZ": (ARIZONA, MOUNTAIN),
    "FL": (EASTERN, CENTRAL),
    "ID": (MOUNTAIN, PACIFIC),
    "IN": (EASTERN, CENTRAL),
    "KS": (CENTRAL, MOUNTAIN),
    "KY": (EASTERN, CENTRAL),
    "MI": (EASTERN, CENTRAL),
    "ND": (CENTRAL, MOUNTAIN),
    "NE": (CENTRAL, MOUNTAIN),
    "NV": (PACIFIC, MOUNTAIN),
    "OR": (PACIFIC, MOUNTAIN),
    "SD": (CENTRAL, MOUNTAIN),
    "TN": (CENTRAL, EASTERN),
    "TX": (CENTRAL, MOUNTAIN),
    "BC": ("America/Vancouver", "America/Edmonton"),
    "NL": (NEWFOUNDLAND, ATLANTIC),
    "NT": ("America/Edmonton",),
    "NU": ("America/Iqaluit", "America/Rankin_Inlet", "America/Edmonton"),
    "ON": (EASTERN, "America/Winnipeg"),
    "SK": ("America/Regina", "America/Edmonton"),
}

ZONES: Final[dict[str, tuple[str, ...]]] = {
    **{state: (zone,) for zone, states in _ONE.items() for state in states.split()},
    **_SEVERAL,
}
"""By two letters, the zones that a person in it may live by, the usual one first."""
