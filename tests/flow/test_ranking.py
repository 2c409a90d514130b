"""A ranking that a learner publishes decides the next lists, and outlives the learner in its snapshot."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from online.learning.privacy import Budget
from online.learning.private_ranking import PrivateRankingLearner
from online.learning.ranking import RankingLearner
from online.ranking.evidence import RECENT
from online.ranking.network import Network, pack
from streams.examples_to_model import ExamplesToModel
from streams.learned_ranking import LearnedRanking
from streams.publications import RANKING_KEY, Ranking, decode_ranking
from tests.flow.river import MemoryRiver, run
from tests.flow.test_lists_from_events import event, ids, recommend_all, send
from tests.online.ranking.made_logs import random_log
from tests.online.ranking.made_networks import looking_at


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    """After `a` others had `b`; but most had `popular`."""
    made = MemoryRiver(tmp_path)
    pairs = [event(f"u{n}", item, n * 10 + i) for n in range(20) for i, item in enumerate("ab")]
    send(made, *pairs, *(event(f"v{n}", "popular", 500 + n) for n in range(40)))
    return made


def serving(network: Network | None) -> Any:  # noqa: ANN401  # a patch
    """Every learner serves this network."""
    return patch.object(RankingLearner, "network", lambda _: network)


def rankings(river: MemoryRiver) -> list[Ranking]:
    records = [r for r in river.kafka.records("model") if r.key == RANKING_KEY]
    return [decode_ranking(r.value or b"") for r in records]


async def work_all(river: MemoryRiver) -> None:
    """Works what was sent; later workers know all of it, because the log's clock has left its sets behind."""
    await recommend_all(river)
    river.kafka.now_ms += 5_000
    send(river, event("last", "a", 600 + len(river.kafka.records("interactions"))))
    await recommend_all(river)


async def best_of_next_list(river: MemoryRiver, number: int) -> str:
    user_id = f"new{number}"
    send(river, event(user_id, "a", 1_000 + number))
    await recommend_all(river)
    return ids(river, user_id)[0]


def test_a_published_ranking_orders_the_next_list_until_it_is_taken_back(river: MemoryRiver) -> None:
    async def story() -> None:
        await work_all(river)
        assert await best_of_next_list(river, 1) == "b"
        async with river.learn() as learner:
            with serving(looking_at(RECENT)):
                await learner._publish()
                assert await best_of_next_list(river, 2) == "popular"
            with serving(None):
                await learner._publish()
            assert await best_of_next_list(river, 3) == "b"

    run(river, story)
    assert [bool(one.network) for one in rankings(river)] == [False, True, False]


def test_a_former_learners_ranking_is_ignored(river: MemoryRiver) -> None:
    async def story() -> None:
        await work_all(river)
        async with river.learn() as former, river.learn():
            with serving(looking_at(RECENT)):
                await former._publish()
        assert [(one.epoch, bool(one.network)) for one in rankings(river)] == [
            (1, False),
            (2, False),
            (1, True),
        ]
        async with river.recommend() as process:
            assert process.lists.recommender.network is None
        assert await best_of_next_list(river, 1) == "b"

    run(river, story)


def test_a_learner_that_takes_over_again_publishes_its_ranking_again(river: MemoryRiver) -> None:
    async def story() -> None:
        await work_all(river)
        with serving(looking_at(RECENT)):
            async with river.learn() as first:
                with serving(None):
                    async with river.learn():
                        pass
                await first.load({0})
        assert await best_of_next_list(river, 1) == "popular"

    run(river, story)
    assert [(one.epoch, bool(one.network)) for one in rankings(river)] == [(1, True), (2, False), (3, True)]


def taught(learner: ExamplesToModel) -> RankingLearner:
    """The worker's learner, after some steps on lists that are all alike."""
    inner = learner._ranking._learner
    assert isinstance(inner, RankingLearner)
    log = random_log(np.random.default_rng(0), 20)
    for _ in range(64):
        inner.learn(log, ["i3"], 0)
    saved = inner.save()
    assert inner.load(saved | {"step_count": np.array(500), "judged": np.array([9.0, 9.0, 1.0])})
    return inner


def test_a_successor_goes_on_from_the_snapshots_network(river: MemoryRiver) -> None:
    async def story() -> None:
        await work_all(river)
        async with river.learn() as learner:
            network = taught(learner).network()
            await river.learn_all(learner)
            await learner.save()
        async with river.learn() as successor:
            assert successor._ranking.step_count == 500
        assert network is not None
        assert rankings(river)[-1] == Ranking(2, 500, pack(network))

    run(river, story)


def test_with_privacy_weights_are_published_when_a_snapshot_has_them(river: MemoryRiver) -> None:
    async def story() -> None:
        await work_all(river)
        private = PrivateRankingLearner(Budget(8.0))
        async with river.learn(ranking=LearnedRanking(private)) as learner:
            await river.learn_all(learner)
            log = random_log(np.random.default_rng(0), 20)
            while private.network() is None:
                private.learn(log, ["i3"], 0, f"user{len(private._sums)}")
            await learner._publish()
            assert rankings(river)[-1].network == b""
            await learner.save()
            await learner._publish()
        network = private.network()
        assert network is not None
        assert rankings(river)[-1] == Ranking(1, 1, pack(network))

    run(river, story)


def test_lists_met_by_sets_reach_the_learner(river: MemoryRiver) -> None:
    learned: list[tuple[int, list[str], str]] = []

    def learn(_: RankingLearner, log: Any, item_ids: list[str], now_ms: int, user_id: str) -> None:  # noqa: ANN401  # a log
        assert now_ms > 0
        learned.append((len(log.hashes), item_ids, user_id))

    async def story() -> None:
        await work_all(river)
        send(river, event("new", "a", 1_000), event("new", "b", 1_001))
        await work_all(river)
        async with river.learn() as learner:
            await river.learn_all(learner)

    with patch.object(RankingLearner, "learn", learn), patch("streams.learned_ranking.SHED_MS", 1e18):
        run(river, story)
    of_new = [(item_ids, size > 0) for size, item_ids, user_id in learned if user_id == "new"]
    assert of_new == [(["a"], True), (["b"], True)]
