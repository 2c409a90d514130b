"""The ranking network, learned online by replay: a listwise softmax over lists as they stood.

A list without any of the items that were then had teaches nothing. Every STEP_LISTS new lists make one step, together
with some old ones; what is served is the mean of the weights over the last AVERAGED_STEPS or so (Polyak averaging):
longer means lag behind a shop whose week changes. When the ranking gets worse all of a sudden (`drift.py`), it learns
faster for a while, and from what came lately (`drift_response.py`).
"""

import copy
from collections.abc import Collection

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.events import ListLog
from online.learning.adamw import AdamW
from online.learning.drift_response import DriftResponse, lists_seen
from online.learning.judged import Judged
from online.learning.losses import list_losses, listwise_loss, reciprocal_ranks
from online.learning.moments import Moments
from online.learning.perceptron import Perceptron
from online.learning.platt import PlattLearner
from online.learning.replay import ListReplay
from online.learning.weights import mean_kept
from online.owners import NOBODY, Owners
from online.ranking.evidence import BLEND
from online.ranking.features import FEATURES
from online.ranking.list_log import features_of_log, had_of_log, head_of_log
from online.ranking.network import Network
from online.saved import as_part, part_of
from online.statistics.base import Floats

STEP_LISTS = 16
RAMP_STEPS = 100
"""Over which the learning rate grows to its value; until then no drift is looked for."""
SERVED_STEPS = 25
"""After so many the network is served, as soon as it ranks better than the blend."""
AVERAGED_STEPS = 20


class RankingConfig(msgspec.Struct, frozen=True):
    """Settings of a RankingLearner: one default for every stream."""

    hidden: int = 32
    """Width of the perceptron's layer."""
    rate: float = 3e-3
    """AdamW's learning rate."""
    weight_decay: float = 1e-4
    replayed: int = 48
    """Old lists in each step."""
    answers_drift: bool = True
    """Whether an alarm changes for a while how it learns, and is not only noted."""
    seed: int = 0
    """Of the first weights and of what is replayed."""


class RankingLearner:
    """Takes lists one by one, and makes a step when enough are there: some 10 ms on one core."""

    publishes_saved_only = False
    """Whether weights that no snapshot has yet must not be served."""
    accounts = None
    """Nothing is promised of anybody's privacy; see `private_ranking.py`."""

    def __init__(self, config: RankingConfig | None = None) -> None:
        self.config = config if config is not None else RankingConfig()
        self._rng = np.random.default_rng(self.config.seed)
        self._net = Perceptron(self.config.hidden, self._rng)
        self._served = copy.deepcopy(self._net)
        self._optimizer = AdamW(len(self._net.vector), self.config.weight_decay)
        self._replay = ListReplay()
        self._owners = Owners()
        self._moments = Moments(FEATURES)
        self._platt = PlattLearner()
        self._new: list[int] = []
        """The stream's time of each list since the last step."""
        self.drift = DriftResponse(is_noting_only=not self.config.answers_drift)
        self.step_count = 0
        self.loss: float | None = None
        """Of the newest step; None before the first."""
        self._judged = Judged()
        """Decides whether the network is served or the blend."""

    def learn(self, log: ListLog, item_ids: Collection[str], now_ms: int, user_id: str = "") -> None:
        """Takes a list and the items that were then had, at `now_ms` of the stream's clock.

        The user, if one is given, can be forgotten.
        """
        had = had_of_log(log, item_ids)
        if not item_ids or not len(had):
            return
        if log.head:
            self._platt.learn(*head_of_log(log, item_ids))
        if not had.any():
            return
        features = features_of_log(log)
        self._moments.update(features)
        self._replay.add(features, had, self._owners.of(user_id))
        self._new.append(now_ms)
        if len(self._new) == STEP_LISTS:
            self._step()
            self._new.clear()

    def forget(self, user_ids: Collection[str]) -> dict[str, int]:
        """Keeps no list of these users any more; returns how many of each there were.

        What steps have made of them stays in the weights.
        """
        owners = {self._owners.of(user_id): user_id for user_id in user_ids}
        gone = self._replay.forget(list(owners))  # [kept] the newest last
        new = len(self._new)
        self._new = [
            at_ms for at_ms, owner in zip(self._new, gone[len(gone) - new :], strict=True) if owner == NOBODY
        ]
        return {user_id: int(np.count_nonzero(gone == owner)) for owner, user_id in owners.items()}

    def holds(self, user_id: str) -> bool:
        """Whether a list of the user is kept."""
        return self._replay.holds(self._owners.of(user_id))

    def network(self) -> Network | None:
        """The weights to serve with; None while they are untrained, or rank worse than the blend of late."""
        if self.step_count < SERVED_STEPS or self._judged.prefers_blend():
            return None
        return self.averaged()

    def averaged(self) -> Network:
        """The mean of the weights of late, whatever they are worth."""
        network = self._served.network(*self._moments.values())
        return msgspec.structs.replace(network, platt=self._platt.platt())

    def mean_reciprocal_ranks(self) -> dict[str, float]:
        """Of what was had in recent lists, before they were learned, by what ranked them; empty without lists."""
        return self._judged.mean_reciprocal_ranks()

    def _step(self) -> None:
        factor, recent = self.drift.pace()
        drawn, targets, absent = self._replay.draw(STEP_LISTS, self.config.replayed, recent, self._rng)
        features = drawn.astype(np.float32)
        self._judge(features[:STEP_LISTS], targets[:STEP_LISTS], absent[:STEP_LISTS])
        network = self._net.network(*self._moments.values())
        x, layer = network.layers(features.reshape(-1, FEATURES))
        scores = network.scores_of(x, layer).reshape(targets.shape)
        self.loss, pull = listwise_loss(np.where(absent, -np.inf, scores), targets)
        rate = self.config.rate * factor * min(1.0, (self.step_count + 1) / RAMP_STEPS)
        gradient = self._net.gradient(x, layer, pull.ravel())
        self._optimizer.step(self._net.vector, gradient, rate)
        self.step_count += 1
        self._served.follow(self._net, mean_kept(AVERAGED_STEPS, self.step_count))

    def _judge(self, features: Floats, targets: Floats, absent: NDArray[np.bool_]) -> None:
        """Ranks new lists before they are learned, by what is served and by the blend."""
        scores = self.averaged().scores(features.reshape(-1, FEATURES)).reshape(targets.shape)
        by_network, by_blend = (np.where(absent, -np.inf, by) for by in (scores, features[:, :, BLEND]))
        ranks = [reciprocal_ranks(by, targets > 0) for by in (by_network, by_blend)]
        self._judged.add(*ranks)
        if self.step_count >= RAMP_STEPS:
            losses = list_losses(by_network, targets)
            # Replay gives the newest first.
            seen = lists_seen(features, targets, losses, ranks[0], self._new[::-1])
            self.drift.look(seen[::-1])

    def save(self) -> dict[str, np.ndarray]:
        """Weights, the optimizer's state and moments, by name; lists for replay are gathered anew."""
        saved = as_part("net/", self._net.save()) | as_part("served/", self._served.save())
        saved |= as_part("adamw/", self._optimizer.save())
        saved |= as_part("moments/", self._moments.save()) | as_part("platt/", self._platt.save())
        saved |= {"judged": self._judged.save(), "step_count": np.array(self.step_count)}
        return saved | {"drift": self.drift.save()}

    def load(self, saved: dict[str, np.ndarray]) -> bool:
        """Goes on from what `save` gave.

        Returns:
            False, with nothing changed but that no former list is kept, if it is of other features or widths than
            this version's.
        """
        # Another learner may have been told since to forget some of these.
        self._replay, self._new = ListReplay(), []
        if not self._net.fits(part_of(saved, "net/")):
            return False
        self._net.load(part_of(saved, "net/"))
        self._served.load(part_of(saved, "served/"))
        self._optimizer.load(part_of(saved, "adamw/"))
        self._moments.load(part_of(saved, "moments/"))
        if platt := part_of(saved, "platt/"):  # an earlier version's snapshot knows nothing of chances
            self._platt.load(platt)
        self._judged.load(saved["judged"])
        self.step_count = int(saved["step_count"])
        if "drift" in saved:  # as above, of a still earlier version
            self.drift.load(saved["drift"])
        return True
