"""Entries with several labels each: how well those of an entry's nearest neighbours fit it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from encoders.probes.errors import ProbeError
from encoders.probes.knn import Nearest, nearest, vote

SEED = 23
"""Decides which neighbours `random_neighbours` draws."""


@dataclass(frozen=True)
class LabelFit:
    """Seven ways to say how well neighbours' labels fit; each lies between 0 and 1, and higher is better.

    None means much without what `chance_fit` gives for it.
    """

    precision_at_1: float
    """Share of entries that have the label most frequent among their neighbours': what accuracy becomes where
    an entry has several labels, and equal to it where each has one (Bhatia et al., 2016)."""
    first_voted: float
    """Share of entries whose first label is the one that most of their neighbours have first. It says little
    where the order of labels is that of the alphabet."""
    first_shared: float
    """Share of neighbours whose first label is the entry's first."""
    labels_fit: float
    """Share of all labels of the neighbours that the entry has too: precision, mean over entries."""
    any_shared: float
    """Share of neighbours with at least one label of the entry's; high by chance where a label is frequent."""
    jaccard: float
    """Size of the intersection of voted and own labels by that of their union, mean over entries."""
    micro_f1: float
    """F1 of all voted labels against all own ones, counted over every entry and label together."""


def label_fit(vectors: NDArray[np.float32], labels: Sequence[Sequence[str]], k: int) -> LabelFit:
    """Each entry against its k nearest by cosine, itself left out.

    Voted are the labels that at least half of the neighbours have, or else the most frequent one, of equally
    frequent ones that of the nearer neighbours.

    Args:
        vectors: [n, dim], of any length.
        labels: [n], at least one each; the first is the entry's main one.
        k: Neighbours asked.

    Raises:
        ProbeError: An entry has no label, or there are fewer than k others.
    """
    return _fit(nearest(vectors, k), labels)


def chance_fit(labels: Sequence[Sequence[str]], k: int) -> LabelFit:
    """The same with k neighbours drawn by lot: what each measure is worth to someone who knows nothing."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    lots = rng.standard_normal((len(labels), len(labels))).astype(np.float32)
    np.fill_diagonal(lots, -np.inf)
    rows = np.argsort(-lots, axis=1)[:, :k]
    return _fit(Nearest(rows, np.zeros(rows.shape, np.float32)), labels)


def _fit(found: Nearest, labels: Sequence[Sequence[str]]) -> LabelFit:
    has, first = _has(labels)
    near = has[found.rows]  # [n, k, labels]
    own = has[:, None, :]
    best = _most_frequent(near, found)
    voted: NDArray[np.bool_] = 2 * near.sum(axis=1) >= near.shape[1]
    voted[np.arange(len(has)), best] = True
    hits = (voted & has).sum(axis=1)
    firsts = first[found.rows]
    return LabelFit(
        precision_at_1=float(np.mean(has[np.arange(len(has)), best])),
        first_voted=float(np.mean(vote(firsts, found.cosines) == first)),
        first_shared=float(np.mean(firsts == first[:, None])),
        labels_fit=float(np.mean((near & own).sum(axis=(1, 2)) / near.sum(axis=(1, 2)))),
        any_shared=float(np.mean((near & own).any(axis=2))),
        jaccard=float(np.mean(hits / (voted | has).sum(axis=1))),
        micro_f1=float(2 * hits.sum() / (voted.sum() + has.sum())),
    )


def _has(labels: Sequence[Sequence[str]]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """[n, labels]: which an entry has; [n]: the number of its first."""
    bare = [row for row, given in enumerate(labels) if not given]
    if bare:
        message = f"expected a label for each entry; {len(bare)} have none, the first is row {bare[0]}"
        raise ProbeError(message)
    number = {
        label: place for place, label in enumerate(sorted({name for given in labels for name in given}))
    }
    has = np.zeros((len(labels), len(number)), np.bool_)
    for row, given in enumerate(labels):
        has[row, [number[label] for label in given]] = True
    return has, np.array([number[given[0]] for given in labels], np.intp)


def _most_frequent(near: NDArray[np.bool_], found: Nearest) -> NDArray[np.intp]:
    """[n]: the label that most neighbours have; of equally frequent ones, that of the nearer neighbours."""
    # Scaled as in `vote`: cosines decide between equal counts and never overrule one.
    weights = 1.0 + found.cosines[:, :, None] / (2 * near.shape[1] + 1)
    best: NDArray[np.intp] = (near * weights).sum(axis=1).argmax(axis=1)
    return best
