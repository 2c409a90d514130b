"""Nearest neighbours by cosine: the class of an entry by the vote of those that lie next to it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from encoders.base import unit_rows
from encoders.probes.errors import ProbeError

ROWS_AT_ONCE = 1_024
"""Queries whose cosines to everything are in memory together."""


class Nearest(NamedTuple):
    """The k nearest of each query, the nearest first."""

    rows: NDArray[np.intp]
    """[queries, k]: rows of what was searched."""
    cosines: NDArray[np.float32]
    """[queries, k]."""


def nearest(searched: NDArray[np.float32], k: int, queries: NDArray[np.float32] | None = None) -> Nearest:
    """The k nearest by cosine; of equally near ones those that come first.

    Args:
        searched: [n, dim], of any length.
        k: Neighbours wanted.
        queries: [q, dim], of any length; None asks with `searched` itself, each row leaving itself out.

    Raises:
        ProbeError: There are fewer than k to choose from.
    """
    leave_out = queries is None
    available = len(searched) - leave_out
    if not 1 <= k <= available:
        message = f"expected k from 1 to {available}, the entries to choose from, got {k}"
        raise ProbeError(message)
    units = unit_rows(searched)
    asked = units if queries is None else unit_rows(queries)
    parts = list(_nearest_parts(units, asked, k, leave_out))
    if not parts:
        return Nearest(np.zeros((0, k), np.intp), np.zeros((0, k), np.float32))
    rows, cosines = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Nearest(rows, cosines)


def _nearest_parts(
    units: NDArray[np.float32], asked: NDArray[np.float32], k: int, leave_out: bool
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    for start in range(0, len(asked), ROWS_AT_ONCE):
        cosines = asked[start : start + ROWS_AT_ONCE] @ units.T
        if leave_out:
            own = np.arange(len(cosines))
            cosines[own, start + own] = -np.inf
        rows = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        yield rows, np.take_along_axis(cosines, rows, axis=1)


def vote(classes: NDArray[np.intp], cosines: NDArray[np.float32]) -> NDArray[np.intp]:
    """[q]: the class most frequent among each query's neighbours; of equally frequent ones, the nearer.

    Args:
        classes: [q, k], the neighbours' classes as numbers from 0.
        cosines: [q, k].
    """
    queries, k = classes.shape
    votes = np.zeros((queries, int(classes.max(initial=0)) + 1))
    # Sums of cosines lie within -k and k: scaled so, they decide between equal counts and never overrule one.
    weights = 1.0 + cosines.astype(np.float64) / (2 * k + 1)
    np.add.at(votes, (np.arange(queries)[:, None], classes), weights)
    winners: NDArray[np.intp] = votes.argmax(axis=1)
    return winners


def knn_accuracy(
    searched: NDArray[np.float32],
    classes: Sequence[str],
    k: int,
    queries: NDArray[np.float32] | None = None,
    query_classes: Sequence[str] = (),
) -> float:
    """Share of the queries whose class is voted by their k nearest.

    Args:
        searched: [n, dim].
        classes: [n].
        k: Neighbours that vote.
        queries: [q, dim], with `query_classes`; None leaves out each entry of `searched` in turn.
        query_classes: [q].

    Raises:
        ProbeError: As `nearest`.
    """
    truth = list(classes if queries is None else query_classes)
    known, numbers = np.unique([*classes, *truth], return_inverse=True)
    found = nearest(searched, k, queries)
    voted = vote(numbers[: len(classes)][found.rows], found.cosines)
    return float(np.mean(known[voted] == np.array(truth)))
