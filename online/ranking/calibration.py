"""Lists in which every kind of item has about the share that it has of what the user had (Steck, RecSys 2018)."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Rows

SMOOTHING = 0.01
"""How much of the user's own shares is mixed into a list's, so that a kind it lacks costs much, not everything."""

Shares = NDArray[np.float64]


def calibrated(
    scores: Floats, labels: Rows, had_labels: Rows, had_weights: Floats, k: int, dial: float
) -> NDArray[np.int64]:
    """Which places of a pool make the list's first k, best first: shares are the whole list's, so the order stays.

    With p the user's shares and q the list's, it takes, one by one, what leaves most of
    sum(log score) - dial / (1 - dial) * KL(p || q).

    Args:
        scores: [n] estimates of probabilities, above 0, best first.
        labels: [n, labels] category and tags of the pool; 0 where there is none. An item has an equal part of each.
        had_labels: [h, labels] of what the user had.
        had_weights: [h] how much each of it counts.
        k: How many are chosen, or all where there are fewer.
        dial: From 0, the order as it is, to below 1, the user's shares at any price.
    """
    count = min(k, len(scores))
    shares, wanted = shares_of(labels, had_labels, had_weights)
    if dial <= 0 or not wanted.any():
        return np.arange(count)
    gains = np.log(np.maximum(scores, 1e-30)).astype(np.float64)
    return np.sort(_greedy(gains, shares, wanted, count, dial / (1 - dial)))


def miscalibration(labels: Rows, had_labels: Rows, had_weights: Floats) -> float | None:
    """KL(p || q) in nats, of the user's shares and those of a list with [k, labels]; None if the user has none."""
    shares, wanted = shares_of(labels, had_labels, had_weights)
    if not wanted.any():
        return None
    return float(_divergence(wanted, shares.sum(axis=0)))


def shares_of(labels: Rows, had_labels: Rows, had_weights: Floats) -> tuple[Shares, Shares]:
    """[n, kinds] the shares of each of n items, and [kinds] those of what the user had, over all kinds of either."""
    kinds = np.unique(np.concatenate((labels.ravel(), had_labels.ravel())))
    kinds = kinds[kinds > 0]
    of_items, of_had = (_of_each(found, kinds) for found in (labels, had_labels))
    wanted = had_weights.astype(np.float64) @ of_had
    return of_items, wanted / max(wanted.sum(), 1e-30)


def _of_each(labels: Rows, kinds: Rows) -> Shares:
    shares = np.zeros((len(labels), len(kinds)))
    item, column = np.nonzero(labels > 0)
    shares[item, np.searchsorted(kinds, labels[item, column])] = 1.0
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0))


@njit(cache=True)
def _divergence(wanted: Shares, total: Shares) -> float:
    """KL of the wanted shares and those of a list whose items' shares add up to `total`; items of no kind are none."""
    found, count = 0.0, max(total.sum(), 1.0)
    for kind in range(len(wanted)):
        if wanted[kind] > 0:
            share = (1 - SMOOTHING) * total[kind] / count + SMOOTHING * wanted[kind]
            found += wanted[kind] * np.log(wanted[kind] / share)
    return found


@njit(cache=True)
def _greedy(
    gains: NDArray[np.float64], shares: Shares, wanted: Shares, k: int, weight: float
) -> NDArray[np.int64]:
    chosen = np.empty(k, np.int64)
    total, left = np.zeros(len(wanted)), np.ones(len(gains), np.bool_)
    for place in range(k):
        best, most = -1, -np.inf
        for i in range(len(gains)):
            if left[i]:
                worth = gains[i] - weight * _divergence(wanted, total + shares[i])
                if worth > most:
                    best, most = i, worth
        chosen[place] = best
        left[best] = False
        total += shares[best]
    return chosen
