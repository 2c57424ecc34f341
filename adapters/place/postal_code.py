"""Postal codes: the first three digits of a ZIP code, the first letter of a Canadian one.

The table was drawn up by hand and has not been compared with the Postal Service's own list (USPS
labeling list L002); a prefix that is missing only means that the number is asked instead. Where a
state lies in two time zones, a prefix that lies wholly in one of them says so; at the border of the
zones it has both.
"""

from __future__ import annotations

import re
from typing import Final

from adapters.place.state import (
    ARIZONA,
    CENTRAL,
    EASTERN,
    MOUNTAIN,
    PACIFIC,
    ZONES,
)
from inbox.quiet import Place

_PREFIXES: Final = {
    "AK": "995-999", "AL": "350-352 354-369", "AR": "716-729",
    "AZ": "850-853 855-857 859-860 863-865",
    "CA": "900-908 910-928 930-961", "CO": "800-816", "CT": "060-069", "DC": "200 202-205 569",
    "DE": "197-199", "FL": "320-339 341-342 344 346-347 349", "GA": "300-319 398-399",
    "GU": "969", "HI": "967-968", "IA": "500-516 520-528", "ID": "832-838",
    "IL": "600-620 622-629", "IN": "460-479", "KS": "660-662 664-679", "KY": "400-418 420-427",
    "LA": "700-701 703-708 710-714", "MA": "010-027 055", "MD": "206-212 214-219",
    "ME": "039-049", "MI": "480-499", "MN": "550-551 553-567", "MO": "630-631 633-641 644-658",
    "MS": "386-397", "MT": "590-599", "NC": "270-289", "ND": "580-588", "NE": "680-681 683-693",
    "NH": "030-038", "NJ": "070-089", "NM": "870-871 873-875 877-884",
    "NV": "889-891 893-895 897-898",
    "NY": "005 100-149", "OH": "430-459", "OK": "730-731 734-741 743-749", "OR": "970-979",
    "PA": "150-196", "PR": "006-007 009", "RI": "028-029", "SC": "290-299", "SD": "570-577",
    "TN": "370-385", "TX": "733 750-770 772-799 885", "UT": "840-847", "VA": "201 220-246",
    "VI": "008", "VT": "050-054 056-059", "WA": "980-986 988-994", "WI": "530-532 534-535 537-549",
    "WV": "247-268", "WY": "820-831",
}  # fmt: skip
_ONLY: Final = {
    "06390": "NY",  # Fishers Island
    "96799": "AS",
}
"""ZIP codes that lie in another state than their neighbours."""
_Zones = tuple[str, ...]
_ZONES: Final[dict[str, tuple[_Zones, dict[str, _Zones]]]] = {
    # The usual zone of a state whose other zone is only at its edge.
    "AL": ((CENTRAL,), {"368": (CENTRAL, EASTERN)}),
    "AZ": ((ARIZONA,), {"860": (ARIZONA, MOUNTAIN), "865": (ARIZONA, MOUNTAIN)}),
    "FL": ((EASTERN,), {"324": (CENTRAL, EASTERN), "325": (CENTRAL,)}),
    "ID": ((MOUNTAIN,), {"835": (MOUNTAIN, PACIFIC), "838": (PACIFIC,)}),
    "IN": (
        (EASTERN,),
        {
            "463": (CENTRAL,), "464": (CENTRAL,), "465": (EASTERN, CENTRAL),
            "475": (EASTERN, CENTRAL), "476": (CENTRAL,), "477": (CENTRAL,),
            "479": (EASTERN, CENTRAL),
        },
    ),
    "KS": ((CENTRAL,), {"677": (CENTRAL, MOUNTAIN), "678": (CENTRAL, MOUNTAIN)}),
    "KY": (
        (EASTERN,),
        {
            "401": (EASTERN, CENTRAL), "420": (CENTRAL,), "421": (CENTRAL,), "422": (CENTRAL,),
            "423": (CENTRAL,), "424": (CENTRAL,), "425": (EASTERN, CENTRAL),
            "426": (EASTERN, CENTRAL), "427": (EASTERN, CENTRAL),
        },
    ),
    "MI": ((EASTERN,), {"498": (EASTERN, CENTRAL), "499": (EASTERN, CENTRAL)}),
    "ND": (
        (CENTRAL,),
        {
            "585": (CENTRAL, MOUNTAIN), "586": (MOUNTAIN, CENTRAL), "588": (CENTRAL, MOUNTAIN),
        },
    ),
    "NE": (
        (CENTRAL,),
        {
            "690": (CENTRAL, MOUNTAIN), "691": (CENTRAL, MOUNTAIN), "692": (CENTRAL, MOUNTAIN),
            "693": (MOUNTAIN,),
        },
    ),
    "NV": ((PACIFIC,), {"898": (PACIFIC, MOUNTAIN)}),
    "OR": ((PACIFIC,), {"979": (PACIFIC, MOUNTAIN)}),
    "SD": (
        (CENTRAL,),
        {
            "575": (CENTRAL, MOUNTAIN), "576": (CENTRAL, MOUNTAIN), "577": (MOUNTAIN,),
        },
    ),
    "TN": (
        (CENTRAL,),
        {
            "373": (EASTERN, CENTRAL), "374": (EASTERN,), "376": (EASTERN,), "377": (EASTERN,),
            "378": (EASTERN,), "379": (EASTERN,),
        },
    ),
    "TX": ((CENTRAL,), {"798": (MOUNTAIN, CENTRAL), "799": (MOUNTAIN,), "885": (MOUNTAIN,)}),
}  # fmt: skip
_PROVINCES: Final = {
    "A": ("NL",), "B": ("NS",), "C": ("PE",), "E": ("NB",), "G": ("QC",), "H": ("QC",),
    "J": ("QC",), "K": ("ON",), "L": ("ON",), "M": ("ON",), "N": ("ON",), "P": ("ON",),
    "R": ("MB",), "S": ("SK",), "T": ("AB",), "V": ("BC",), "X": ("NT", "NU"), "Y": ("YT",),
}  # fmt: skip
_ZIP: Final = re.compile(r"^(\d{5})(?:-?\d{4})?$")
_CANADIAN: Final = re.compile(r"^([A-Z])\d[A-Z]\s?\d[A-Z]\d$")


def places(postal_code: str) -> tuple[Place, ...]:
    """Every place a postal code may lie in; none when it is not one that is known."""
    code = postal_code.strip().upper()
    zip_code = _ZIP.match(code)
    if zip_code is not None:
        return _of_zip(zip_code.group(1))
    canadian = _CANADIAN.match(code)
    if canadian is None:
        return ()
    provinces = _PROVINCES.get(canadian.group(1), ())
    return tuple(Place(zone, province) for province in provinces for zone in ZONES[province])


def _of_zip(code: str) -> tuple[Place, ...]:
    state = _ONLY.get(code) or _STATE_OF.get(code[:3])
    if state is None:
        return ()
    usual, others = _ZONES.get(state, (ZONES[state], {}))
    return tuple(Place(zone, state) for zone in others.get(code[:3], usual))


def _states() -> dict[str, str]:
    found = {}
    for state, ranges in _PREFIXES.items():
        for part in ranges.split():
            first, _, last = part.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found[f"{number:03}"] = state
    return found


_STATE_OF: Final = _states()
