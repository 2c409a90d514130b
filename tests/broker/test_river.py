"""The promise, on real Kafka with real processes: applied once, learned once, lists fresh, through SIGKILL."""

import signal
import time
from pathlib import Path

from tests.broker.river import River, shoppers


def test_every_event_counts_once_through_a_kill_of_each_role(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    river = River(kafka, topic_prefix, tmp_path, snapshot_interval_s=4)
    with river.workers(encode=1, learn=1, recommend=1) as workers:
        started_s = time.monotonic()
        kills = {900: "recommend", 1800: "learn", 2400: "encode", 3300: "recommend"}
        for number, event in enumerate(shoppers(4500, seed=1)):
            river.interact(event)
            if number % 40 == 0:
                river.interact(event)  # a producer's retry
            if number % 50 == 0:
                river.interact(event | {"event_id": f"astray-{number}"}, partition=number % 12)
            if number in kills:
                workers.kill(kills[number], signal.SIGKILL)
            time.sleep(max(0.0, started_s + number / 300 - time.monotonic()))
        river.flush()
        river.wait_settled()
        river.wait_fresh()
