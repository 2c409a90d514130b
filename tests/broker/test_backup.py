"""Backup and restore on real Kafka: a river that flows is copied, and goes on under another prefix."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from online.state_codec import unpack
from streams.events import Recommendation
from streams.settings import to_environ
from tests.broker.river import River, shoppers


def new_river(kafka: str, prefix: str, home: Path) -> River:
    home.mkdir()
    return River(kafka, prefix, home, snapshot_interval_s=2, partitions=4)


def run(river: River, verb: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", verb, str(folder), "--json", "-"],
        env=os.environ | to_environ(river.settings), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def ranked(lists: dict[str, Recommendation]) -> dict[str, list[str]]:
    return {user_id: [item.item_id for item in found.items] for user_id, found in lists.items()}


def states(river: River) -> dict[str, tuple[int, int, list[str]]]:
    found = {user_id: unpack(value) for user_id, value in river.newest("users").items() if value}
    return {user_id: (s.applied_count, s.applied_xor, list(s.had)) for user_id, s in found.items()}


def kept(river: River, topic: str) -> list[tuple[Any, ...]]:
    """What of the records is as it was: all but their offsets."""
    return [(m.partition(), m.key(), m.value(), m.timestamp()[1]) for m in river.records(topic)]


def test_a_restored_river_has_the_same_lists_and_counts_each_event_once(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    first = new_river(kafka, f"{topic_prefix}a-", tmp_path / "a")
    second = new_river(kafka, f"{topic_prefix}b-", tmp_path / "b")
    events = list(shoppers(1500, seed=3, users=60))
    with first.workers(encode=1, learn=1, recommend=1):
        media = {"item_id": "item-1", "title": "One"}
        first.produce("media", media, "item-1")
        first.produce("interactions", b"no JSON", "user-1")
        for event in events[:1000]:
            first.interact(event)
        # One without an id of its own: only its place can tell that it was applied.
        first.produce(
            "interactions", {k: v for k, v in events[0].items() if k != "event_id"}, events[0]["user_id"]
        )
        first.flush()
        first.wait_counted(1001)
        # While events flow.
        flowing = threading.Thread(target=_flow, args=(first, events[1000:]))
        flowing.start()
        made = run(first, "backup", tmp_path / "copy")
        flowing.join()
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["snapshots"]
    again = run(first, "backup", tmp_path / "copy")
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)

    restored = run(second, "restore", tmp_path / "copy")
    assert restored.returncode == 0, restored.stderr
    counts = json.loads(restored.stdout)["records"]
    for topic in ("interactions", "media", "embeddings", "dead-letters", "responses"):
        original = kept(first, topic)
        assert counts[topic] > 0 or topic == "responses"
        for partition in range(4):
            there = [r for r in original if r[0] == partition]
            here = [r for r in kept(second, topic) if r[0] == partition]
            assert here == there[: len(here)]
    lists = ranked(second.lists())
    assert lists
    refused = run(second, "restore", tmp_path / "copy")
    assert (refused.returncode, "is not empty, or was not always" in refused.stderr) == (2, True)

    copied = counts["interactions"] - 1
    with second.workers(encode=1, learn=1, recommend=1):
        # What had not been worked when it was copied is worked now, and all else not again.
        second.wait_counted(copied)
        before = states(second)
        assert sum(count for count, _, _ in before.values()) == copied
        unchanged = {
            user_id: ids for user_id, ids in ranked(second.lists()).items() if lists.get(user_id) == ids
        }
        assert len(unchanged) > len(lists) // 2
        second.interact(events[7] | {"event_id": "further", "timestamp_ms": 1_800_000_000_000})
        second.interact(events[7])  # a producer's retry from before
        second.flush()
        second.wait_counted(copied + 1)
        second.wait_fresh()


def _flow(river: River, events: list[dict[str, Any]]) -> None:
    for event in events:
        river.interact(event)
        time.sleep(0.004)
    river.flush()


def test_a_river_at_rest_gives_the_very_same_lists_and_states(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    first = new_river(kafka, f"{topic_prefix}c-", tmp_path / "c")
    second = new_river(kafka, f"{topic_prefix}d-", tmp_path / "d")
    with first.workers(learn=1, recommend=1):
        for event in shoppers(300, seed=4, users=20):
            first.interact(event)
        first.flush()
        first.wait_settled()
    assert run(first, "backup", tmp_path / "copy").returncode == 0
    running = run(first, "restore", tmp_path / "copy")
    assert (running.returncode, "is not empty" in running.stderr) == (2, True)
    assert run(second, "restore", tmp_path / "copy").returncode == 0
    with second.workers(learn=1, recommend=1):
        assert "workers are running" in run(second, "restore", tmp_path / "copy").stderr
        second.wait_counted(300)
        time.sleep(2)
    assert ranked(second.lists()) == ranked(first.lists())
    assert states(second) == states(first)
    assert len(second.records("interactions")) == 300
