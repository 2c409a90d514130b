"""A ranking learned with a budget of privacy, on real Kafka: nobody's account is lost, but who asks to be forgotten."""

from collections.abc import Callable
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


def shops_until(river: River, done: Callable[[], bool], limit_s: float, seed: int, users: int = 200) -> None:
    """Has shoppers shop, some hundred events a second, until `done`; what a seed's shoppers do is later than before."""
    events = iter(shoppers(20_000, seed, users=users))

    def shopped() -> bool:
        for event in islice(events, 20):
            river.interact(event | {"timestamp_ms": event["timestamp_ms"] + seed * 10**8})
        river.flush()
        return done()

    wait_for(shopped, limit_s, lambda: f"{len(accounts(river))} accounts of {river.status()}")


def test_what_was_spent_survives_a_crash_and_goes_with_an_erased_user(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    river = River(
        kafka, topic_prefix, tmp_path, snapshot_interval_s=2.0, publish_interval_s=0.5, learn_lists_per_s=1000,
        dp_epsilon=EPSILON, dp_delta=DELTA,
    )  # fmt: skip
    with river.workers(learn=1, recommend=1) as workers:
        # Shoppers go on until it is so: of what comes while a worker is late, only the statistics are learned.
        shops_until(river, lambda: steps(river) > 0 and len(accounts(river)) > 64, 90, seed=1)
        river.wait_settled()
        before = accounts(river)
        assert all(0 < epsilon_of(spent, DELTA) <= EPSILON for spent in before.values())

        workers.kill("learn")
        shops_until(
            river, lambda: sum(accounts(river).values()) > sum(before.values()), 90, seed=2, users=400
        )
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
