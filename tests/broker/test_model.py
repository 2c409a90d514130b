"""`freshet model` on real Kafka: a learner goes on from an older ranking, and nothing else changes."""

import asyncio
import time
from pathlib import Path

import pytest

from online.evaluation.stream import stream_of
from streams.history_to_model import train
from streams.models import ModelError, compare, list_models, rollback
from tests.broker.river import River, shoppers, wait_for

HISTORY = shoppers(1200, seed=1)


def test_an_older_ranking_is_served_and_learned_on_while_the_log_goes_on(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    # The first of four snapshots is removed: on a busy machine that must not come before it is rolled back to.
    river = River(kafka, topic_prefix, tmp_path, snapshot_interval_s=6, learn_lists_per_s=1000)
    history = stream_of(
        [e["user_id"] for e in HISTORY], [e["item_id"] for e in HISTORY], [e["timestamp_ms"] for e in HISTORY]
    )
    # A topic just made has a leader a moment before that broker knows; a consumer waits for it.
    assert river.records("examples") == []
    trained = asyncio.run(train(river.settings, river.admin, history, None, 0, lambda _done: None))
    (first,) = list_models(river.settings)
    assert first.name == trained.snapshot
    assert first.ranking is not None
    assert first.ranking.steps == trained.ranking_steps > 0

    with river.workers(learn=1, recommend=1) as workers:
        for event in shoppers(600, seed=2):
            river.interact(event | {"timestamp_ms": event["timestamp_ms"] + 10**6})
        river.flush()
        river.wait_counted(1800)
        # What is counted may be in a set that is open yet; where the log stands, it is closed within two seconds.
        time.sleep(4)
        # Once a snapshot has all that was learned, nothing of it is learned again after the rollback.
        wait_for(
            lambda: trained.ranking_steps < newest_steps(river) == steps(river),
            30,
            lambda: str(river.status()),
        )
        before = river.status().model
        newest = list_models(river.settings)[-1]
        assert before is not None
        assert newest.ranking is not None

        found = asyncio.run(compare(river.settings, river.admin, first.name, newest.name, 20))
        assert [one.steps for one in found.rankings] == [trained.ranking_steps, newest.ranking.steps]
        assert 0 < found.cosine < 1
        assert found.users == 20
        assert found.overlap is not None
        assert 0.2 < found.overlap <= 1

        pid = workers.supervisor.pids("learn")[0]
        done = asyncio.run(rollback(river.settings, river.admin, first.name))
        assert done.epoch == before.epoch + 1
        assert done.ranking.steps == trained.ranking_steps
        # The learner sees that it was succeeded, and succeeds in turn.
        wait_for(
            lambda: epoch(river) == done.epoch + 1 and workers.supervisor.pids("learn") not in ([], [pid]),
            60,
            lambda: str(river.status()),
        )
        model = river.status().model
        assert model is not None
        assert model.ranking_steps == trained.ranking_steps
        # What is no ranking follows from the log, and goes on.
        river.wait_counted(1800)
        for event in shoppers(100, seed=3):
            river.interact(event | {"timestamp_ms": event["timestamp_ms"] + 2 * 10**6})
        river.flush()
        river.wait_counted(1900)
        wait_for(lambda: newest_steps(river) > trained.ranking_steps, 30, lambda: str(river.status()))
    with pytest.raises(ModelError, match=r"^no snapshot's name has 'nothing' in it; there are 0000"):
        asyncio.run(rollback(river.settings, river.admin, "nothing"))
    with pytest.raises(ModelError, match=r"^\d snapshots' names have '.npz' in it"):
        asyncio.run(rollback(river.settings, river.admin, ".npz"))


def epoch(river: River) -> int:
    model = river.status().model
    return 0 if model is None else model.epoch


def steps(river: River) -> int:
    model = river.status().model
    return 0 if model is None else model.ranking_steps


def newest_steps(river: River) -> int:
    standing = list_models(river.settings)[-1].ranking
    return 0 if standing is None else standing.steps
