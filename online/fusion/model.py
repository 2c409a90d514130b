"""All that the fusion learns: the item tower, the map from histories to tastes, and what scores are made of."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from online.fusion.fusions import Kind, Parts, by_softmax
from online.fusion.taste import STEEPNESS, Taste, believed, in_heads, joined, liked, memberships
from online.fusion.tower import AXES, WIDTH, Common, Made, Tower, Vectors
from online.learning.weights import Weights
from online.statistics.base import Floats


class Model:
    """Weights, and what all items have in common."""

    def __init__(self, modalities: int, dim: int, heads: int, kinds: int, kind: Kind) -> None:
        """All weights are zero until `begin`.

        Args:
            modalities: How many there may be.
            dim: Length of item vectors.
            heads: Parts of equal length that they have, each with a taste of its own.
            kinds: Of users, that each part tells apart.
            kind: How an item's modalities are fused.
        """
        self._tower = Tower(modalities, dim, heads, kind)
        self.weights = Weights(
            {
                **self._tower.shapes,
                "taste.gates": (heads, dim // heads, kinds),
                "taste.gate_biases": (heads, kinds),
                "taste.likes": (heads, kinds, dim // heads),
                "taste.bias": (dim,),
                "taste.skips": (heads,),
                "log_sharpness": (),  # of the softmax: log of one over its temperature
                "popularity": (),  # weight of the log of how often an item is had: no taste likes what all like
            }
        )
        self.common = Common(
            np.zeros((modalities, WIDTH), np.float32), np.zeros((modalities, WIDTH, AXES), np.float32)
        )

    def begin(self, rng: np.random.Generator) -> None:
        """Draws the first weights."""
        parts = self.weights.parts
        self._tower.begin(parts, rng)
        parts["taste.likes"][:] = rng.normal(0.0, 0.1, parts["taste.likes"].shape)
        parts["log_sharpness"][...] = 2.3

    def drawn(self, rng: np.random.Generator) -> Floats:
        """As `Tower.drawn`."""
        return self._tower.drawn(rng)

    def divide(self, modalities: Sequence[int], drawn: Floats) -> None:
        """As `Tower.divide`."""
        self._tower.divide(self.weights.parts, modalities, drawn)

    def vectors(self, made: Made) -> Vectors:
        """As `Tower.vectors`."""
        return self._tower.vectors(self.weights.parts, self.common, made)

    def scores(
        self, mean: Floats, count: Floats, vectors: Floats, log_shares: Floats
    ) -> tuple[Floats, Callable[[Floats], tuple[Floats, Floats, Parts]]]:
        """How much speaks for each of some items, for each of some users.

        Args:
            mean: [n, dim] of the vectors of what each user had.
            count: [n, 1] of how many.
            vectors: [m, dim] of the items.
            log_shares: [m] logs of their shares of all that is had.

        Returns:
            [n, m], and how to go back: to the derivatives by the means, by the items' vectors, and by the weights.
        """
        parts = self.weights.parts
        gates, likes, skips = _gates(parts), parts["taste.likes"], parts["taste.skips"]
        heads = in_heads(believed(mean, count), len(skips))
        shares = memberships(heads, gates, parts["taste.gate_biases"])
        directions = liked(heads, shares, likes, skips, parts["taste.bias"])
        sharpness = np.exp(parts["log_sharpness"])
        by_taste = directions @ vectors.T * sharpness

        def back(by_scores: Floats) -> tuple[Floats, Floats, Parts]:
            by_products = by_scores * sharpness
            by_liked = by_products @ vectors
            by_heads = in_heads(by_liked, len(skips))
            by_logits = by_softmax(shares, by_heads @ likes.swapaxes(1, 2))
            by_means = joined(
                STEEPNESS * (by_logits @ gates.swapaxes(1, 2)) + by_heads * skips[:, None, None]
            )
            by_gates = STEEPNESS * (heads.swapaxes(1, 2) @ by_logits)
            return (
                believed(by_means, count),
                by_products.T @ directions,
                {
                    "taste.gates": by_gates,
                    "taste.gate_biases": by_logits.sum(axis=1),
                    "taste.likes": shares.swapaxes(1, 2) @ by_heads + by_gates.swapaxes(1, 2),
                    "taste.bias": by_liked.sum(axis=0),
                    "taste.skips": (by_heads * heads).sum(axis=(1, 2)),
                    "log_sharpness": (by_scores * by_taste).sum(),
                    "popularity": by_scores.sum(axis=0) @ log_shares,
                },
            )

        return by_taste + parts["popularity"] * log_shares, back

    def turn(self, modality: int, turned: Floats) -> None:
        """Has a modality's weights go by other axes, see `online.fusion.axes.turn`."""
        projections = self.weights.parts["projections"]
        projections[modality] = turned @ projections[modality]

    def taste(self) -> Taste:
        """A copy of what goes with the vectors, to serve with."""
        saved = self.weights.save()
        return Taste(
            gates=_gates(saved),
            gate_biases=saved["taste.gate_biases"],
            likes=saved["taste.likes"],
            bias=saved["taste.bias"],
            skips=saved["taste.skips"],
            sharpness=float(np.exp(saved["log_sharpness"])),
        )

    def follow(self, other: "Model", kept: float) -> None:
        """As `Weights.follow`; what items have in common is the other's."""
        self.weights.follow(other.weights, kept)
        self.common = other.common

    def fits(self, saved: Mapping[str, np.ndarray]) -> bool:
        """Whether these arrays are of such a model."""
        common = self.common._asdict()
        return self.weights.fits(saved) and all(
            name in saved and saved[name].shape == part.shape for name, part in common.items()
        )

    def save(self) -> dict[str, np.ndarray]:
        """Everything, by name."""
        return self.weights.save() | self.common._asdict()

    def load(self, saved: Mapping[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.weights.load(saved)
        self.common = Common(saved["centre"], saved["axes"])


def _gates(parts: Parts) -> Floats:
    """[heads, dim / heads, kinds] by which a mean tells kinds apart: who had what a kind likes is of it, and more."""
    found: Floats = parts["taste.gates"] + parts["taste.likes"].swapaxes(1, 2)
    return found
