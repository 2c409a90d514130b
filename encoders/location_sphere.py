"""Places to vectors by random waves on the globe: no weights, right at the poles and at the date line."""

from collections.abc import Mapping, Sequence
from math import cos, radians, sin
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder, fingerprint
from encoders.gaussian import gaussian
from encoders.modalities import Modality

EARTH_RADIUS_KM = 6371.0
SCALES_KM = (2.0, 20.0, 200.0, 2_000.0)
"""A neighbourhood, a city, a region, a continent: the distance at which a scale's part of the cosine has fallen
to exp(-1/2) = .61, and to .14 at twice that."""
WAVES = 48
"""Random waves per scale; a cosine is met to about 1 / sqrt(2 WAVES) per scale, half that over all four."""
DIM = 2 * WAVES * len(SCALES_KM)
SEED = 23
RECIPE = f"sphere1 scales={SCALES_KM} waves={WAVES} seed={SEED}"

Point = tuple[float, float, float]


class SphereEncoder(Encoder[Point]):
    """Random Fourier features (Rahimi and Recht, 2007) of the point on the unit sphere, at four scales.

    The cosine of two places estimates the mean over the scales s of exp(-c^2 / (2 s^2)), where c is the chord
    between them: a sum of Gaussians of the distance alone, wherever on the globe. That places meet as points
    in space and at several scales follows Mai et al. (2023), "Sphere2Vec".
    """

    name = "sphere"
    modality: ClassVar[Modality] = "location"
    dim = DIM

    def __init__(self, device: str = "cpu") -> None:
        """Makes the encoder; it runs on the CPU whatever `device` says."""
        self.version = fingerprint(RECIPE)
        scales = np.repeat(SCALES_KM, WAVES) / EARTH_RADIUS_KM
        # [3, waves of all scales], in radians per unit of the sphere's radius.
        self._frequencies = gaussian(3, len(scales), SEED) / scales

    def prepare(self, entry: object) -> Point:
        """The point on the unit sphere of {"lat": ..., "lon": ...} or of a pair (lat, lon), in degrees.

        Raises:
            BadEntryError: It is neither, or not a latitude within -90..90 and a longitude within -180..180.
        """
        latitude, longitude = (radians(degrees) for degrees in _degrees(entry))
        return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)

    def embed(self, prepared: Sequence[Point]) -> NDArray[np.float32]:
        """[n, DIM], each row of the same length: cosines of all waves, then sines."""
        phases = np.array(prepared, np.float64) @ self._frequencies
        return np.concatenate([np.cos(phases), np.sin(phases)], axis=1).astype(np.float32)


def _degrees(entry: object) -> tuple[float, float]:
    if isinstance(entry, Mapping):
        if not {"lat", "lon"} <= set(entry):
            message = f"expected a place with lat and lon, got the keys {sorted(map(str, entry))[:8]}"
            raise BadEntryError(message)
        pair: Sequence[object] = (entry["lat"], entry["lon"])
    elif isinstance(entry, list | tuple) and len(entry) == 2:
        pair = entry
    else:
        message = f"expected a place, a pair (lat, lon) or both by name, got {type(entry).__name__}"
        raise BadEntryError(message)
    return _angle("lat", pair[0], 90.0), _angle("lon", pair[1], 180.0)


def _angle(name: str, value: object, limit: float) -> float:
    # A bool is an int, but nobody means a latitude by it.
    if not isinstance(value, int | float) or type(value) is bool:
        message = f"{name}: expected a number of degrees, got {type(value).__name__}"
        raise BadEntryError(message)
    # Neither NaN nor an infinity is within them.
    if not -limit <= value <= limit:
        message = f"{name}: expected degrees within {-limit:g} and {limit:g}, got {value!r}"
        raise BadEntryError(message)
    return float(value)
