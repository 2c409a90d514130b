"""How tokens become one vector: of each item's modalities, in a common space.

What is computed comes with how to go back: from the derivative of a loss by what came out to that by each weight.
"""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from online.statistics.base import Floats

Kind = Literal["concatenation", "weighted_mean", "attention"]
"""How tokens are fused."""
LEAST_NORM = 1e-12
Masks = NDArray[np.bool_]
Parts = Mapping[str, Floats]
"""Weights by name, or a loss's derivatives by them."""
Shapes = Mapping[str, tuple[int, ...]]
"""Of weights, by name."""


class Fused(NamedTuple):
    """Tokens as one vector an item."""

    vectors: Floats
    """[n, dim]"""
    back: Callable[[Floats], tuple[Floats, Parts]]
    """From the derivative by the vectors to those by the tokens, [n, present, dim], and by the weights."""


class Fusion(Protocol):
    """How tokens are fused; the weights are the caller's."""

    shapes: Shapes
    """Of the weights, by name."""

    def begin(self, parts: Parts, rng: np.random.Generator) -> None:
        """Draws the first weights."""

    def fuse(self, parts: Parts, tokens: Floats, has: Masks, present: list[int]) -> Fused:
        """Fuses tokens, [n, present, dim], zero where [n, present] is False, of these modalities."""


class Concatenation:
    """All tokens side by side through one hidden layer, added to their sum."""

    def __init__(self, modalities: int, dim: int) -> None:
        width = 2 * dim
        self._inputs = modalities * (dim + 1)
        self.shapes: Shapes = {
            "hidden": (modalities, dim, width),
            "hidden.has": (modalities, width),
            "hidden.bias": (width,),
            "out": (width, dim),
            "out.bias": (dim,),
        }

    def begin(self, parts: Parts, rng: np.random.Generator) -> None:
        """Draws the first weights: what comes out is the tokens' sum."""
        for name in ("hidden", "hidden.has", "hidden.bias"):
            draw_evenly(parts[name], self._inputs, rng)

    def fuse(self, parts: Parts, tokens: Floats, has: Masks, present: list[int]) -> Fused:
        """As `Fusion.fuse`."""
        count, modalities, dim = tokens.shape
        flat, there = tokens.reshape(count, -1), has.astype(np.float32)
        hidden = parts["hidden"][present].reshape(modalities * dim, -1)
        layer = np.maximum(flat @ hidden + there @ parts["hidden.has"][present] + parts["hidden.bias"], 0)
        fused = tokens.sum(axis=1) + layer @ parts["out"] + parts["out.bias"]

        def back(by_fused: Floats) -> tuple[Floats, Parts]:
            by_layer: Floats = (by_fused @ parts["out"].T) * (layer > 0)
            by_tokens = (by_layer @ hidden.T).reshape(tokens.shape) + by_fused[:, None]
            by_hidden, by_has = np.zeros_like(parts["hidden"]), np.zeros_like(parts["hidden.has"])
            by_hidden[present] = (flat.T @ by_layer).reshape(modalities, dim, -1)
            by_has[present] = there.T @ by_layer
            return by_tokens, {
                "hidden": by_hidden,
                "hidden.has": by_has,
                "hidden.bias": by_layer.sum(axis=0),
                "out": layer.T @ by_fused,
                "out.bias": by_fused.sum(axis=0),
            }

        return Fused(fused, back)


class WeightedMean:
    """A mean with one learned weight a modality."""

    def __init__(self, modalities: int, dim: int) -> None:
        self.shapes: Shapes = {"weights": (modalities,)}

    def begin(self, parts: Parts, rng: np.random.Generator) -> None:
        """All weights are equal, as they are."""

    def fuse(self, parts: Parts, tokens: Floats, has: Masks, present: list[int]) -> Fused:
        """As `Fusion.fuse`."""
        weights = _softmax(np.where(has, parts["weights"][present], -np.inf), has)  # [n, present]
        fused = (tokens * weights[:, :, None]).sum(axis=1)

        def back(by_fused: Floats) -> tuple[Floats, Parts]:
            by_weights = (tokens @ by_fused[:, :, None])[:, :, 0]
            by_logits = np.zeros_like(parts["weights"])
            by_logits[present] = by_softmax(weights, by_weights).sum(axis=0)
            return weights[:, :, None] * by_fused[:, None], {"weights": by_logits}

        return Fused(fused, back)


class Attention:
    """Gated self-attention over the tokens that are there, added to them; then their mean."""

    def __init__(self, modalities: int, dim: int) -> None:
        self.shapes: Shapes = {
            "kinds": (modalities, dim),
            **dict.fromkeys(("query", "key", "value", "gate"), (dim, dim)),
            # A bias of keys would be the same for all of them.
            **dict.fromkeys(("query.bias", "value.bias", "gate.bias"), (dim,)),
        }

    def begin(self, parts: Parts, rng: np.random.Generator) -> None:
        """Draws the first weights: the gate is nearly shut."""
        dim = parts["kinds"].shape[1]
        parts["kinds"][:] = rng.normal(0.0, 0.02, parts["kinds"].shape)
        for name in [name for name in self.shapes if name != "kinds"]:
            draw_evenly(parts[name], dim, rng)
        parts["gate.bias"][:] = -2.0

    def fuse(self, parts: Parts, tokens: Floats, has: Masks, present: list[int]) -> Fused:
        """As `Fusion.fuse`."""
        known = tokens + parts["kinds"][present]
        query, value, opened = (
            known @ parts[name] + parts[f"{name}.bias"] for name in ("query", "value", "gate")
        )
        key = known @ parts["key"]
        sharpness = np.float32(tokens.shape[2] ** -0.5)
        logits = np.where(has[:, None, :], query @ key.transpose(0, 2, 1) * sharpness, -np.inf)
        shares = _softmax(logits, has[:, None, :])  # [n, present, present]
        mixed, gate = shares @ value, 1 / (1 + np.exp(-opened))
        weight = has / np.maximum(has.sum(axis=1, keepdims=True), 1).astype(np.float32)
        fused = ((tokens + gate * mixed) * weight[:, :, None]).sum(axis=1)

        def back(by_fused: Floats) -> tuple[Floats, Parts]:
            by_each = weight[:, :, None] * by_fused[:, None]  # [n, present, dim]
            by_mixed = by_each * gate
            by_scores = by_softmax(shares, by_mixed @ value.transpose(0, 2, 1)) * sharpness
            by = {
                "query": by_scores @ key,
                "key": by_scores.transpose(0, 2, 1) @ query,
                "value": shares.transpose(0, 2, 1) @ by_mixed,
                "gate": by_each * mixed * gate * (1 - gate),
            }
            by_known = sum((by[name] @ parts[name].T for name in by), np.zeros_like(known))
            gradient = {name: np.tensordot(known, pull, ((0, 1), (0, 1))) for name, pull in by.items()}
            gradient |= {f"{name}.bias": by[name].sum(axis=(0, 1)) for name in ("query", "value", "gate")}
            gradient["kinds"] = np.zeros_like(parts["kinds"])
            gradient["kinds"][present] = by_known.sum(axis=0)
            return by_each + by_known, gradient

        return Fused(fused, back)


FUSIONS: Mapping[Kind, Callable[[int, int], Fusion]] = {
    "concatenation": Concatenation,
    "weighted_mean": WeightedMean,
    "attention": Attention,
}


def draw_evenly(part: Floats, inputs: int, rng: np.random.Generator) -> None:
    """Fills weights evenly from ±1 / sqrt(inputs)."""
    part[...] = rng.uniform(-(inputs**-0.5), inputs**-0.5, part.shape)


def _softmax(logits: Floats, there: Masks) -> Floats:
    """Along the last axis, of logits that are -inf where nothing is there; zero where nothing at all is."""
    highest = np.where(there.any(axis=-1, keepdims=True), logits.max(axis=-1, keepdims=True), 0)
    powers = np.exp(logits - highest)
    shares: Floats = powers / np.maximum(powers.sum(axis=-1, keepdims=True), LEAST_NORM)
    return shares


def by_softmax(shares: Floats, by_shares: Floats) -> Floats:
    """A loss's derivative by the logits that became shares by a softmax along the last axis."""
    turned: Floats = shares * (by_shares - (shares * by_shares).sum(axis=-1, keepdims=True))
    return turned
