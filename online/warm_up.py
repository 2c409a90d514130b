"""Compiles every kernel before the first event, so that no event waits for a compiler."""

import numpy as np

from online.events import Cursor, Event, Example, ExampleSet
from online.item import Item
from online.ranking.features import FEATURES
from online.ranking.list_log import features_of_log
from online.ranking.network import Network, pack, unpack
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState


def compile_kernels() -> None:
    """Folds and lists on a small recommender; seconds the first time on a machine, then read from numba's cache."""
    recommender = Recommender(RecommenderConfig(capacity=1024, teach_again_after_days=1))
    for number in range(3):
        recommender.put_item(Item(f"i{number}"))
        recommender.put_vector(f"i{number}", np.eye(1, recommender.config.dim, number, dtype=np.float32)[0])
    state = UserState("u")
    for number in range(6):
        place = Cursor("", 0, number, 0)
        example = state.apply(Event("u", f"i{number % 4}", "click", 1.0, number * 1000, number + 1, place))
        if example is not None:
            recommender.fold(_set_of(example))
        recommender.recommend(state, now_ms=number * 1000, wall_ms=0)
    recommender.network = _as_published(width=1)
    recommender.recommend(state, now_ms=6000, wall_ms=0)
    features_of_log(recommender.log(recommender.candidates(state, now_ms=6000, wall_ms=0)))
    recommender.delete_item("i0")
    recommender.most_popular(1)


def _set_of(example: Example) -> ExampleSet:
    return ExampleSet("u", example.timestamp_ms, example.history or [], [], [example])


def _as_published(width: int) -> Network | None:
    """A network that says nothing, in arrays of the kind that a worker gets: they cannot be written to."""
    features, units = np.zeros(FEATURES, np.float32), np.zeros(width, np.float32)
    hidden = np.zeros((FEATURES, width), np.float32)
    return unpack(pack(Network(features, features, features, hidden, units, units)))


if __name__ == "__main__":
    compile_kernels()
