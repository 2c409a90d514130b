"""A ranking network that is learned with user-level differential privacy (DP-SGD: Abadi et al., CCS 2016).

What it promises: take any one user's lists out of what is learned, with their places left empty, and every sequence of
weights that comes out is about as likely as before, (epsilon, delta) of `privacy.Budget`, for all of the user's life.

- A step is made of the lists that USERS users had since the last one. Weights stand still meanwhile, so each list's
  gradient is added to its user's sum at once, and no list is kept.
- Each user's sum is clipped to the length NORM; noise of NORM times `Accounts.noise` is added to the sum over users.
- Who has been in STEPS_PER_USER steps is learned from no more. Where nobody is left, no step is made: the weights stay.
- That a step is made once so many users are there says how many were, not what they did ("zero-out" neighbours: Kairouz
  et al., "Practical and private (deep) learning without sampling or shuffling", ICML 2021).
- Nothing else of the weights depends on data: features are scaled by constants, the first layer is fixed, the first
  weights rank as the blend does, and no comparison decides whether they are served.

A list is taken as given: what its features owe to other users, through the statistics, is not covered; nor are the
ranks and losses that are measured for operators.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from online.events import ListLog
from online.learning.drift_response import DriftResponse, lists_seen
from online.learning.judged import Judged
from online.learning.losses import reciprocal_ranks
from online.learning.privacy import Accounts, Budget
from online.learning.weights import mean_kept
from online.ranking.evidence import BLEND, LEARNED, LOGGED
from online.ranking.features import FEATURES, HISTORY_LENGTH
from online.ranking.list_log import features_of_log, had_of_log
from online.ranking.network import Network
from online.saved import as_part, part_of
from online.statistics.base import Floats

USERS = 64
"""In each step."""
NORM = 3.0
"""The longest that a user's sum of gradients may be; a single list's is about 2.5."""
RATE = 0.2
"""Of a step, where NORM is 1 and the sum is divided by USERS."""
QUIET = 2.0
"""Noise up to which RATE holds; with more of it steps are smaller."""
KEPT = 0.998
"""Of how far the weights are from the first ones, at each step: noise does not add up for ever."""
AVERAGED_STEPS = 10
MIDDLE = 6.0
"""Of logarithms of amounts, which are between 0 and 12."""
MIDDLE_LENGTH = 4.0
"""The same of the history's length, some 50 items."""
GATE = 3.0
"""Where a unit of the first layer begins to let its column through."""
WEIGHTS = LEARNED + 2 * LOGGED


def first_layer() -> Network:
    """The network before any step: the blend's ranking, and a first layer that stays as it is.

    Its units come in pairs: an amount passes the one where the history is long, the other where it is short.
    """
    mean, scale = np.zeros(FEATURES, np.float32), np.zeros(FEATURES, np.float32)
    mean[:LOGGED], scale[:LEARNED] = MIDDLE, 1
    mean[HISTORY_LENGTH], scale[HISTORY_LENGTH] = MIDDLE_LENGTH, 1
    hidden = np.zeros((FEATURES, 2 * LOGGED), np.float32)
    hidden[:LOGGED, :LOGGED] = hidden[:LOGGED, LOGGED:] = np.eye(LOGGED)
    hidden[HISTORY_LENGTH, :LOGGED], hidden[HISTORY_LENGTH, LOGGED:] = 1, -1
    bias = np.full(2 * LOGGED, MIDDLE - GATE, np.float32)
    linear = np.zeros(FEATURES, np.float32)
    linear[BLEND] = 1
    return Network(mean, scale, linear, hidden, bias, np.zeros(2 * LOGGED, np.float32))


def clipped(vector: NDArray[np.float64], norm: float) -> NDArray[np.float64]:
    """The vector, shortened to the norm where it is longer; nothing where it has no length."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length):
        return np.zeros_like(vector)
    return vector * (norm / length) if length > norm else vector


class PrivateRankingLearner:
    """Takes lists one by one, and makes a step when enough users' are there; as `RankingLearner` does."""

    publishes_saved_only = True
    """Weights that no snapshot has could be learned again with other noise, of the same lists."""

    def __init__(self, budget: Budget, seed: int | None = None) -> None:
        """Begins with the blend's ranking. A seed is for evaluations: whoever knows it can take the noise away."""
        self.accounts = Accounts(budget)
        self._rng = np.random.default_rng(seed)
        self._rate = RATE * min(1.0, QUIET / self.accounts.noise)
        self._layer = first_layer()
        self._first = np.zeros(WEIGHTS)
        self._first[BLEND] = 1
        self._weights, self._served = self._first.copy(), self._first.copy()
        self._sums: dict[str, NDArray[np.float64]] = {}
        """Of each user who is in the next step, the gradients so far."""
        self._waiting: dict[str, int] = {}
        """How many lists each sum is of."""
        self.drift = DriftResponse(is_noting_only=True)
        self.step_count = 0
        self.loss: float | None = None
        """Of the newest list; None before any."""
        self._judged = Judged()
        """For operators; nothing is decided by it."""

    def learn(self, log: ListLog, item_ids: Collection[str], now_ms: int, user_id: str = "") -> None:
        """Takes a list of a user and the items that were then had, at `now_ms` of the stream's clock."""
        had = had_of_log(log, item_ids)
        if not had.any():
            return
        features = features_of_log(log)
        self._judge(features, had, now_ms)
        if user_id not in self._sums:
            if not self.accounts.has_room(user_id):
                return
            self._sums[user_id], self._waiting[user_id] = np.zeros(WEIGHTS), 0
        self._sums[user_id] += self._gradient(features, had)
        self._waiting[user_id] += 1
        if len(self._sums) == USERS:
            self._step()

    def _inputs(self, features: Floats) -> Floats:
        """[n, WEIGHTS] what the weights are the weights of, of [n, FEATURES]."""
        x, layer = self._layer.layers(features)
        return np.concatenate((x[:, :LEARNED], layer), axis=1)

    def _gradient(self, features: Floats, had: NDArray[np.bool_]) -> NDArray[np.float64]:
        """[WEIGHTS] of a list's loss (`losses.listwise_loss`): softmax minus target, by sqrt(n) of n that were had."""
        inputs = self._inputs(features)
        off = _softmax(inputs @ self._weights) - had / had.sum()
        gradient: NDArray[np.float64] = inputs.T.astype(np.float64) @ off * np.sqrt(had.sum())
        return gradient

    def _step(self) -> None:
        total = np.sum([clipped(summed, NORM) for summed in self._sums.values()], axis=0)
        total += self._rng.normal(0.0, NORM * self.accounts.noise, WEIGHTS)
        self.accounts.charge(self._sums)
        self._weights = self._first + KEPT * (self._weights - self._first)
        self._weights -= self._rate * total / (NORM * USERS)
        self.step_count += 1
        kept = mean_kept(AVERAGED_STEPS, self.step_count)
        self._served = kept * self._served + (1 - kept) * self._weights
        self._sums.clear()
        self._waiting.clear()

    def _judge(self, features: Floats, had: NDArray[np.bool_], now_ms: int) -> None:
        """Ranks a list before it is learned, by what is served and by the blend."""
        scores = (self._inputs(features) @ self._served).astype(np.float32)
        by = [reciprocal_ranks(s[None], had[None]) for s in (scores, features[:, BLEND])]
        self.loss = -float(np.log(_softmax(scores)[had]).mean())
        self._judged.add(*by)
        if self.step_count:
            losses = np.array([self.loss], np.float32)
            listed, targets = features[None], had[None].astype(np.float32)
            self.drift.look(lists_seen(listed, targets, losses, by[0], [now_ms]))

    def forget(self, user_ids: Collection[str]) -> dict[str, int]:
        """Has no list of these users in the next step, and closes their accounts; returns how many of each waited.

        What steps have made of them stays in the weights, within the budget.
        """
        self.accounts.forget(user_ids)
        for user_id in user_ids:
            self._sums.pop(user_id, None)
        return {user_id: self._waiting.pop(user_id, 0) for user_id in user_ids}

    def holds(self, user_id: str) -> bool:
        """Whether lists of the user wait for the next step, or the user has an account."""
        return user_id in self._sums or self.accounts.holds(user_id)

    def network(self) -> Network | None:
        """The weights to serve with; None before the first step, when they rank as the blend does."""
        return self.averaged() if self.step_count else None

    def averaged(self) -> Network:
        """The mean of the weights of late."""
        served = self._served.astype(np.float32)
        linear = np.zeros(FEATURES, np.float32)
        linear[:LEARNED] = served[:LEARNED]
        layer = self._layer
        return Network(layer.mean, layer.scale, linear, layer.hidden, layer.bias, served[LEARNED:])

    def mean_reciprocal_ranks(self) -> dict[str, float]:
        """Of what was had in recent lists, before they were learned, by what ranked them; empty without lists."""
        return self._judged.mean_reciprocal_ranks()

    def save(self) -> dict[str, np.ndarray]:
        """Weights and accounts, by name; sums that wait for the next step are not in it."""
        saved = as_part("privacy/", self.accounts.save())
        saved |= {"private/weights": self._weights.copy(), "private/served": self._served.copy()}
        saved |= {"judged": self._judged.save(), "step_count": np.array(self.step_count)}
        return saved | {"drift": self.drift.save()}

    def load(self, saved: dict[str, np.ndarray]) -> bool:
        """Goes on from what `save` gave.

        Returns:
            False, with nothing changed, if it is of other features, or was learned without privacy.
        """
        if "private/weights" not in saved or saved["private/weights"].shape != (WEIGHTS,):
            return False
        self._weights, self._served = saved["private/weights"].copy(), saved["private/served"].copy()
        self.accounts.load(part_of(saved, "privacy/"))
        self._judged.load(saved["judged"])
        self.step_count = int(saved["step_count"])
        self.drift.load(saved["drift"])
        self._sums.clear()
        self._waiting.clear()
        return True


def _softmax(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())
