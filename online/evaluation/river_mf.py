"""Baseline: what the user would rate highest, by river's online matrix factorisation."""

from functools import partial

import numpy as np
from river import optim, reco

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.popularity import Popularity
from online.evaluation.stream import FloatArray
from online.evaluation.top_k import filled, top_k_known

FACTORS = 10
RATE = 0.025
"""Both as in the example of river's documentation."""
LARGEST_GRADIENT = 10.0
"""Of the loss, 2 * error: errors of ratings pass, and a purchase of 20,000 litres makes no factor infinite."""


def biased_mf() -> reco.BiasedMF:
    """An untrained model."""
    return reco.BiasedMF(
        n_factors=FACTORS,
        bias_optimizer=optim.SGD(RATE),
        latent_optimizer=optim.SGD(RATE),
        latent_initializer=optim.initializers.Normal(sigma=0.1, seed=0),
        clip_gradient=LARGEST_GRADIENT,
    )


class RiverMf:
    """river.reco.BiasedMF: value(u, i) = mean + b_u + b_i + v_u . v_i, one gradient step an event.

    After Koren, Bell & Volinsky (2009). It predicts the value (a rating, a quantity) that an event would have if it
    happened, not whether it happens, and all known items are ranked by that: what is loved by the few who took it
    stands before what most would take. Where all values are equal it has nothing to learn from.
    """

    def __init__(self, item_count: int) -> None:
        self._model = biased_mf()
        self._latents: FloatArray = np.zeros((item_count, FACTORS))
        self._biases: FloatArray = np.zeros(item_count)
        self._popularity = Popularity(item_count)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The items with the highest predicted values; of an unknown user, only the items' biases count."""
        predicted = self._biases
        if view.user in self._model.u_latents:
            # Mean and user bias are the same for all items: they don't change the order.
            predicted = predicted + self._latents @ self._model.u_latents[view.user]
        best = top_k_known(predicted, self._popularity.weights > 0.0, view.hidden, k)
        return filled(best, partial(self._popularity.recommend, view), k)

    def learn(self, taken: Taken) -> None:
        """Moves the predictions of the set's items towards their values."""
        for item, value in zip(taken.items.tolist(), taken.values.tolist(), strict=True):
            self._model.learn_one(taken.view.user, item, value)  # type: ignore[no-untyped-call]  # river's own
            self._latents[item] = self._model.i_latents[item]
            self._biases[item] = self._model.i_biases[item]
        self._popularity.learn(taken)
