"""Places: a city each, and somewhere in or around it."""

import math

import numpy as np

from streams.events import Location

CITIES = (
    (48.86, 2.35),
    (40.71, -74.01),
    (-33.87, 151.21),
    (35.68, 139.69),
    (-1.29, 36.82),
    (-23.55, -46.63),
    (28.61, 77.21),
    (64.15, -21.94),
)
"""Latitude and longitude of Paris, New York, Sydney, Tokyo, Nairobi, São Paulo, Delhi and Reykjavík."""
CITY_DEGREES = 0.1
"""Standard deviation of places around a city, some 11 km."""
NOISE_DEGREES = 20.0
"""What noise adds to it at its most."""


def make_place(rng: np.random.Generator, kind: int, noise: float) -> Location:
    """A place in the city `kind`."""
    lat, lon = CITIES[kind]
    spread = CITY_DEGREES + noise * NOISE_DEGREES
    north, east = rng.normal(0.0, spread, 2).tolist()
    # A degree of longitude shrinks with the latitude, so that places lie round a city and not in an oval.
    moved = lon + east / math.cos(math.radians(lat))
    return Location(
        lat=round(min(max(lat + north, -90.0), 90.0), 5), lon=round((moved + 180.0) % 360.0 - 180.0, 5)
    )
