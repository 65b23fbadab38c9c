"""How far it is, as the crow flies."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS = 6_371_000
"""Metres."""


@dataclass(frozen=True)
class Coordinates:
    """Degrees, north and east positive."""

    latitude: float
    longitude: float


def metres(one: Coordinates, other: Coordinates) -> float:
    """The great-circle distance, by the haversine formula."""
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    chord = sin(north / 2) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    # Rounding may carry the square of half the chord a little over 1 between opposite places.
    return 2 * EARTH_RADIUS * asin(sqrt(min(1.0, chord)))
