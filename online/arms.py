"""Comparing variants: which users are in which arm, and how well each arm's lists do."""

from collections.abc import Mapping
from hashlib import blake2b
from math import sqrt
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.saved import as_part, part_of

DEFAULT = "default"
"""The arm of everybody where nothing is compared."""
BUCKETS = 64
"""Parts that an arm's users are split into, again by hash: what a user does is no independent trial, what the parts do
is nearly so."""
NORMAL = 1.96
_SPAN = 1 << 32


class ArmResult(msgspec.Struct):
    """How an arm's lists did since the comparison began."""

    arm: str
    sets: int
    """Sets that a standing list met."""
    hit_ratio: float
    """Share of them that the list hit."""
    half_width: float
    """Of its 95 % interval; 0 while there are too few sets."""


class Arms:
    """Splits users by hash of their ids, so that every worker agrees without a word."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        """Without shares everybody is in DEFAULT."""
        names, weights = list(shares) or [DEFAULT], list(shares.values()) or [1.0]
        self.names = names
        self._salt = blake2b("\0".join(names).encode(), digest_size=16).digest()
        """Another comparison splits users anew."""
        self._bounds = np.cumsum(weights) / np.sum(weights) * _SPAN

    def arm_of(self, user_id: str) -> str:
        """The arm that a user's lists are made by."""
        if len(self.names) == 1:
            return self.names[0]
        place = int(np.searchsorted(self._bounds, self._hash(user_id), side="right"))
        return self.names[min(place, len(self.names) - 1)]

    def bucket_of(self, user_id: str) -> int:
        """Which of BUCKETS parts a user is in, whatever the arm."""
        return crc32(user_id.encode()) % BUCKETS

    def _hash(self, text: str) -> int:
        return int.from_bytes(blake2b(text.encode(), digest_size=4, salt=self._salt).digest())


class ArmHits:
    """Counts hits by arm and bucket."""

    def __init__(self, arms: Arms) -> None:
        self._arms = arms
        self._counts: dict[str, NDArray[np.int64]] = {
            name: np.zeros((2, BUCKETS), np.int64) for name in arms.names
        }
        """By arm: [2, BUCKETS] sets, and those that were hit."""

    def score(self, user_id: str, *, is_hit: bool) -> None:
        """Counts one set of a user."""
        counts, bucket = self._counts[self._arms.arm_of(user_id)], self._arms.bucket_of(user_id)
        counts[0, bucket] += 1
        counts[1, bucket] += is_hit

    def results(self) -> list[ArmResult]:
        """Ratios with intervals: of a ratio of sums over buckets, by linearisation (Cochran, 1977, 6.3)."""
        return [_result(name, counts) for name, counts in self._counts.items()]

    def save(self) -> dict[str, np.ndarray]:
        """The counts, by name of the arm."""
        return as_part("arms/", {name: counts.copy() for name, counts in self._counts.items()})

    def load(self, saved: Mapping[str, object]) -> None:
        """Goes on from what `save` gave, if it was of these very arms; else from nothing."""
        found = part_of(saved, "arms/")
        is_same = found.keys() == self._counts.keys()
        for name, counts in self._counts.items():
            mine = found.get(name)
            counts[:] = mine if is_same and isinstance(mine, np.ndarray) else 0


def _result(name: str, counts: NDArray[np.int64]) -> ArmResult:
    sets, hits = counts
    used = sets > 0
    total, buckets = int(sets.sum()), int(used.sum())
    ratio = float(hits.sum() / total) if total else 0.0
    half_width = 0.0
    if buckets > 1:
        residuals = hits[used] - ratio * sets[used]
        deviation = sqrt(buckets / (buckets - 1) * float((residuals**2).sum())) / total
        half_width = NORMAL * deviation
    return ArmResult(name, total, ratio, half_width)
