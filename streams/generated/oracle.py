"""A method for the evaluator that knows the truth: no list made from the stream can be better on average."""

import numpy as np

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.stream import IntArray, Stream
from streams.generated.behaviour import REST_SHARE
from streams.generated.world import World


class Oracle:
    """Lists what each user is most likely to choose next, as `behaviour` has them choose."""

    def __init__(self, world: World, stream: Stream) -> None:
        """The oracle of a stream that the world's own interactions make."""
        items = {world.item_id(item): item for item in range(world.recipe.items)}
        users = {world.user_id(user): user for user in range(world.recipe.users)}
        self._world = world
        self._item_of = np.array([items[item_id] for item_id in stream.item_ids])
        self._user_of = [users[user_id] for user_id in stream.user_ids]

    def recommend(self, view: UserView, k: int) -> Ranked:
        """What is there, by its utility to the user at this moment, without what rests."""
        scores = self._world.oracle_scores(self._user_of[view.user], view.now_ms)[self._item_of]
        resting = int(REST_SHARE * np.isfinite(scores).sum())
        scores[view.hidden] = -np.inf
        scores[view.history[max(len(view.history) - resting, 0) :]] = -np.inf
        best: IntArray = np.argsort(-scores, kind="stable")[:k].astype(np.int32)
        best = best[np.isfinite(scores[best])]
        return Ranked(best, scores[best])

    def learn(self, taken: Taken) -> None:
        """Knows it all."""
