"""How far predicted ratings are off: test, then learn, beside the measures of lists.

The predictors know nothing of lists, and lists are not made from them: what a user would rate highly is not what they
take next (see `river_mf` among the baselines).
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from online.evaluation.rating_knn import RatingKnn
from online.evaluation.report import Figures
from online.evaluation.river_mf import biased_mf
from online.evaluation.timeline import Timeline


class RatingPredictor(Protocol):
    """Predicts the value of one event, and learns it."""

    def predict(self, user: int, item: int) -> float:
        """The rating expected."""

    def learn(self, user: int, item: int, value: float) -> None:
        """Takes the rating that came."""


class MeanRating:
    """Baseline: the mean of all ratings so far."""

    def __init__(self) -> None:
        self._count, self._mean = 0, 0.0

    def predict(self, user: int, item: int) -> float:
        """The same for all."""
        return self._mean

    def learn(self, user: int, item: int, value: float) -> None:
        """Moves the mean."""
        self._count += 1
        self._mean += (value - self._mean) / self._count


class RiverRatings:
    """Baseline: river.reco.BiasedMF."""

    def __init__(self) -> None:
        self._model: Any = biased_mf()

    def predict(self, user: int, item: int) -> float:
        """The mean, the biases and the factors' product."""
        return float(self._model.predict_one(user, item))

    def learn(self, user: int, item: int, value: float) -> None:
        """One gradient step."""
        self._model.learn_one(user, item, value)


PREDICTORS: Mapping[str, Callable[[int, int], RatingPredictor]] = {
    "mean": lambda _users, _items: MeanRating(),
    "river_mf": lambda _users, _items: RiverRatings(),
    "rating_knn": RatingKnn,
}
"""Made from the numbers of users and items."""


def rating_errors(timeline: Timeline, user_count: int, item_count: int) -> dict[str, Figures]:
    """MAE and RMSE of each predictor over the ratings of scored sets; a set is predicted before it is learned.

    Args:
        timeline: Of a stream whose values are ratings.
        user_count: Users there are.
        item_count: Items there are.
    """
    predicted = {
        name: _predicted(timeline, make(user_count, item_count)) for name, make in PREDICTORS.items()
    }
    is_scored = timeline.is_scored[timeline.set_of]
    values = timeline.values[is_scored]
    return {
        name: {
            "mae": float(np.abs(of_name[is_scored] - values).mean()),
            "rmse": float(np.sqrt(np.square(of_name[is_scored] - values).mean())),
            "ratings": float(len(values)),
        }
        for name, of_name in predicted.items()
    }


def _predicted(timeline: Timeline, predictor: RatingPredictor) -> np.ndarray:
    users, items, values = (column.tolist() for column in (timeline.users, timeline.items, timeline.values))
    starts = timeline.set_start.tolist()
    predicted: list[float] = []
    for start, end in pairwise(starts):
        places = range(start, end)
        predicted += [predictor.predict(users[place], items[place]) for place in places]
        for place in places:
            predictor.learn(users[place], items[place], values[place])
    return np.array(predicted)
