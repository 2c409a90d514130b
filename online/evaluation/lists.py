"""What the lists are like, whatever was taken: coverage and diversity."""

import numpy as np
from numpy.typing import NDArray

from online.evaluation.replay import NO_ITEM
from online.evaluation.stream import IntArray

CHUNK = 4_096
"""Lists whose vectors are gathered at once."""


def coverage(heads: IntArray, item_count: int) -> float:
    """Catalogue coverage: distinct items in any list's first 10, over all items (Ge et al., 2010)."""
    return len(np.unique(heads[heads != NO_ITEM])) / item_count


def category_vectors(categories: list[tuple[str, ...]]) -> NDArray[np.float32]:
    """[items, categories], of unit length: the cosine of two items is |A and B| / sqrt(|A| |B|) of their sets."""
    names = sorted({name for own in categories for name in own})
    place_of = {name: place for place, name in enumerate(names)}
    vectors = np.zeros((len(categories), len(names)), dtype=np.float32)
    for item, own in enumerate(set(names) for names in categories):
        vectors[item, [place_of[name] for name in own]] = 1.0 / np.sqrt(max(len(own), 1))
    return vectors


def diversity(heads: IntArray, vectors: NDArray[np.float32]) -> float:
    """Intra-list diversity: 1 - mean cosine over a list's pairs (Ziegler et al., 2005), averaged over lists.

    The sum over pairs is (|sum of v|^2 - sum of |v|^2) / 2. Lists with fewer than two items don't count; an item
    without a vector is like no other.

    Args:
        heads: [lists, 10], NO_ITEM where a list ends.
        vectors: [items, dim], of unit length or zero.
    """
    lengths = (heads != NO_ITEM).sum(axis=1)
    heads, lengths = heads[lengths >= 2], lengths[lengths >= 2]
    if not len(heads):
        return 0.0
    doubled = np.concatenate(
        [_similar_pairs(heads[at : at + CHUNK], vectors) for at in range(0, len(heads), CHUNK)]
    )
    return float(1.0 - (doubled / (lengths * (lengths - 1))).mean())


def _similar_pairs(heads: IntArray, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Twice the sum of the cosines of each list's pairs: [lists]."""
    listed = vectors[heads] * (heads != NO_ITEM)[:, :, None]  # [lists, 10, dim]
    together = listed.sum(axis=1)
    return np.asarray((together**2).sum(axis=1) - (listed**2).sum(axis=(1, 2)), dtype=np.float32)
