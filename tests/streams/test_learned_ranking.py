from typing import Any, cast

import numpy as np
import pytest
from prometheus_client import Counter

from online.events import Example, ExampleSet, ListLog
from online.learning.alarm import Alarm
from online.learning.drift_response import DriftResponse
from online.learning.privacy import Accounts, Budget
from online.learning.private_ranking import USERS, PrivateRankingLearner
from online.learning.ranking import STEP_LISTS, RankingLearner
from online.ranking.network import Network, unpack
from online.saved import arrays_of
from streams import metrics
from streams.hurry import SHED_MS
from streams.learned_ranking import PREFIX, LearnedRanking, new_ranking, with_ranking
from streams.producer import Outgoing
from streams.publications import RANKING_KEY, decode_ranking
from streams.settings import Settings
from tests.online.ranking.made_logs import random_log
from tests.online.ranking.made_networks import network_of

LOG = random_log(np.random.default_rng(0), 4)
DRIFT_MS = 77
"""When the learner notices drift."""


class FakeLearner:
    """Notes what it is given, and has the network it is told to."""

    accounts: Accounts | None = None
    publishes_saved_only = False

    def __init__(self) -> None:
        self.step_count = 7
        self.loss: float | None = 2.5
        self.served: Network | None = None
        self.learned: list[list[str]] = []
        self.drift = DriftResponse()
        self.loaded: list[set[str]] = []

    def learn(self, log: ListLog, item_ids: list[str], now_ms: int, user_id: str) -> None:
        assert log is LOG
        assert user_id
        self.learned.append(item_ids)
        if now_ms == DRIFT_MS:
            self.drift.alarms.append(Alarm(now_ms, "warm", "loss", "adwin", 3.0, 4.0, "hurries"))
            self.drift.alarm_count += 1

    def mean_reciprocal_ranks(self) -> dict[str, float]:
        return {"network": 0.4, "blend": 0.3}

    def network(self) -> Network | None:
        return self.served

    def save(self) -> dict[str, np.ndarray]:
        return {"net/a": np.ones(2)}

    def load(self, saved: dict[str, np.ndarray]) -> bool:
        self.loaded.append(set(saved))
        return True


@pytest.fixture
def learner() -> FakeLearner:
    return FakeLearner()


@pytest.fixture
def ranking(learner: FakeLearner) -> LearnedRanking:
    return LearnedRanking(cast(Any, learner))


def example(item_id: str, action: str, log: ListLog | None) -> Example:
    return Example("u", item_id, action, 1.0, 0, 0, 0, 0, 0, 0, [], [], list_log=log)


def set_of(log: ListLog | None, timestamp_ms: int = 0) -> ExampleSet:
    actions = (("a", "impression"), ("b", "click"), ("c", "hide"), ("d", "purchase"))
    examples = [example(item_id, action, log if item_id == "a" else None) for item_id, action in actions]
    return ExampleSet("u", timestamp_ms, [], [], examples)


def published(messages: list[Outgoing]) -> list[tuple[int, int, bytes]]:
    """Epoch, steps and network of each."""
    assert all((m.topic, m.key, m.partition) == ("model", RANKING_KEY, 0) for m in messages)
    rankings = [decode_ranking(m.value or b"") for m in messages]
    return [(one.epoch, one.step_count, one.network) for one in rankings]


def test_what_was_had_is_learned_with_the_list_that_its_set_met(
    ranking: LearnedRanking, learner: FakeLearner
) -> None:
    ranking.learn(set_of(LOG), 0)
    ranking.learn(set_of(None), 0)
    assert learner.learned == [["b", "d"]]


def test_a_list_that_another_version_logged_is_not_learned_from(
    ranking: LearnedRanking, learner: FakeLearner
) -> None:
    older = ListLog(LOG.hashes, LOG.columns[:-8], LOG.means, LOG.request)
    ranking.learn(set_of(older), 0)
    assert learner.learned == []


def test_a_learner_that_is_late_catches_up_first(ranking: LearnedRanking, learner: FakeLearner) -> None:
    ranking.learn(set_of(LOG), SHED_MS + 1)
    assert learner.learned == []
    ranking.learn(set_of(LOG), SHED_MS)
    assert len(learner.learned) == 1


def test_an_alarm_is_logged_and_counted_once(
    ranking: LearnedRanking, caplog: pytest.LogCaptureFixture
) -> None:
    counter = metrics.DRIFT_ALARMS.labels(segment="warm", measure="loss")
    before = counter._value.get()
    for timestamp_ms in (0, DRIFT_MS, 1, 2):
        ranking.learn(set_of(LOG, timestamp_ms), 0)
    assert counter._value.get() == before + 1
    assert (ranking.alarm_count, [alarm.timestamp_ms for alarm in ranking.alarms]) == (1, [DRIFT_MS])
    (record,) = caplog.records
    assert "the ranking got worse" in record.getMessage()
    assert "hurries" in record.getMessage()


def test_every_kind_of_alarm_is_counted_from_zero_on(
    learner: FakeLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prometheus sees no increase in a counter that begins at one: the alert would miss the first of each kind."""
    counter = Counter("alarms", "Drift.", ["segment", "measure"], registry=None)
    monkeypatch.setattr(metrics, "DRIFT_ALARMS", counter)
    LearnedRanking(cast(Any, learner))
    (family,) = counter.collect()
    counts = [sample.value for sample in family.samples if sample.name.endswith("_total")]
    assert counts == [0.0] * 4 * 2


def test_a_network_is_published_when_it_changed_and_only_then(
    ranking: LearnedRanking, learner: FakeLearner
) -> None:
    # That none is served yet is published too: a predecessor's may still be.
    assert published(ranking.outgoing("model", 3)) == [(3, 7, b"")]
    assert ranking.outgoing("model", 3) == []
    for seed in (1, 2):
        learner.served = network_of(4, seed=seed)
        ((epoch, steps, packed),) = published(ranking.outgoing("model", 3))
        assert (epoch, steps) == (3, 7)
        network = unpack(packed)
        assert network is not None
        np.testing.assert_array_equal(network.linear, learner.served.linear)
        assert ranking.outgoing("model", 3) == []
    learner.served = None
    assert published(ranking.outgoing("model", 3)) == [(3, 7, b"")]


def test_steps_loss_and_ranks_are_measured(ranking: LearnedRanking) -> None:
    ranking.measure()
    assert (metrics.RANKING_STEPS._value.get(), metrics.RANKING_LOSS._value.get()) == (7, 2.5)
    assert metrics.RECIPROCAL_RANK.labels(by="network")._value.get() == 0.4


def test_with_privacy_nothing_is_published_that_a_successor_could_learn_again(
    ranking: LearnedRanking, learner: FakeLearner
) -> None:
    learner.publishes_saved_only = True
    learner.served = saved = network_of(4, seed=1)
    assert published(ranking.outgoing("model", 1)) == [(1, 7, b"")]
    ranking.save()
    learner.served = network_of(4, seed=2)
    assert ranking.outgoing("model", 1) == []  # the store has not said yet that it has it
    ranking.kept()
    ((_, _, packed),) = published(ranking.outgoing("model", 1))
    network = unpack(packed)
    assert network is not None
    np.testing.assert_array_equal(network.linear, saved.linear)


def test_with_privacy_nor_is_what_was_learned_before_a_takeover_without_any_snapshot() -> None:
    learner, log = PrivateRankingLearner(Budget(8.0)), random_log(np.random.default_rng(0), 5)
    for user in range(USERS):
        learner.learn(log, ["i1"], 0, f"u{user}")
    ranking = LearnedRanking(learner)
    ranking.load({})
    assert published(ranking.outgoing("model", 2)) == [(2, 1, b"")]
    ranking.save()
    ranking.kept()
    assert len(ranking.outgoing("model", 2)) == 1


def test_what_was_spent_of_privacy_is_measured(ranking: LearnedRanking, learner: FakeLearner) -> None:
    learner.accounts = accounts = Accounts(Budget(8.0))
    ranking.measure()
    assert (metrics.PRIVACY_EPSILON._value.get(), metrics.PRIVACY_EXHAUSTED._value.get()) == (0, 0)
    accounts.charge(["a"])
    while accounts.has_room("b"):
        accounts.charge(["b"])
    ranking.measure()
    assert metrics.PRIVACY_EPSILON._value.get() == pytest.approx(8.0)
    assert metrics.PRIVACY_EXHAUSTED._value.get() == 0.5


def test_the_settings_say_whether_there_is_privacy() -> None:
    private = new_ranking(Settings(dp_epsilon=3.0, dp_delta=1e-7))._learner
    assert isinstance(private, PrivateRankingLearner)
    assert private.accounts.budget == Budget(3.0, 1e-7)
    assert isinstance(new_ranking(Settings())._learner, RankingLearner)


def test_after_a_load_it_is_published_again(ranking: LearnedRanking, learner: FakeLearner) -> None:
    learner.served = network_of(4)
    before = published(ranking.outgoing("model", 1))
    ranking.load({})
    after = published(ranking.outgoing("model", 2))
    assert [packed for _, _, packed in after] == [packed for _, _, packed in before]
    assert after[0][0] == 2


def test_a_snapshot_holds_it_beside_the_rest(ranking: LearnedRanking, learner: FakeLearner) -> None:
    saved = ranking.save()
    assert list(saved) == [PREFIX + "net/a"]
    ranking.load(saved | {"recommender.graph/x": np.ones(1), "sets": b"", PREFIX + "odd": b"no array"})
    assert learner.loaded == [{"net/a"}]


def test_through_a_snapshot_a_learner_goes_on_where_it_was() -> None:
    first, second = RankingLearner(), RankingLearner()
    rng = np.random.default_rng(0)
    for _ in range(2 * STEP_LISTS):
        first.learn(random_log(rng, 6), ["i2"], 0)
    restored = LearnedRanking(second)
    restored.load(LearnedRanking(first).save())
    assert restored.step_count == 2
    for name, array in first.save().items():
        np.testing.assert_array_equal(second.save()[name], array, err_msg=name)


def test_an_older_ranking_does_not_bring_back_what_was_spent_since() -> None:
    learner = PrivateRankingLearner(Budget(8.0))
    log = random_log(np.random.default_rng(0), 5)

    def step() -> None:
        for user in range(USERS):
            learner.learn(log, ["i1"], 0, f"u{user}")

    step()
    older = LearnedRanking(learner).save()
    step()
    newest = {"sets": b"open", **LearnedRanking(learner).save()}
    rolled_back = with_ranking(newest, older)
    restored = PrivateRankingLearner(Budget(8.0))
    assert restored.load(arrays_of(rolled_back, PREFIX))
    assert rolled_back["sets"] == b"open"
    assert restored.step_count == 1
    assert restored.accounts.epsilon() == learner.accounts.epsilon()
