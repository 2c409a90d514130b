"""Can the weights tell whose lists they were learned from? A membership-inference test by the size of losses.

Some users are held out: their lists are ranked and scored as all others', never learned from. An attacker who sees a
list, and what was had of it, guesses that its user was learned from if the network's loss is small (Yeom et al., CSF
2018), compared with the blend's loss of the same list (difficulty calibration: Watson et al., ICLR 2022). The AUC is
the chance that such a guess puts one that was learned before one that was not: .5 is guessing.
"""

from collections.abc import Collection
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from online.evaluation.serving import Ranks
from online.events import ListLog
from online.learning.drift_response import DriftResponse
from online.ranking.evidence import BLEND
from online.ranking.list_log import features_of_log, had_of_log
from online.ranking.network import Network
from online.statistics.base import Floats

HELD_OUT = 5
"""One of so many users is."""
KEPT = 20_000
"""Lists that are attacked at most, an even sample of all."""


def is_held_out(user_id: str) -> bool:
    """Whether the user is, by a hash of the id: the same users in every run."""
    return blake2b(user_id.encode(), digest_size=8, person=b"held out").digest()[0] % HELD_OUT == 0


class HeldOut:
    """A learner from which some users are held out, and lists of both kinds kept to attack it with."""

    def __init__(self, learner: Ranks, seed: int) -> None:
        self._learner = learner
        self._rng = np.random.default_rng(seed)
        self._seen = 0
        self._logs: list[tuple[ListLog, NDArray[np.bool_], str]] = []

    @property
    def drift(self) -> DriftResponse:
        """The learner's."""
        return self._learner.drift

    @property
    def step_count(self) -> int:
        """The learner's."""
        return self._learner.step_count

    def network(self) -> Network | None:
        """The learner's."""
        return self._learner.network()

    def learn(self, log: ListLog, item_ids: Collection[str], now_ms: int, user_id: str = "") -> None:
        """Has the list learned, unless its user is held out."""
        had = had_of_log(log, item_ids)
        if had.any():
            self._keep(log, had, user_id)
        if not is_held_out(user_id):
            self._learner.learn(log, item_ids, now_ms, user_id)

    def _keep(self, log: ListLog, had: NDArray[np.bool_], user_id: str) -> None:
        """Reservoir sampling (Vitter, 1985)."""
        self._seen += 1
        if len(self._logs) < KEPT:
            self._logs.append((log, had, user_id))
        elif (place := int(self._rng.integers(self._seen))) < KEPT:
            self._logs[place] = (log, had, user_id)

    def attack(self, network: Network) -> tuple[float, float]:
        """The AUC of guesses about single lists, and about users by all of their lists that are kept."""
        losses: dict[str, list[float]] = {}
        for log, had, user_id in self._logs:
            features = features_of_log(log)
            excess = loss(network.scores(features), had) - loss(features[:, BLEND], had)
            losses.setdefault(user_id, []).append(excess)
        of_lists, of_users = (
            {
                out: [
                    value
                    for user_id, found in losses.items()
                    if is_held_out(user_id) is out
                    for value in of(found)
                ]
                for out in (False, True)
            }
            for of in (list, lambda found: [float(np.mean(found))])
        )
        return auc(of_lists[False], of_lists[True]), auc(of_users[False], of_users[True])


def loss(scores: Floats, had: NDArray[np.bool_]) -> float:
    """The cross-entropy of a list's softmax and what was had, each as 1 / n of n."""
    wide = scores.astype(np.float64)
    return float(np.log(np.exp(wide - wide.max()).sum()) - (wide[had] - wide.max()).mean())


def auc(learned: list[float], held_out: list[float]) -> float:
    """The chance that a loss of the learned is below one of the held out; ties count half, .5 where there are none."""
    if not learned or not held_out:
        return 0.5
    order = np.sort(np.array(held_out))
    below = np.searchsorted(order, learned, side="left")
    ties = np.searchsorted(order, learned, side="right") - below
    return float((len(order) - below - ties / 2).mean() / len(order))
