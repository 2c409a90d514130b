"""Backup and restore on real Kafka: a river that flows is copied, and goes on under another prefix."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from online.state_codec import unpack
from streams.backup import BackupError
from streams.backup.restore import Restored, restore
from streams.backup.write import Made, back_up
from streams.events import Recommendation
from tests.broker.river import River, shoppers


def new_river(kafka: str, prefix: str, home: Path) -> River:
    home.mkdir()
    return River(kafka, prefix, home, snapshot_interval_s=2, partitions=4)


def copy(river: River, folder: Path) -> Made:
    return back_up(river.settings, river.admin, str(folder))


def pour(river: River, folder: Path) -> Restored:
    return asyncio.run(restore(river.settings, river.admin, str(folder)))


def ranked(lists: dict[str, Recommendation]) -> dict[str, list[str]]:
    return {user_id: [item.item_id for item in found.items] for user_id, found in lists.items()}


def states(river: River) -> dict[str, tuple[int, int, list[str], list[str]]]:
    found = {user_id: unpack(value) for user_id, value in river.newest("users").items() if value}
    return {user: (s.applied_count, s.applied_xor, list(s.had), s.current) for user, s in found.items()}


def kept(river: River, topic: str) -> dict[int, list[tuple[Any, ...]]]:
    """What of each partition's records is as it was: all but their offsets."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for m in river.records(topic):
        found.setdefault(m.partition(), []).append((m.key(), m.value(), m.timestamp()[1]))
    return found


def flow(river: River, events: list[dict[str, Any]]) -> None:
    for event in events:
        river.interact(event)
        time.sleep(0.002)
    river.flush()


def test_a_restored_river_has_the_same_lists_and_counts_each_event_once(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    first, second, third = (new_river(kafka, f"{topic_prefix}{n}-", tmp_path / str(n)) for n in range(3))
    events = list(shoppers(1500, seed=3, users=60))
    with first.workers(learn=1, recommend=1):
        first.produce("media", {"item_id": "item-1", "title": "One"}, "item-1")
        first.produce("interactions", b"no JSON", "user-1")
        # One without an id of its own: only its place can tell that it was applied.
        without = {name: value for name, value in events[0].items() if name != "event_id"}
        first.produce("interactions", without, events[0]["user_id"])
        flow(first, events[:800])
        first.wait_counted(801)
        flowing = threading.Thread(target=flow, args=(first, events[800:]))
        flowing.start()
        made = copy(first, tmp_path / "flowing")
        flowing.join()
        first.wait_counted(1501)
    assert made.snapshots
    assert 802 <= made.records["interactions"] <= 1502
    copy(first, tmp_path / "rest")
    with pytest.raises(BackupError, match="is not empty; a backup is never written over"):
        copy(first, tmp_path / "rest")

    pour(second, tmp_path / "rest")
    assert ranked(second.lists()) == ranked(first.lists())
    assert states(second) == states(first)
    for topic in ("interactions", "media", "dead-letters"):
        assert kept(second, topic) == kept(first, topic) != {}
    with pytest.raises(BackupError, match="is not empty, or was not always"):
        pour(second, tmp_path / "flowing")

    restored = pour(third, tmp_path / "flowing")
    assert restored.records == made.records
    applied = made.records["interactions"] - 1
    with third.workers(learn=1, recommend=1):
        with pytest.raises(BackupError, match="learn, recommend workers are running"):
            pour(third, tmp_path / "flowing")
        # What had not been worked when it was copied is worked now, and all else not again.
        third.wait_counted(applied)
        third.interact(events[7] | {"event_id": "further", "timestamp_ms": 1_800_000_000_000})
        third.interact(events[7])  # a producer's retry from before
        third.flush()
        third.wait_counted(applied + 1)
        third.wait_fresh()
    assert sum(count for count, *_ in states(third).values()) == applied + 1
