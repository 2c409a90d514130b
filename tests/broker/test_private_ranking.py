"""A ranking learned with a budget of privacy, on real Kafka: nobody's account is lost, but who asks to be forgotten."""

from itertools import islice
from pathlib import Path

import numpy as np

from online.learning.privacy import epsilon_of
from online.owners import COUNTED, number_of
from streams.erasing import Eraser
from streams.stores.snapshots import SnapshotStore
from streams.topics import full_name, topic_ids
from tests.broker.river import River, shoppers, wait_for

EPSILON, DELTA = 8.0, 1e-6


def accounts(river: River) -> dict[int, float]:
    """What each user, by number, has spent, as the newest snapshot has it."""
    name = full_name(river.settings, "examples")
    found = SnapshotStore(river.settings).newest(topic_ids(river.admin, [name])[name])
    users, spent = (found[1].get(key) if found else None for key in (COUNTED, "ranking.privacy/spent"))
    if not isinstance(users, np.ndarray) or not isinstance(spent, np.ndarray):
        return {}
    return dict(zip(users.tolist(), spent.tolist(), strict=True))


def steps(river: River) -> int:
    model = river.status().model
    return 0 if model is None else model.ranking_steps


def test_what_was_spent_survives_a_crash_and_goes_with_an_erased_user(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    river = River(
        kafka, topic_prefix, tmp_path, snapshot_interval_s=2.0, publish_interval_s=0.5, learn_lists_per_s=1000,
        dp_epsilon=EPSILON, dp_delta=DELTA,
    )  # fmt: skip
    with river.workers(learn=1, recommend=1) as workers:
        for event in shoppers(1200, seed=1):
            river.interact(event)
        river.flush()
        river.wait_counted(1200)
        wait_for(lambda: len(accounts(river)) > 64, 60, lambda: str(river.status()))
        before = accounts(river)
        wait_for(lambda: steps(river) > 0, 30, lambda: str(river.status()))
        assert all(0 < epsilon_of(spent, DELTA) <= EPSILON for spent in before.values())

        workers.kill("learn")
        more = iter(shoppers(10_000, seed=2, users=400))

        def grown() -> bool:
            # What comes while the next learner is ten seconds behind is folded, and not learned to rank from.
            for event in islice(more, 20):
                river.interact(event | {"timestamp_ms": event["timestamp_ms"] + 10**6})
            river.flush()
            return sum(accounts(river).values()) > sum(before.values())

        wait_for(grown, 90, lambda: str(river.status()))
        after = accounts(river)
        assert all(after.get(user, 0.0) >= spent for user, spent in before.items())
        assert all(epsilon_of(spent, DELTA) <= EPSILON for spent in after.values())

        gone = next(user_id for n in range(200) if number_of(user_id := f"user-{n}") in after)
        eraser = Eraser(river.settings)
        receipts = eraser.receipts({eraser.ask(gone).request_id}, 60)
        eraser.close()
        assert len(receipts) == 1
        kept = accounts(river)
        assert number_of(gone) not in kept
        assert kept.keys() >= after.keys() - {number_of(gone)}
