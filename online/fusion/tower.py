"""The item tower: a token for each modality that an item has, fused with what the item is beyond its media."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.fusion.fusions import FUSIONS, LEAST_NORM, Kind, Masks, Parts, Shapes
from online.statistics.base import Floats

WIDTH = 384
"""Dimensions of a modality's vector at most; shorter ones are filled up with zeros."""
AXES = 256
"""Of a modality at most: what is learned of few items has to be about few directions."""


class Made(NamedTuple):
    """What some items are made of."""

    modalities: list[int]
    """Those that any of them has."""
    vectors: list[tuple[NDArray[np.intp], Floats]]
    """Of each of these: [k] the places of the items that have it, and [k, WIDTH] their vectors."""
    has: Masks
    """[n, all modalities] which of them each item has."""
    own: Floats
    """[n, dim] what each item is beyond that, see `online.fusion.own`."""


class Vectors(NamedTuple):
    """Those of some items, and how to go back."""

    units: Floats
    """[n, dim] of unit length, zero for an item of nothing."""
    by_own: Callable[[Floats], Floats]
    """From a loss's derivative by the vectors to that by what items are of their own, [n, dim]."""
    by_weights: Callable[[Floats], Parts]
    """From there to that by the weights."""


class Common(NamedTuple):
    """What all items have in common, by modality, and how they differ."""

    centre: Floats
    """[modalities, WIDTH] is taken off their vectors."""
    axes: Floats
    """[modalities, WIDTH, AXES] what is left is seen along these, see `online.fusion.axes`."""


class Tower:
    """One projection a modality, and a fusion of what is there; the weights are the caller's."""

    def __init__(self, modalities: int, dim: int, heads: int, kind: Kind) -> None:
        self._fusion = FUSIONS[kind](modalities, dim)
        self._dim, self._heads = dim, heads
        self.shapes: Shapes = {"projections": (modalities, AXES, dim), **self._fusion.shapes}

    def begin(self, parts: Parts, rng: np.random.Generator) -> None:
        """Draws the first weights: random projections, which are spread over all heads."""
        parts["projections"][:] = self.drawn(rng)
        self._fusion.begin(parts, rng)

    def drawn(self, rng: np.random.Generator) -> Floats:
        """[modalities, AXES, dim] random projections."""
        return rng.normal(0.0, AXES**-0.5, self.shapes["projections"]).astype(np.float32)

    def divide(self, parts: Parts, modalities: Sequence[int], drawn: Floats) -> None:
        """Gives each of these heads of its own, to which it keeps; those for which none is left are as they were.

        In heads that were its own already a modality goes on; in others, from [modalities, AXES, dim] the drawn ones.
        """
        for place, modality in enumerate(modalities[: self._heads]):
            theirs = np.arange(self._heads) % len(modalities) == place
            is_theirs = np.repeat(theirs, self._dim // self._heads)
            projection = parts["projections"][modality]
            is_new = is_theirs & ~projection.any(axis=0)
            projection[:, is_new] = drawn[modality][:, is_new]
            projection[:, ~is_theirs] = 0.0

    def vectors(self, parts: Parts, common: Common, made: Made) -> Vectors:
        """The vectors of items."""
        if not made.modalities:
            return Vectors(np.zeros_like(made.own), np.zeros_like, lambda _: {})
        tokens = np.zeros((len(made.has), len(made.modalities), self._dim), np.float32)
        differences, dims = [], []
        for slot, (modality, (places, x)) in enumerate(zip(made.modalities, made.vectors, strict=True)):
            projection = parts["projections"][modality]
            differences.append(x - common.centre[modality])
            dims.append(np.flatnonzero(projection.any(axis=0)))  # of its heads, see `divide`
            tokens[places[:, None], slot, dims[slot]] = differences[slot] @ (
                common.axes[modality] @ projection[:, dims[slot]]
            )
        fused = self._fusion.fuse(parts, tokens, made.has[:, made.modalities], made.modalities)
        whole = fused.vectors + made.own
        norms = np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), LEAST_NORM)
        inverse = made.has.any(axis=1, keepdims=True) / norms
        units: Floats = whole * inverse

        def by_own(by_units: Floats) -> Floats:
            found: Floats = (by_units - units * (units * by_units).sum(axis=1, keepdims=True)) * inverse
            return found

        def by_weights(by_whole: Floats) -> Parts:
            by_tokens, gradient = fused.back(by_whole)
            by_projections = np.zeros_like(parts["projections"])
            for slot, (modality, (places, _)) in enumerate(zip(made.modalities, made.vectors, strict=True)):
                by_differences = differences[slot].T @ by_tokens[places[:, None], slot, dims[slot]]
                by_projections[modality][:, dims[slot]] = common.axes[modality].T @ by_differences
            return {"projections": by_projections, **gradient}

        return Vectors(units, by_own, by_weights)
