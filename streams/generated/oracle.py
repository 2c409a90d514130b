"""Methods for the evaluator that know the truth, all of it or all but the users: what learning can come to at best."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.stream import IntArray, Stream
from streams.generated.behaviour import REST_SHARE
from streams.generated.world import Floats, World, chances


class Oracle:
    """Lists what each user is most likely to choose next, as `behaviour` has them choose.

    No list made from the stream can be better on average.
    """

    def __init__(self, world: World, stream: Stream) -> None:
        """The oracle of a stream that the world's own interactions make."""
        users = {world.user_id(user): user for user in range(world.recipe.users)}
        self._world = world
        self._item_of = _items_of(world, stream)
        self._user_of = [users[user_id] for user_id in stream.user_ids]

    def recommend(self, view: UserView, k: int) -> Ranked:
        """What is there, by its utility to the user at this moment, without what rests."""
        utilities = self._world.oracle_scores(self._user_of[view.user], view.now_ms)[self._item_of]
        return _ranked(_choosable(utilities, view), view, k)

    def learn(self, taken: Taken) -> None:
        """Knows it all."""


class OracleOfItems:
    """Knows what items are, which kinds of users there are and how they choose, but not of which kind each user is.

    That is inferred from what the user chose, by Bayes' rule and so as well as it can be: no list made from the stream
    alone can be better on average. Where tastes drift, the first ones are meant, and that does not hold.
    """

    def __init__(self, world: World, stream: Stream) -> None:
        """The oracle of a stream that the world's own interactions make."""
        item_of = _items_of(world, stream)
        styles = [np.unique(of_users, axis=0) for of_users in world.tastes[0].swapaxes(0, 1)]
        self._utilities = np.array([world.utilities(np.array(kind))[item_of] for kind in product(*styles)])
        """[kinds, items]"""
        self._arrives_ms = world.arrives_ms[item_of]
        self._noise = world.recipe.noise
        self._logs: dict[int, Floats] = {}
        """By user, [kinds] the logarithm of how likely each is, up to what is the same for all."""

    def recommend(self, view: UserView, k: int) -> Ranked:
        """What is there, by the chance that the user chooses it, over all kinds that the user may be of."""
        logs = self._logs.get(view.user, np.zeros(len(self._utilities)))
        likely = np.exp(logs - logs.max())
        found: Floats = likely @ self._chances(view) / likely.sum()
        return _ranked(np.where(found > 0, found, -np.inf), view, k)

    def learn(self, taken: Taken) -> None:
        """Finds those kinds likelier that would sooner have chosen what the user did."""
        logs = self._logs.setdefault(taken.view.user, np.zeros(len(self._utilities)))
        logs += np.log(self._chances(taken.view)[:, taken.items]).sum(axis=1)

    def _chances(self, view: UserView) -> Floats:
        """[kinds, items] that a user of each kind chooses each item next."""
        there = np.where(self._arrives_ms < view.now_ms, self._utilities, -np.inf)
        return chances(_choosable(there, view), self._noise)


def _items_of(world: World, stream: Stream) -> NDArray[np.int64]:
    """[items of the stream] which of the world's each is."""
    items = {world.item_id(item): item for item in range(world.recipe.items)}
    return np.array([items[item_id] for item_id in stream.item_ids], np.int64)


def _choosable(utilities: Floats, view: UserView) -> Floats:
    """[…, items] without what rests, which the user had lately."""
    resting = int(REST_SHARE * np.isfinite(utilities).sum(axis=-1).max())
    left = utilities.copy()
    left[..., view.history[max(len(view.history) - resting, 0) :]] = -np.inf
    return left


def _ranked(scores: Floats, view: UserView, k: int) -> Ranked:
    """The best k of what may be listed; -inf is left out."""
    left = np.where(view.hidden, -np.inf, scores)
    best: IntArray = np.argsort(-left, kind="stable")[:k].astype(np.int32)
    best = best[np.isfinite(left[best])]
    return Ranked(best, left[best])
