"""Which items a request is about: those of a category, with all of some tags, up to a price, near a place, or new."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from online.item import Item

EARTH_KM = 6_371.0088
"""The mean radius; with it great circles are within .6 % of distances on the ellipsoid."""


class Near(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A circle on Earth."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    """Degrees, as `lon`."""
    lon: Annotated[float, Meta(ge=-180, le=180)]
    km: Annotated[float, Meta(gt=0)]
    """Its radius, along the surface."""

    def holds(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """[n] which places, of [n, 2] degrees, are in it, by the haversine formula; what is not a number is not."""
        lat, lon = np.radians(places).T
        centre_lat, centre_lon = np.radians((self.lat, self.lon))
        half = np.sin((lat - centre_lat) / 2) ** 2
        half += np.cos(lat) * np.cos(centre_lat) * np.sin((lon - centre_lon) / 2) ** 2
        held: NDArray[np.bool_] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0))) <= self.km
        return held


class ItemFilter(msgspec.Struct, frozen=True):
    """What an item must be; what is None or empty asks for nothing. No price or place fits no limit."""

    category: str | None = None
    tags: tuple[str, ...] = ()
    max_price: float | None = None
    near: Near | None = None
    is_new: bool = False
    """What hardly anybody had yet; the statistics know, not the item's document."""


class Attributes:
    """What items are filtered by, by row of the catalogue: exact, whatever the number of categories and tags."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._categories: dict[str, set[int]] = {}
        self._tags: dict[str, set[int]] = {}
        self._prices = np.full(capacity, np.nan)
        self._places = np.full((capacity, 2), np.nan)

    def put(self, row: int, item: Item) -> None:
        """Notes an item's document; what was noted of the row has to be dropped before."""
        for sets, label in self._labels(item):
            sets.setdefault(label, set()).add(row)
        self._prices[row] = np.nan if item.price is None else item.price
        self._places[row] = np.nan if item.location is None else item.location

    def drop(self, row: int, item: Item) -> None:
        """Forgets the document that was noted of a row."""
        for sets, label in self._labels(item):
            if label in sets:
                sets[label].discard(row)
                if not sets[label]:
                    del sets[label]
        self._prices[row] = self._places[row] = np.nan

    def matching(self, wanted: ItemFilter) -> NDArray[np.bool_]:
        """[capacity] which rows' documents are as wanted, new or not."""
        mask = np.ones(self._capacity, np.bool_)
        if wanted.category is not None:
            mask &= self._mask(self._categories.get(wanted.category, set()))
        for tag in wanted.tags:
            mask &= self._mask(self._tags.get(tag, set()))
        if wanted.max_price is not None:
            mask &= self._prices <= wanted.max_price
        if wanted.near is not None:
            rows = np.flatnonzero(mask)
            mask[rows] = wanted.near.holds(self._places[rows])
        return mask

    def _labels(self, item: Item) -> Iterator[tuple[dict[str, set[int]], str]]:
        if item.category:
            yield self._categories, item.category
        yield from ((self._tags, tag) for tag in item.tags)

    def _mask(self, rows: set[int]) -> NDArray[np.bool_]:
        mask = np.zeros(self._capacity, np.bool_)
        mask[np.fromiter(rows, np.int64, len(rows))] = True
        return mask
