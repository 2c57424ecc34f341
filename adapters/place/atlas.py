"""The atlas: implements `inbox.atlas.Atlas`."""

from __future__ import annotations

from typing import Final

from adapters.place import postal_code as codes
from adapters.place.area_code import ALSO, STATE_OF
from adapters.place.state import ZONES
from inbox.quiet import Place

_UNKNOWN: Final = "Etc/Unknown"
"""What the library says of a number that belongs nowhere (CLDR)."""
_NORTH_AMERICA: Final = "+1"
_NATIONAL_DIGITS: Final = 10


class WorldAtlas:
    """Postal codes, states and numbers. phonenumbers is loaded when a number is first looked up."""

    def of_postal_code(self, postal_code: str) -> tuple[Place, ...]:
        """Every place a ZIP code or a Canadian postal code may lie in."""
        return codes.places(postal_code)

    def of_state(self, state: str) -> tuple[Place, ...]:
        """Every zone of a state or province, by two letters."""
        return tuple(Place(zone, state) for zone in ZONES.get(state, ()))

    def of_number(self, number: str) -> tuple[Place, ...]:
        """Every place a phone number (E.164) may belong to; a toll-free one to all of them."""
        code = _area_code(number)
        state = STATE_OF.get(code, "")
        zones = (*_zones(number), *ALSO.get(code, ()))
        # An area code that is newer than the library's data still says its state.
        return tuple(Place(zone, state) for zone in dict.fromkeys(zones)) or self.of_state(state)


def _area_code(number: str) -> str:
    national = number.removeprefix(_NORTH_AMERICA)
    return national[:3] if number != national and len(national) == _NATIONAL_DIGITS else ""


def _zones(number: str) -> tuple[str, ...]:
    from phonenumbers import NumberParseException, parse
    from phonenumbers.timezone import time_zones_for_number

    try:
        found = time_zones_for_number(parse(number))
    except NumberParseException:
        return ()
    return tuple(zone for zone in found if zone != _UNKNOWN)
