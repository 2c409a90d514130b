from itertools import pairwise
from math import asin, atan2, cos, degrees, exp, hypot, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.base import BadEntryError
from encoders.location_sphere import EARTH_RADIUS_KM, SCALES_KM, SphereEncoder

ENCODER = SphereEncoder()
KNOWN = [0.990653, -0.118603, -0.504442]
DISTANCES_KM = (0.5, 2, 5, 20, 60, 200, 600, 2_000, 5_000)
LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)

Place = tuple[float, float]


def cosine(left: object, right: object) -> float:
    vectors = ENCODER.encode([left, right]).vectors
    return float(vectors[0] @ vectors[1])


def places(count: int, seed: int) -> list[Place]:
    """Uniform over the globe."""
    rng = np.random.default_rng(seed)
    return [(degrees(asin(rng.uniform(-1, 1))), float(rng.uniform(-180, 180))) for _ in range(count)]


def moved(place: Place, distance_km: float, bearing: float) -> Place:
    """Along a great circle."""
    latitude, longitude, angle = radians(place[0]), radians(place[1]), distance_km / EARTH_RADIUS_KM
    north = cos(latitude) * cos(angle) - sin(latitude) * sin(angle) * cos(bearing)
    east = sin(angle) * sin(bearing)
    up = sin(latitude) * cos(angle) + cos(latitude) * sin(angle) * cos(bearing)
    turned = degrees(longitude + atan2(east, north))
    return degrees(atan2(up, hypot(north, east))), (turned + 180.0) % 360.0 - 180.0


def expected(distance_km: float) -> float:
    chord = 2.0 * EARTH_RADIUS_KM * sin(distance_km / EARTH_RADIUS_KM / 2.0)
    return sum(exp(-(chord**2) / (2.0 * scale**2)) for scale in SCALES_KM) / len(SCALES_KM)


def mean_cosine(distance_km: float) -> float:
    found = [
        cosine(place, moved(place, distance_km, bearing))
        for bearing, place in enumerate(places(100, seed=int(distance_km * 10)))
    ]
    return float(np.mean(found))


def test_the_cosine_is_the_stated_function_of_the_distance() -> None:
    for distance_km in DISTANCES_KM:
        assert mean_cosine(distance_km) == pytest.approx(expected(distance_km), abs=0.03)


def test_on_average_farther_means_less_alike_at_every_scale() -> None:
    means = [mean_cosine(distance_km) for distance_km in DISTANCES_KM]
    assert all(near > far + 0.01 for near, far in pairwise(means))


def test_it_holds_at_single_places_too() -> None:
    for place in places(50, seed=3):
        near, city, far = (cosine(place, moved(place, km, 1.0)) for km in (1.0, 15.0, 8_000.0))
        assert near > 0.94
        assert 0.55 < city < 0.8
        assert abs(far) < 0.25


def test_the_date_line_is_no_border() -> None:
    assert cosine((52.0, 180.0), (52.0, -180.0)) > 0.999999
    assert cosine((0.0, 179.999), (0.0, -179.999)) > 0.97
    assert cosine((0.0, 179.0), (0.0, -179.0)) == pytest.approx(cosine((0.0, 10.0), (0.0, 12.0)), abs=0.15)


def test_a_pole_is_one_place_whatever_its_longitude() -> None:
    assert cosine((90.0, 0.0), (90.0, 137.0)) > 0.999999
    assert cosine((-90.0, -40.0), (-90.0, 140.0)) > 0.999999
    # A degree of longitude is 2 m here, and 111 km on the equator.
    assert cosine((89.999, 0.0), (89.999, 90.0)) > 0.99
    assert cosine((0.0, 0.0), (0.0, 90.0)) < 0.2


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_every_place_has_a_vector_of_one_length_and_symmetry(a: float, b: float, c: float, d: float) -> None:
    raw = ENCODER.embed([ENCODER.prepare((a, b)), ENCODER.prepare((c, d))])
    np.testing.assert_allclose(np.linalg.norm(raw, axis=1), np.sqrt(ENCODER.dim / 2), rtol=1e-5)
    assert cosine((a, b), (c, d)) == cosine((c, d), (a, b))


def test_a_mapping_is_the_pair() -> None:
    pair = ENCODER.encode([(48.1, 11.6)]).vectors
    np.testing.assert_array_equal(ENCODER.encode([{"lat": 48.1, "lon": 11.6, "city": "?"}]).vectors, pair)
    assert ENCODER.dim <= 384


def test_the_waves_are_the_same_everywhere() -> None:
    # Known by value: another stream of random numbers would make all stored vectors worthless.
    first = ENCODER.embed([ENCODER.prepare((48.137, 11.575))])[0, :3]
    np.testing.assert_allclose(first, KNOWN, atol=1e-5)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "expected a place, a pair .* got NoneType"),
        ("48,11", "got str"),
        ((1.0, 2.0, 3.0), "got tuple"),
        ({"lat": 1.0}, r"expected a place with lat and lon, got the keys \['lat'\]"),
        ({"lat": "1", "lon": 2.0}, "lat: expected a number of degrees, got str"),
        ((1.0, True), "lon: expected a number of degrees, got bool"),
        ((90.5, 0.0), "lat: expected degrees within -90 and 90, got 90.5"),
        ((0.0, -181), "lon: expected degrees within -180 and 180, got -181"),
        ((float("nan"), 0.0), "lat: expected degrees within -90 and 90, got nan"),
        ((0.0, float("inf")), "got inf"),
    ],
)
def test_what_is_no_place_is_refused_with_the_reason(entry: object, reason: str) -> None:
    with pytest.raises(BadEntryError, match=reason):
        ENCODER.prepare(entry)
