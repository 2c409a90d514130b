import numpy as np
import pytest

from streams.generated.places import CITIES, make_place
from streams.generated.world import CLASSES, generator


def distances_km(kind: int, noise: float) -> "np.typing.NDArray[np.float64]":
    """Of 200 places to their city, on the sphere."""
    places = [make_place(generator(0, "location", index), kind, noise) for index in range(200)]
    lat, lon = np.radians(np.array([(place.lat, place.lon) for place in places]).T)
    city_lat, city_lon = np.radians(CITIES[kind])
    cosines = np.sin(lat) * np.sin(city_lat) + np.cos(lat) * np.cos(city_lat) * np.cos(lon - city_lon)
    return np.asarray(6371 * np.arccos(np.clip(cosines, -1, 1)))


def test_there_is_a_city_for_each_class() -> None:
    assert len(CITIES) == CLASSES


@pytest.mark.parametrize("kind", range(CLASSES))
def test_places_lie_around_their_city(kind: int) -> None:
    # The mean distance of a normal cloud with 11.1 km in each direction.
    assert distances_km(kind, 0.0).mean() == pytest.approx(11.1 * np.sqrt(np.pi / 2), rel=0.15)


def test_noise_scatters_places() -> None:
    assert distances_km(0, 0.0).mean() < distances_km(0, 0.1).mean() < distances_km(0, 0.5).mean()


@pytest.mark.parametrize("kind", range(CLASSES))
def test_places_are_on_earth_whatever_the_noise(kind: int) -> None:
    for index in range(200):
        place = make_place(generator(0, "location", index), kind, 1.0)
        assert -90 <= place.lat <= 90
        assert -180 <= place.lon <= 180
