"""Baseline: what this user takes again and again, and what users like this one do."""

from functools import partial

import numpy as np

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.personal import add_up
from online.evaluation.popularity import Popularity
from online.evaluation.stream import FloatArray, IntArray
from online.evaluation.top_k import filled, top_k
from online.evaluation.vectors import Vectors


class TifuKnn:
    """TIFU-kNN: temporal item frequency and user-kNN (Hu, He, Gao & Zhang, SIGIR 2020), on a stream.

    A user's sets are cut into groups. An item's weight in the user's vector v is the sum over the sets with it of
    within_decay ** (places to the group's end) * group_decay ** (groups since), over the same sum of all sets. Score
    of an item: own_share * v + (1 - own_share) * the mean v of the nearest users by Euclidean distance; then
    popularity.

    Two things differ from the paper, for a stream: groups have a fixed size instead of a fixed number, so that a new
    set moves no earlier one to another group; and v is scaled to one set, so that users are near each other whose
    histories are of different lengths. After a set only its user's vector is made again. Neighbours are looked for
    among all users for each list, which costs as much as their vectors hold.
    """

    def __init__(
        self,
        item_count: int,
        fill_half_life_ms: float | None,
        group_size: int = 7,
        within_decay: float = 1.0,
        group_decay: float = 0.9,
        neighbour_count: int = 300,
        own_share: float = 0.5,
    ) -> None:
        """Makes a method that knows no user.

        The defaults were chosen on the first 150,000 purchases of Complete Journey. The paper's own for a stream of
        the same source (3 groups, .9, .6, 900 neighbours, .2) are worth less there, NDCG@10 .155 against .169.
        """
        self._group_size, self._within_decay, self._group_decay = group_size, within_decay, group_decay
        self._neighbour_count, self._own_share = neighbour_count, own_share
        self._vectors = Vectors(item_count)
        self._popularity = Popularity(item_count, fill_half_life_ms)
        self._sums: FloatArray = np.zeros(item_count)
        self._touched: IntArray = np.empty(item_count, dtype=np.int32)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The user's and the neighbours' most frequent items, then the most popular."""
        if not view.set_count:
            return self._popularity.recommend(view, k)
        items, weights = self._vector(view.history, view.history_sets, view.set_count)
        own = np.zeros(len(self._sums))
        own[items] = weights
        neighbours = self._vectors.nearest(own, self._neighbour_count, without=view.user)
        scores = self._own_share * own
        if len(neighbours):
            scores += (1.0 - self._own_share) * self._vectors.mean(neighbours)
        return filled(top_k(scores, view.hidden, k), partial(self._popularity.recommend, view), k)

    def learn(self, taken: Taken) -> None:
        """Makes the user's vector again, with the set."""
        view = taken.view
        history = np.concatenate((view.history, taken.items))
        of_set = np.full(len(taken.items), view.set_count, dtype=np.int32)
        history_sets = np.concatenate((view.history_sets, of_set))
        self._vectors.put(view.user, *self._vector(history, history_sets, view.set_count + 1))
        self._popularity.learn(taken)

    def _vector(
        self, history: IntArray, history_sets: IntArray, set_count: int
    ) -> tuple[IntArray, FloatArray]:
        """The distinct items of a history, and the weight of each."""
        sets = np.arange(set_count)
        groups = sets // self._group_size
        to_end = (groups + 1) * self._group_size - 1 - sets
        set_weights = self._within_decay**to_end * self._group_decay ** (groups[-1] - groups)
        count = add_up(history, history_sets, set_weights / set_weights.sum(), self._sums, self._touched)
        items = self._touched[:count].copy()
        weights = self._sums[items]
        self._sums[items] = 0.0
        return items, weights
