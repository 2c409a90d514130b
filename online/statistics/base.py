"""The contract of streaming statistics: pure folds over sets of examples, in bounded memory."""

from typing import NamedTuple, Protocol

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.int32]
Floats = NDArray[np.float32]
NO_ROWS: Rows = np.zeros(0, np.int32)


class Observation(NamedTuple):
    """One set as statistics see it. Item ids are rows of the catalogue."""

    rows: Rows
    """[m] the set's distinct items, in the order in which they came, which means nothing."""
    weights: Floats
    """[m] how much each action says."""
    is_repeat: NDArray[np.bool_]
    """[m] whether the user had the item in an earlier set."""
    gap_s: Floats
    """[m] time since the user had the item last; 0 where it is new."""
    ratings: Floats
    """[m] what the user rated the item with; not a number where no rating was given."""
    history: Rows
    """[h] what the user had before the set, the most recent first; a negative row is skipped."""
    history_s: NDArray[np.int64]
    """[h] when, seconds since the epoch; equal times are one set, whose order says nothing."""
    timestamp_s: float
    """When the set happened, seconds since the epoch."""
    listed: Rows = NO_ROWS
    """[l] the list that the user had when the set came."""


class Query(NamedTuple):
    """What a score depends on besides the statistic itself."""

    history: Rows
    """[h] the most recent first; a negative row is skipped."""
    history_s: NDArray[np.int64]
    """[h] as in Observation."""
    had: Rows
    """[p] distinct items the user had before; a negative row is skipped."""
    frequency: Floats
    """[p] the user's decayed count of each of those items."""
    times: Floats
    """[p] in how many sets the user had it."""
    first_s: NDArray[np.int64]
    """[p] when the user had it first, seconds since the epoch."""
    last_s: NDArray[np.int64]
    """[p] when the user had it last."""
    now_s: float
    """The events' clock, seconds since the epoch; never the wall clock."""


class Queries(NamedTuple):
    """Of several users what a Query is of one: the first user's entries, then the next one's."""

    history: Rows
    history_s: NDArray[np.int64]
    history_starts: NDArray[np.int64]
    """[users + 1] where each user's history begins, and where the last one's ends."""
    had: Rows
    frequency: Floats
    times: Floats
    first_s: NDArray[np.int64]
    last_s: NDArray[np.int64]
    had_starts: NDArray[np.int64]
    """[users + 1] the same of what each user had."""
    now_s: NDArray[np.float64]
    """[users]"""


@njit(cache=True)
def query_of(queries: Queries, user: int) -> Query:
    """One user's."""
    begin, end = queries.history_starts[user], queries.history_starts[user + 1]
    first, last = queries.had_starts[user], queries.had_starts[user + 1]
    return Query(
        queries.history[begin:end],
        queries.history_s[begin:end],
        queries.had[first:last],
        queries.frequency[first:last],
        queries.times[first:last],
        queries.first_s[first:last],
        queries.last_s[first:last],
        queries.now_s[user],
    )


class Statistic(Protocol):
    """Knowledge that is a fold over sets: the same sets in the same order give the same arrays.

    One thread uses an instance. Nothing blocks, nothing reads a clock, and memory is bounded by the capacity given
    to the constructor, whatever is folded.
    """

    def fold(self, observed: Observation) -> None:
        """Learns one set."""

    def candidates(self, query: Query, limit: int) -> Rows:
        """At most `limit` distinct rows that score above zero, best first, ties by row."""

    def score(self, query: Query, rows: Rows) -> Floats:
        """How much speaks for each row: [len(rows)], zero where nothing does."""

    def forget(self, rows: Rows) -> None:
        """Drops all that is known of rows, which will belong to other items."""

    def save(self) -> dict[str, np.ndarray]:
        """Arrays that `load` takes back."""

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Replaces everything by what was saved from a statistic of the same settings."""


def used_end(used: ArrayLike) -> int:
    """One past the last row that is used: [capacity], where it is not zero."""
    return int(np.flatnonzero(used).max(initial=-1)) + 1


def best_rows(rows: Rows, scores: NDArray[np.floating], limit: int) -> Rows:
    """The `limit` best of `rows` that score above zero, best first, ties by row."""
    positive = scores > 0
    rows, scores = rows[positive], scores[positive]
    return rows[np.lexsort((rows, -scores))[:limit]]
