"""The item tower: a token for each modality that an item has, fused into one vector of unit length."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.fusion.fusions import FUSIONS, LEAST_NORM, Kind, Masks, Parts, Shapes
from online.statistics.base import Floats

WIDTH = 384
"""Dimensions of a modality's vector at most; shorter ones are filled up with zeros."""
Back = Callable[[Floats], Parts]
"""From a loss's derivative by what came out, to that by the weights."""


class Made(NamedTuple):
    """What some items are made of."""

    modalities: list[int]
    """Those that any of them has."""
    vectors: list[tuple[NDArray[np.intp], Floats]]
    """Of each of these: [k] the places of the items that have it, and [k, WIDTH] their vectors."""
    has: Masks
    """[n, all modalities] which of them each item has."""


class Common(NamedTuple):
    """What all items have in common in a modality; it is taken off their vectors before these are scaled."""

    centre: Floats
    """[modalities, WIDTH]"""
    scale: Floats
    """[modalities]"""


class Tower:
    """One projection a modality, and a fusion of what is there; the weights are the caller's."""

    def __init__(self, modalities: int, dim: int, heads: int, kind: Kind) -> None:
        self._fusion = FUSIONS[kind](modalities, dim)
        self._dim, self._heads = dim, heads
        self.shapes: Shapes = {"projections": (modalities, WIDTH, dim), **self._fusion.shapes}

    def begin(self, parts: Parts, rng: np.random.Generator, divided: Sequence[int]) -> None:
        """Draws the first weights: random projections, near what no learning at all would make of the modalities.

        Each of the `divided` modalities has heads of its own at first; the others, and those for which no head is
        left, are spread over all of them.
        """
        for projection in parts["projections"]:
            orthogonal, _ = np.linalg.qr(rng.normal(size=projection.shape))
            projection[:] = orthogonal * (WIDTH / self._dim) ** 0.5
        for place, modality in enumerate(divided[: self._heads]):
            theirs = np.arange(self._heads) % len(divided) == place
            parts["projections"][modality][:, ~np.repeat(theirs, self._dim // self._heads)] = 0.0
        self._fusion.begin(parts, rng)

    def vectors(self, parts: Parts, common: Common, made: Made) -> tuple[Floats, Back]:
        """The items' vectors, [n, dim] of unit length, zero for an item of nothing; and how to go back."""
        if not made.modalities:
            return np.zeros((len(made.has), self._dim), np.float32), lambda _: {}
        tokens = np.zeros((len(made.has), len(made.modalities), self._dim), np.float32)
        centred = []
        for slot, (modality, (places, x)) in enumerate(zip(made.modalities, made.vectors, strict=True)):
            centred.append((x - common.centre[modality]) * common.scale[modality])
            tokens[places, slot] = centred[slot] @ parts["projections"][modality]
        fused = self._fusion.fuse(parts, tokens, made.has[:, made.modalities], made.modalities)
        norms = np.maximum(np.linalg.norm(fused.vectors, axis=1, keepdims=True), LEAST_NORM)
        inverse = made.has.any(axis=1, keepdims=True) / norms
        units: Floats = fused.vectors * inverse

        def back(by_units: Floats) -> Parts:
            turned = by_units - units * (units * by_units).sum(axis=1, keepdims=True)
            by_tokens, gradient = fused.back(turned * inverse)
            by_projections = np.zeros_like(parts["projections"])
            for slot, (modality, (places, _)) in enumerate(zip(made.modalities, made.vectors, strict=True)):
                by_projections[modality] = centred[slot].T @ by_tokens[places, slot]
            return {"projections": by_projections, **gradient}

        return units, back
