"""All statistics' arrays in one object that compiled code takes without looking at each array again."""

from typing import Any

from numba import njit, types
from numba.experimental import structref

from online.catalogue import Categories
from online.ranking.evidence import Scratch
from online.statistics.ages import Seen
from online.statistics.content import Vectors
from online.statistics.edges import Edges
from online.statistics.popularity import Counts
from online.statistics.popularity_by_length import StageCounts
from online.statistics.ratings import Sums
from online.statistics.repeats import Shares
from online.statistics.rhythm import Gaps
from online.statistics.together import Statistics

(
    GRAPH_NOW, SHORT_NOW, FORWARD_NOW, RECENT_NOW, DAILY_NOW, ALL_TIME_NOW, FIRST_TIME_NOW, BY_LENGTH_NOW, REPEATS_NOW,
) = range(9)  # fmt: skip
"""Places in the factors that turn stored sums into values at the time of a list, see `Statistics.decays`."""


@structref.register
class _SourcesType(types.StructRef):
    def preprocess_fields(self, fields: Any) -> Any:  # noqa: ANN401  # numba is not typed
        return tuple((name, types.unliteral(kind)) for name, kind in fields)  # type: ignore[no-untyped-call]  # numba


class Sources(structref.StructRefProxy):
    """The arrays of every statistic, and the scratch of lists. Compiled code alone can read the fields.

    Passing forty arrays to a compiled function costs more than the function itself: numba looks at the type of
    each. Statistics never replace their arrays, so they are collected once.
    """

    scratch: Scratch
    categories: Categories
    graph: Edges
    short: Edges
    forward: Edges
    recent: Counts
    daily: Counts
    all_time: Counts
    first_time: Counts
    by_length: StageCounts
    repeats: Shares
    rhythm: Gaps
    ages: Seen
    ratings: Sums
    vectors: Vectors


_FIELDS = list(Sources.__annotations__)
structref.define_proxy(Sources, _SourcesType, _FIELDS)  # type: ignore[no-untyped-call]  # numba


def collect(statistics: Statistics, categories: Categories, scratch: Scratch) -> Sources:
    """All arrays in one object."""
    arrays: Sources = _together(
        scratch,
        categories,
        statistics.graph.edges,
        statistics.short.edges,
        statistics.forward.edges,
        statistics.recent.arrays,
        statistics.daily.arrays,
        statistics.all_time.arrays,
        statistics.first_time.arrays,
        statistics.by_length.arrays,
        statistics.repeats.arrays,
        statistics.rhythm.arrays,
        statistics.ages.arrays,
        statistics.ratings.arrays,
        statistics.content.vectors,
    )
    return arrays


@njit(cache=True)
def _together(*arrays: Any) -> Sources:  # noqa: ANN401  # numba gives each its own type
    """Sources' own constructor would be compiled anew, for seconds, by each process."""
    return Sources(*arrays)  # type: ignore[no-untyped-call]  # numba
