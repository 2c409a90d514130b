"""One set folded into every statistic by one compiled call: one for each takes three times as long."""

from typing import Any

import numpy as np
from numba import njit, types
from numba.experimental import structref
from numpy.typing import NDArray

from online.statistics.ages import Seen, note_times
from online.statistics.base import Floats, Rows
from online.statistics.content import Vectors, count_seen
from online.statistics.edges import Edges
from online.statistics.exposures import ExposureCounts, count_shown
from online.statistics.forward_graph import ForwardGraph
from online.statistics.graph import connect_forward
from online.statistics.popularity import Counts, count_rows
from online.statistics.popularity_by_length import StageCounts, count_stage
from online.statistics.ratings import Sums, count_ratings
from online.statistics.repeats import Shares, count_repeats
from online.statistics.rhythm import Gaps, count_gaps
from online.statistics.short_graph import ShortGraph
from online.statistics.symmetric_graph import SymmetricGraph, connect_both_ways

(
    GRAPH_NOW, SHORT_NOW, FORWARD_NOW, RECENT_NOW, DAILY_NOW, HOURLY_NOW, ALL_TIME_NOW, FIRST_TIME_NOW,
    BY_LENGTH_NOW, REPEATS_NOW,
) = range(10)  # fmt: skip
"""Places in `Statistics.decays`: in what an event counts for when it is folded, and in the factors that turn stored
sums into values at the time of a list."""
GRAPH_LAG, SHORT_LAG, FORWARD_LAG = SymmetricGraph.fold_lag, ShortGraph.fold_lag, ForwardGraph.fold_lag


@structref.register
class ArraysType(types.StructRef):
    """The type of Arrays in compiled code."""

    def preprocess_fields(self, fields: Any) -> Any:  # noqa: ANN401  # numba is not typed
        """As numba asks: each field's type whatever its value."""
        return tuple((name, types.unliteral(kind)) for name, kind in fields)  # type: ignore[no-untyped-call]  # numba


class Arrays(structref.StructRefProxy):
    """The arrays of every statistic. Compiled code alone can read the fields.

    Passing forty arrays to a compiled function costs more than the function itself: numba looks at the type of
    each. Statistics never replace their arrays, so they are collected once.
    """

    graph: Edges
    short: Edges
    forward: Edges
    recent: Counts
    daily: Counts
    hourly: Counts
    all_time: Counts
    first_time: Counts
    by_length: StageCounts
    repeats: Shares
    rhythm: Gaps
    ages: Seen
    ratings: Sums
    vectors: Vectors
    exposures: ExposureCounts


structref.define_proxy(Arrays, ArraysType, list(Arrays.__annotations__))  # type: ignore[no-untyped-call]  # numba


@njit(cache=True)
def together(*arrays: Any) -> Arrays:  # noqa: ANN401  # numba gives each its own type
    """Arrays' own constructor would be compiled anew, for seconds, by each process."""
    return Arrays(*arrays)  # type: ignore[no-untyped-call]  # numba


@njit(cache=True)
def fold_all(  # noqa: PLR0913, PLR0917  # compiled code is called by place
    arrays: Arrays,
    scales: NDArray[np.float64],
    rows: Rows,
    weights: Floats,
    is_repeat: NDArray[np.bool_],
    gap_s: Floats,
    ratings: Floats,
    history: Rows,
    history_s: NDArray[np.int64],
    timestamp_s: float,
    listed: Rows,
) -> None:
    """Learns one set, as the `fold` of each statistic does.

    Args:
        arrays: Of all statistics.
        scales: What one event counts for in each that decays, see `Statistics.decays`.
        rows: See Observation, like all that follow; not empty.
        weights: As there.
        is_repeat: As there.
        gap_s: As there.
        ratings: As there.
        history: As there.
        history_s: As there.
        timestamp_s: As there.
        listed: As there.
    """
    connect_both_ways(arrays.graph, rows, weights, history, history_s, GRAPH_LAG, scales[GRAPH_NOW])
    connect_both_ways(arrays.short, rows, weights, history, history_s, SHORT_LAG, scales[SHORT_NOW])
    connect_forward(arrays.forward, rows, weights, history, history_s, FORWARD_LAG, scales[FORWARD_NOW])
    count_rows(arrays.recent, rows, weights, scales[RECENT_NOW])
    count_rows(arrays.daily, rows, weights, scales[DAILY_NOW])
    count_rows(arrays.hourly, rows, weights, scales[HOURLY_NOW])
    count_rows(arrays.all_time, rows, weights, scales[ALL_TIME_NOW])
    count_rows(arrays.first_time, rows, np.where(is_repeat, np.float32(0), weights), scales[FIRST_TIME_NOW])
    count_stage(arrays.by_length, rows, weights, len(history), scales[BY_LENGTH_NOW])
    count_repeats(arrays.repeats, rows, is_repeat, scales[REPEATS_NOW])
    count_gaps(arrays.rhythm, rows, gap_s)
    note_times(arrays.ages, rows, timestamp_s)
    count_ratings(arrays.ratings, rows, ratings)
    count_seen(arrays.vectors, rows)
    count_shown(arrays.exposures, listed, rows)
