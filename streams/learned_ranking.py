"""The learner's ranking network: learned from the log, published when it changed, kept in snapshots."""

import logging
from collections.abc import Collection
from itertools import product
from typing import TYPE_CHECKING, TypeAlias, get_args

from online.events import POSITIVE_ACTIONS, ExampleSet
from online.learning.alarm import Alarm, Measure, Segment
from online.ranking.list_log import is_readable
from online.ranking.network import Network, pack
from online.saved import Saved, arrays_of, as_part
from streams import metrics
from streams.hurry import SHED_MS
from streams.producer import Outgoing
from streams.publications import RANKING_KEY, Ranking, encode_ranking
from streams.settings import Settings

if TYPE_CHECKING:
    from online.learning.private_ranking import PrivateRankingLearner
    from online.learning.ranking import RankingLearner

    Learner: TypeAlias = RankingLearner | PrivateRankingLearner

logger = logging.getLogger(__name__)

PREFIX = "ranking."
PRIVACY = f"{PREFIX}privacy/"
"""How a snapshot's names begin of what was spent of users' privacy."""


class LearnedRanking:
    """What the learner does with the lists in the log."""

    def __init__(self, learner: "Learner") -> None:
        self._learner = learner
        self._published: bytes | None = None
        self._saving: Network | None = None
        self._kept: Network | None = None
        """The network in the newest snapshot."""
        # From the start, at zero: Prometheus sees no increase in a counter that begins at one.
        for segment, measure in product(get_args(Segment), get_args(Measure)):
            metrics.DRIFT_ALARMS.labels(segment=segment, measure=measure)

    @property
    def step_count(self) -> int:
        """Steps made so far."""
        return self._learner.step_count

    @property
    def alarm_count(self) -> int:
        """How often it was found to get worse all of a sudden."""
        return self._learner.drift.alarm_count

    @property
    def alarms(self) -> list[Alarm]:
        """The last alarms, the newest last."""
        return list(self._learner.drift.alarms)

    @property
    def is_served(self) -> bool:
        """Whether lists are ranked by it, and not by the fixed blend."""
        return self._learner.network() is not None

    def learn(self, example_set: ExampleSet, late_ms: int) -> None:
        """Learns from the list that a set met, if the log has it, as this version does, and is not read too late."""
        log = example_set.examples[0].list_log
        if log is None or late_ms > SHED_MS or not is_readable(log):
            return
        item_ids = [e.item_id for e in example_set.examples if e.action in POSITIVE_ACTIONS]
        known = self.alarm_count
        self._learner.learn(log, item_ids, example_set.timestamp_ms, example_set.user_id)
        for alarm in self.alarms[len(self.alarms) - (self.alarm_count - known) :]:
            logger.warning("the ranking got worse: %s", alarm)
            metrics.DRIFT_ALARMS.labels(segment=alarm.segment, measure=alarm.measure).inc()

    def forget(self, user_ids: Collection[str]) -> dict[str, int]:
        """Replays no list of these users any more; returns how many of each were kept."""
        return self._learner.forget(user_ids)

    def holds(self, user_id: str) -> bool:
        """Whether a list of the user is kept."""
        return self._learner.holds(user_id)

    def measure(self) -> None:
        """Sets the gauges."""
        metrics.RANKING_STEPS.set(self.step_count)
        if self._learner.loss is not None:
            metrics.RANKING_LOSS.set(self._learner.loss)
        for by, rank in self._learner.mean_reciprocal_ranks().items():
            metrics.RECIPROCAL_RANK.labels(by=by).set(rank)
        if self._learner.accounts is not None:
            metrics.PRIVACY_EPSILON.set(self._learner.accounts.epsilon())
            metrics.PRIVACY_EXHAUSTED.set(self._learner.accounts.exhausted_ratio())

    def outgoing(self, topic: str, epoch: int) -> list[Outgoing]:
        """The record that has to be published, if the network is another than the one published last.

        With privacy it is the newest snapshot's: whoever goes on from there learns the lists since then again, with
        other noise, and what was published of them would count twice.
        """
        network = self._kept if self._learner.publishes_saved_only else self._learner.network()
        packed = b"" if network is None else pack(network)
        if packed == self._published:
            return []
        self._published = packed
        return [Outgoing(topic, RANKING_KEY, encode_ranking(Ranking(epoch, self.step_count, packed)), 0)]

    def save(self) -> Saved:
        """What a snapshot has to hold."""
        self._saving = self._learner.network()
        return as_part(PREFIX, self._learner.save())

    def kept(self) -> None:
        """Is told that what `save` gave last is in the store."""
        self._kept = self._saving

    def load(self, saved: Saved) -> None:
        """Goes on from a snapshot; one without a network that fits changes nothing that was learned."""
        is_in_it = self._learner.load(arrays_of(saved, PREFIX))
        self._kept = self._learner.network() if is_in_it else None
        self._published = None


def new_ranking(settings: Settings, seed: int = 0) -> LearnedRanking:
    """A ranking that knows nothing yet, with privacy if the settings say so; the seed is of the first weights."""
    if settings.dp_epsilon is not None:
        from online.learning.privacy import Budget  # noqa: PLC0415  # heavy, and only the learner needs it
        from online.learning.private_ranking import PrivateRankingLearner  # noqa: PLC0415  # as above

        return LearnedRanking(PrivateRankingLearner(Budget(settings.dp_epsilon, settings.dp_delta)))
    from online.learning.ranking import RankingConfig, RankingLearner  # noqa: PLC0415  # as above

    return LearnedRanking(RankingLearner(RankingConfig(seed=seed)))


def with_ranking(newest: Saved, ranking: Saved) -> Saved:
    """A snapshot with another ranking; what was spent of users' privacy stays spent."""
    kept = {name: part for name, part in newest.items() if not name.startswith(PREFIX)}
    return kept | ranking | {name: part for name, part in newest.items() if name.startswith(PRIVACY)}


def is_private(saved: Saved) -> bool:
    """Whether a snapshot's ranking was learned with differential privacy."""
    return any(name.startswith(PRIVACY) for name in saved)
