"""Baseline: matrix factorisation refitted from time to time, as recommenders are that train in batches."""

from functools import partial
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.popularity import Popularity
from online.evaluation.stream import BoolArray
from online.evaluation.top_k import filled, top_k_known

REFIT_EVENTS = 5_000
"""Distinct items of sets between two fits."""


class ImplicitAls:
    """implicit's ALS for positive-only feedback (Hu, Koren & Volinsky, 2008), fitted to all events so far.

    Minimises sum over u, i of c_ui * (p_ui - x_u . y_i) ** 2 + regularisation, with p_ui = 1 and c_ui = 1 + alpha *
    (sets of u with i) where there are any, p_ui = 0 and c_ui = 1 elsewhere. Lists come from the newest fit, however
    old; what happened since, also to this user, is not in them. Users whom the fit doesn't know get the most popular
    items.
    """

    def __init__(
        self,
        item_count: int,
        refit_events: int = REFIT_EVENTS,
        factor_count: int = 64,
        alpha: float = 1.0,
        regularisation: float = 0.01,
    ) -> None:
        """Makes a model without factors. Fitting needs the package implicit."""
        self._item_count, self._refit_events = item_count, refit_events
        self._factor_count, self._alpha, self._regularisation = factor_count, alpha, regularisation
        self._users: list[int] = []
        self._items: list[int] = []
        self._fitted_count = 0
        self._user_factors: NDArray[np.float32] = np.zeros((0, factor_count), dtype=np.float32)
        self._item_factors: NDArray[np.float32] = np.zeros((item_count, factor_count), dtype=np.float32)
        self._knows_user: BoolArray = np.zeros(0, dtype=np.bool_)
        self._knows_item: BoolArray = np.zeros(item_count, dtype=np.bool_)
        self._popularity = Popularity(item_count)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The items of the newest fit that are nearest to the user's factors, then the most popular."""
        if view.user >= len(self._knows_user) or not self._knows_user[view.user]:
            return self._popularity.recommend(view, k)
        scores = (self._item_factors @ self._user_factors[view.user]).astype(np.float64)
        best = top_k_known(scores, self._knows_item, view.hidden, k)
        return filled(best, partial(self._popularity.recommend, view), k)

    def learn(self, taken: Taken) -> None:
        """Keeps the set, and fits everything again when enough has come."""
        self._users.extend(repeat(taken.view.user, len(taken.items)))
        self._items.extend(taken.items.tolist())
        self._popularity.learn(taken)
        if len(self._items) - self._fitted_count >= self._refit_events:
            self._fit()
            self._fitted_count = len(self._items)

    def _fit(self) -> None:
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415  # an extra, only for this baseline
        from scipy.sparse import coo_matrix  # noqa: PLC0415  # as above: implicit brings it
        from threadpoolctl import threadpool_limits  # noqa: PLC0415  # as above

        counts = coo_matrix(
            (np.ones(len(self._users), dtype=np.float32), (self._users, self._items)),
            shape=(max(self._users) + 1, self._item_count),
        ).tocsr()
        self._knows_user = np.diff(counts.indptr) > 0
        self._knows_item[counts.indices] = True
        counts.data = 1.0 + self._alpha * counts.data
        with threadpool_limits(1):  # one thread like every method, and the same sums whatever the machine
            model = AlternatingLeastSquares(
                self._factor_count, self._regularisation, num_threads=1, random_state=0
            )
            model.fit(counts, show_progress=False)
        self._user_factors, self._item_factors = model.user_factors, model.item_factors
