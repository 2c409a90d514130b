"""Items that are alike: cosine between item vectors, for items and users that no graph knows yet."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Observation, Query, Rows, best_rows, used_end
from online.statistics.lags import LagDecay, lag_weights

COLD_BELOW = 5
"""An item with fewer events than this is cold: its content is compared with every user's history."""
POOL_LIMIT = 2_048
"""Items that got a vector last; the cold ones among them are compared with everybody's history."""
COLD_LIMIT = 256
"""About so many of those become candidates, the nearest, of what somebody had and of what nobody had: the next event
is far more often about one of the first, of which there are few."""
FOUND_LIMIT = 128
"""Rows that a search over all vectors compares exactly."""
WORDS = 2
BITS = 64 * WORDS
NO_DISTANCE = BITS + 1
"""Of what is not compared."""


class Vectors(NamedTuple):
    """The arrays of content, as compiled functions take them."""

    units: Floats
    """[capacity, dim] unit length, or zero for a row without a vector."""
    codes: NDArray[np.uint64]
    """[capacity, WORDS] on which side of BITS random planes each vector lies."""
    present: NDArray[np.bool_]
    """[capacity] which rows have a vector."""
    seen: NDArray[np.int32]
    """[capacity] events of each row."""
    pool: Rows
    """[POOL_LIMIT] rows that got a vector last, -1 where unused."""
    planes: Floats
    """[BITS, dim]"""
    end: NDArray[np.int64]
    """[1] every row with a vector is below this."""


@njit(cache=True)
def count_seen(vectors: Vectors, rows: Rows) -> None:
    """Counts an event of each row."""
    for row in rows:
        vectors.seen[row] += 1


@njit(cache=True)
def profile_of(vectors: Vectors, history: Rows, weights: Floats) -> Floats:
    """The weighted mean direction of a history: [dim] of unit length, or zero if nothing in it has a vector."""
    units = vectors.units
    profile = np.zeros(units.shape[1], np.float32)
    for j in range(len(weights)):
        if history[j] >= 0:
            for d in range(len(profile)):
                profile[d] += weights[j] * units[history[j], d]
    norm = np.sqrt(np.sum(profile * profile))
    return profile / np.float32(norm) if norm > 0 else profile


@njit(cache=True, fastmath=True)
def cosine(vectors: Vectors, row: int, profile: Floats) -> float:
    """Cosine of a row's vector and a unit vector; 0 without a vector."""
    total = np.float32(0.0)
    for d in range(len(profile)):
        total += vectors.units[row, d] * profile[d]
    return float(total)


@njit(cache=True, fastmath=True)
def encode(planes: Floats, vector: Floats) -> NDArray[np.uint64]:
    """One bit for each plane; two vectors' share of different bits is about their angle / pi (Charikar 2002)."""
    code = np.zeros(WORDS, np.uint64)
    for bit in range(BITS):
        side = np.float32(0.0)
        for d in range(len(vector)):
            side += planes[bit, d] * vector[d]
        if side > 0:
            code[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
    return code


@njit(cache=True)
def encode_all(planes: Floats, units: Floats) -> NDArray[np.uint64]:
    """[n, WORDS] of [n, dim], as `encode`."""
    codes = np.empty((len(units), WORDS), np.uint64)
    for i in range(len(units)):
        codes[i] = encode(planes, units[i])
    return codes


@njit(cache=True)
def bit_count(word: np.uint64) -> int:
    """How many bits are set."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    pairs = np.uint64(0x3333333333333333)
    word = (word & pairs) + ((word >> np.uint64(2)) & pairs)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True)
def nearest(vectors: Vectors, profile: Floats, share: float, allowed: NDArray[np.bool_]) -> Rows:
    """About this share of FOUND_LIMIT allowed rows whose codes differ least from the profile's, in order of row."""
    code, end = encode(vectors.planes, profile), vectors.end[0]
    distances = np.full(end, NO_DISTANCE, np.int16)
    for row in range(end):
        if vectors.present[row] and allowed[row]:
            distances[row] = _distance(vectors, row, code)
    return _smallest(distances, math.ceil(FOUND_LIMIT * share)).astype(np.int32)


@njit(cache=True)
def nearest_cold(vectors: Vectors, profile: Floats, share: float, allowed: NDArray[np.bool_]) -> Rows:
    """Of the cold rows in the pool a share of COLD_LIMIT that had an event, and of such as had none; as `nearest`."""
    code, pool = encode(vectors.planes, profile), vectors.pool
    distances = np.full((2, len(pool)), NO_DISTANCE, np.int16)
    for place in range(len(pool)):
        row = pool[place]
        if row >= 0 and allowed[row] and vectors.seen[row] < COLD_BELOW:
            distances[int(vectors.seen[row] > 0), place] = _distance(vectors, row, code)
    limit = math.ceil(COLD_LIMIT * share)
    untouched, touched = _smallest(distances[0], limit), _smallest(distances[1], limit)
    return pool[np.concatenate((touched, untouched))]


@njit(cache=True)
def _distance(vectors: Vectors, row: int, code: NDArray[np.uint64]) -> int:
    """In how many bits the row's code is another."""
    distance = 0
    for word in range(WORDS):
        distance += bit_count(vectors.codes[row, word] ^ code[word])
    return distance


@njit(cache=True)
def _smallest(distances: NDArray[np.int16], limit: int) -> NDArray[np.int64]:
    """Places of about `limit` of the smallest: all up to some distance, or as many where the smallest are more."""
    histogram = np.zeros(NO_DISTANCE + 1, np.int64)
    for distance in distances:
        histogram[distance] += 1
    bound, within = -1, 0
    while bound < BITS and within + histogram[bound + 1] <= limit:
        bound += 1
        within += histogram[bound]
    if within == 0 and bound < BITS:
        return np.flatnonzero(distances == bound + 1)[:limit]
    return np.flatnonzero(distances <= bound)


class Content:
    """Vectors of items, and how near the items are to what a user had.

    Comparing a history with every vector would cost more than the rest of a list, so warm users' histories are
    compared with the newest cold items only, and with all items, by their codes, where no graph helps or a taste says
    what is liked.
    """

    score_lag = LagDecay(16, 0.8)

    def __init__(self, capacity: int, dim: int) -> None:
        planes = np.random.default_rng(20_231).standard_normal((BITS, dim)).astype(np.float32)
        self.vectors = Vectors(
            units=np.zeros((capacity, dim), np.float32),
            codes=np.zeros((capacity, WORDS), np.uint64),
            present=np.zeros(capacity, np.bool_),
            seen=np.zeros(capacity, np.int32),
            pool=np.full(POOL_LIMIT, -1, np.int32),
            planes=planes,
            end=np.zeros(1, np.int64),
        )
        self._next = 0
        self._pooled = np.zeros(capacity, np.bool_)
        """[capacity] Which rows are in the pool."""

    def put(self, row: int, vector: Floats) -> None:
        """Sets a row's vector; see `put_all`."""
        self.put_all(np.array([row], np.int32), vector[None])

    def put_all(self, rows: Rows, vectors: Floats) -> None:
        """Sets rows' vectors, [n, dim] of any length; a zero vector is none.

        Raises:
            ValueError: The vectors have another dimension, or are not finite; none is set then.
        """
        dim = self.vectors.units.shape[1]
        if vectors.shape != (len(rows), dim) or not np.all(np.isfinite(vectors)):
            msg = f"an item vector has to be {dim} finite numbers, got shape {vectors.shape[1:]}"
            raise ValueError(msg)
        norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        if not norms.all():
            for row in rows[norms == 0].tolist():
                self.drop(row)
            rows, vectors, norms = rows[norms > 0], vectors[norms > 0], norms[norms > 0]
        if not len(rows):
            return
        units = (vectors / norms[:, None]).astype(np.float32)
        self.vectors.units[rows] = units
        self.vectors.codes[rows] = encode_all(self.vectors.planes, units)
        self.vectors.present[rows] = True
        self.vectors.end[0] = max(self.vectors.end[0], int(rows.max()) + 1)
        self._pool(rows[(self.vectors.seen[rows] < COLD_BELOW) & ~self._pooled[rows]])

    def _pool(self, new: Rows) -> None:
        """Takes rows into the pool, in the place of those that came first."""
        if not len(new):
            return
        places = (self._next + np.arange(len(new))[-POOL_LIMIT:]) % POOL_LIMIT
        former = self.vectors.pool[places]
        self._pooled[former[former >= 0]] = False
        self.vectors.pool[places] = new[-POOL_LIMIT:]
        self._pooled[new[-POOL_LIMIT:]] = True
        self._next += len(new)

    def drop(self, row: int) -> None:
        """Removes a row's vector."""
        self.vectors.units[row] = 0
        self.vectors.present[row] = False
        if self._pooled[row]:
            self.vectors.pool[self.vectors.pool == row] = -1
            self._pooled[row] = False

    def fold(self, observed: Observation) -> None:
        """Counts the events of each row, which is what makes it warm."""
        count_seen(self.vectors, observed.rows)

    def candidates(self, query: Query, limit: int) -> Rows:
        """Rows whose vectors are near the history's."""
        profile = self._profile(query)
        if not profile.any():
            return np.zeros(0, np.int32)
        rows = nearest(self.vectors, profile, 1.0, self.vectors.present)
        return best_rows(rows, self.vectors.units[rows] @ profile, limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """Cosine of each row and the history's mean direction, at least 0."""
        near: Floats = self.vectors.units[rows] @ self._profile(query)
        return np.maximum(near, np.float32(0))

    def _profile(self, query: Query) -> Floats:
        weights = lag_weights(query.history_s, self.score_lag)
        found: Floats = profile_of(self.vectors, query.history, weights)
        return found

    def forget(self, rows: Rows) -> None:
        """Drops the rows' vectors and counts."""
        self.vectors.units[rows] = 0
        self.vectors.present[rows] = False
        self.vectors.seen[rows] = 0
        self.vectors.pool[np.isin(self.vectors.pool, rows)] = -1
        self._pooled[rows] = False

    def save(self) -> dict[str, np.ndarray]:
        """Vectors with their codes, counts and the pool."""
        end = self.vectors.end[0]
        seen_end = used_end(self.vectors.seen)
        return {
            "units": self.vectors.units[:end].copy(),
            "present": self.vectors.present[:end].copy(),
            "codes": self.vectors.codes[:end].copy(),
            "seen": self.vectors.seen[:seen_end].copy(),
            "pool": self.vectors.pool.copy(),
            "next": np.array(self._next),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        end = self.vectors.end[0] = len(saved["units"])
        self.vectors.present[:] = False
        self.vectors.seen[:] = 0
        for name in ("units", "present", "codes"):
            getattr(self.vectors, name)[:end] = saved[name]
        self.vectors.seen[: len(saved["seen"])] = saved["seen"]
        pool = saved["pool"][:POOL_LIMIT]  # shorter in earlier versions' snapshots
        self.vectors.pool[:] = -1
        self.vectors.pool[: len(pool)] = pool
        self._pooled[:] = False
        self._pooled[pool[pool >= 0]] = True
        self._next = int(saved["next"])
