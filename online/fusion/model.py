"""All that the fusion learns: the item tower, the map from histories to tastes, and what scores are made of."""

from collections.abc import Callable, Mapping

import numpy as np

from online.fusion.fusions import Kind, Parts, draw_evenly
from online.fusion.taste import Taste
from online.fusion.tower import WIDTH, Back, Common, Made, Tower
from online.learning.weights import Weights
from online.statistics.base import Floats


class Model:
    """Weights, and what all items have in common."""

    def __init__(self, modalities: int, dim: int, width: int, kind: Kind, rng: np.random.Generator) -> None:
        self._tower = Tower(modalities, dim, kind)
        self.weights = Weights(
            {
                **self._tower.shapes,
                "taste.hidden": (dim + 1, width),
                "taste.bias": (width,),
                "taste.out": (width, dim),
                "taste.out_bias": (dim,),
                "taste.skip": (),
                "log_sharpness": (),  # of the softmax: log of one over its temperature
                "popularity": (),  # weight of the log of how often an item is had: no taste likes what all like
            }
        )
        self.common = Common(np.zeros((modalities, WIDTH), np.float32), np.ones(modalities, np.float32))
        parts = self.weights.parts
        self._tower.begin(parts, rng)
        for name in ("taste.hidden", "taste.bias"):
            draw_evenly(parts[name], dim + 1, rng)
        parts["taste.out"][:] = rng.normal(0.0, 0.01, (width, dim))
        parts["taste.skip"][...] = 2.0
        parts["log_sharpness"][...] = 2.3

    def vectors(self, made: Made) -> tuple[Floats, Back]:
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
        known = np.concatenate((mean, np.log1p(count)), axis=1)
        layer = np.maximum(known @ parts["taste.hidden"] + parts["taste.bias"], 0)
        liked = layer @ parts["taste.out"] + parts["taste.out_bias"] + parts["taste.skip"] * mean
        sharpness = np.exp(parts["log_sharpness"])
        by_taste = liked @ vectors.T * sharpness

        def back(by_scores: Floats) -> tuple[Floats, Floats, Parts]:
            by_products = by_scores * sharpness
            by_liked = by_products @ vectors
            by_layer = (by_liked @ parts["taste.out"].T) * (layer > 0)
            by_mean = (by_layer @ parts["taste.hidden"].T)[:, :-1] + by_liked * parts["taste.skip"]
            return (
                by_mean,
                by_products.T @ liked,
                {
                    "taste.hidden": known.T @ by_layer,
                    "taste.bias": by_layer.sum(axis=0),
                    "taste.out": layer.T @ by_liked,
                    "taste.out_bias": by_liked.sum(axis=0),
                    "taste.skip": (by_liked * mean).sum(),
                    "log_sharpness": (by_scores * by_taste).sum(),
                    "popularity": by_scores.sum(axis=0) @ log_shares,
                },
            )

        return by_taste + parts["popularity"] * log_shares, back

    def taste(self) -> Taste:
        """A copy of what goes with the vectors, to serve with."""
        saved = self.weights.save()
        return Taste(
            hidden=saved["taste.hidden"],
            bias=saved["taste.bias"],
            out=saved["taste.out"],
            out_bias=saved["taste.out_bias"],
            skip=float(saved["taste.skip"]),
            sharpness=float(np.exp(saved["log_sharpness"])),
        )

    def follow(self, other: "Model", kept: float) -> None:
        """As `Weights.follow`; what items have in common is the other's."""
        self.weights.follow(other.weights, kept)
        self.common = other.common

    def fits(self, saved: Mapping[str, np.ndarray]) -> bool:
        """Whether these arrays are of such a model."""
        return self.weights.fits(saved) and saved.keys() >= {"centre", "scale"}

    def save(self) -> dict[str, np.ndarray]:
        """Everything, by name."""
        return self.weights.save() | self.common._asdict()

    def load(self, saved: Mapping[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.weights.load(saved)
        self.common = Common(saved["centre"], saved["scale"])
