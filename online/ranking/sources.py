"""All statistics' arrays, and what lists need besides, in one object that compiled code takes."""

from typing import Any

from numba import njit
from numba.experimental import structref

from online.catalogue import Categories
from online.ranking.evidence import Scratch
from online.statistics.folding import Arrays, ArraysType
from online.statistics.together import Statistics


@structref.register
class _SourcesType(ArraysType):
    pass


class Sources(Arrays):
    """The arrays of every statistic, the categories of items, and the scratch of lists."""

    categories: Categories
    scratch: Scratch


_FIELDS = [*Arrays.__annotations__, *Sources.__annotations__]
structref.define_proxy(Sources, _SourcesType, _FIELDS)  # type: ignore[no-untyped-call]  # numba


def collect(statistics: Statistics, categories: Categories, scratch: Scratch) -> Sources:
    """All arrays in one object."""
    arrays: Sources = _together(*statistics.arrays, categories, scratch)
    return arrays


@njit(cache=True)
def _together(*arrays: Any) -> Sources:  # noqa: ANN401  # numba gives each its own type
    """Sources' own constructor would be compiled anew, for seconds, by each process."""
    return Sources(*arrays)  # type: ignore[no-untyped-call]  # numba
