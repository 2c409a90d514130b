"""A hundred users are erased in the middle of a stream, with workers that are killed and topics that are compacted."""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its __all__
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from typer.testing import CliRunner

from online.state_codec import unpack
from streams import topics
from streams.auditing.finds import Audit
from streams.auditing.users import audit_users
from streams.cli import app
from streams.erasing import Eraser
from streams.events import Receipt
from streams.settings import to_environ
from tests.broker.river import River, Workers, shoppers, wait_for

GONE = [f"gone-{number:03d}" for number in range(100)]
ACTED = 4
"""Events of each of them that are applied and learned before the first is erased."""
KILLED_AFTER = {10: "learn", 30: "recommend", 70: "recommend"}
"""Which worker is killed after how many erasures."""
OTHERS = 300
PAUSE_S = 0.05
"""Between two events of the others, and between two erasures: the stream goes on all the while."""
COMPACTED = ("recommendations", "users")
"""Compacted topics by user."""
AT_ONCE = {
    "segment.ms": "500",
    "min.cleanable.dirty.ratio": "0.0",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "500",
    "delete.retention.ms": "500",
}
"""What makes a broker compact a topic within seconds."""


@pytest.fixture(scope="module")
def river(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> River:
    more = {"partitions": 4, "session_timeout_s": 6.0, "snapshot_interval_s": 2.0, "publish_interval_s": 0.5}
    return River(kafka, "erasure-", tmp_path_factory.mktemp("erasure"), **more)


@pytest.fixture(scope="module")
def workers(river: River) -> Iterator[Workers]:
    with river.workers(recommend=2, learn=1) as running:
        yield running


def event(user_id: str, number: int) -> dict[str, Any]:
    return {
        "event_id": f"{user_id}-{number}",
        "user_id": user_id,
        "item_id": f"item-{number % 7}",
        "action": "click",
        "timestamp_ms": 1_700_000_000_000 + number * 1_000,
    }


@contextmanager
def streaming(river: River) -> Iterator[Counter[str]]:
    """The others act on and on; how often each of them did."""
    ended = threading.Event()
    acted: Counter[str] = Counter()

    def act() -> None:
        for one in shoppers(10_000, seed=2, users=OTHERS, items=30):
            if ended.wait(PAUSE_S):
                return
            river.interact(one)
            acted[one["user_id"]] += 1

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield acted
    finally:
        ended.set()
        thread.join()
        river.flush()


@contextmanager
def compacting(river: River) -> Iterator[None]:
    """The broker compacts what is kept by user as soon as it can, as it would within a day."""
    names = [topics.full_name(river.settings, base) for base in COMPACTED]
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    for resource in resources:
        for name, value in AT_ONCE.items():
            resource.add_incremental_config(
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            )
    for future in river.admin.incremental_alter_configs(resources).values():
        future.result(timeout=30)
    yield
    assert topics.alter(river.admin, river.settings) == []


def audited(river: River, *user_ids: str) -> Audit:
    return asyncio.run(audit_users(river.admin, river.settings, user_ids))


def wait_clean(river: River, *user_ids: str) -> Audit:
    """A worker that was killed takes a moment until it answers again."""
    found = audited(river, *user_ids)

    def is_clean() -> bool:
        nonlocal found
        found = found if found.is_clean else audited(river, *user_ids)
        return found.is_clean

    wait_for(is_clean, 60, lambda: f"{found.leaks} {found.problems}", pause_s=1.0)
    return found


def cli(river: River, *words: str) -> tuple[int, Any]:
    environment = to_environ(river.settings)
    result = CliRunner().invoke(app, [*words, "--json", "-"], env=environment, catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def values_of_gone(river: River) -> int:
    """Records of compacted topics, read from their beginning, that have a value under the key of an erased user."""
    records = (record for base in COMPACTED for record in river.records(base))
    return sum(record.value() is not None and record.key().decode() in GONE for record in records)


def erase_all(river: River, workers: Workers) -> dict[str, Receipt]:
    """Erases one after the other, every second of them right after an event, with workers killed on the way."""
    eraser = Eraser(river.settings)
    requests: set[str] = set()
    for number, user_id in enumerate(GONE):
        if number % 2:
            river.interact(event(user_id, ACTED))
            river.flush()
        requests.add(eraser.ask(user_id).request_id)
        time.sleep(PAUSE_S)
        if number in KILLED_AFTER:
            workers.kill(KILLED_AFTER[number])
    receipts = eraser.receipts(requests, 120)
    eraser.close()
    return {receipt.user_id: receipt for receipt in receipts}


def expect_nothing_of_gone(river: River) -> None:
    for partition, hashes in river.expected.items():
        river.expected[partition] = {one: h for one, h in hashes.items() if not one.startswith("gone-")}
    for user_id in GONE:
        river.last.pop(user_id, None)


def test_a_hundred_are_erased_in_the_middle_of_a_stream_with_restarts_and_compaction(
    river: River, workers: Workers
) -> None:
    for user_id in GONE:
        for number in range(ACTED):
            river.interact(event(user_id, number))
    river.flush()
    river.wait_settled()
    with streaming(river) as acted:
        receipts = erase_all(river, workers)
        assert receipts.keys() == set(GONE)
        for number, user_id in enumerate(GONE):
            receipt = receipts[user_id]
            assert receipt.erased["users"] == 1
            # The event right before may have waited in its partition; then it never counts.
            assert receipt.erased["examples"] in ({ACTED, ACTED + 1} if number % 2 else {ACTED})
            assert (receipt.broker_retention_until_ms or 0) > receipt.timestamp_ms

        def is_given_up() -> bool:
            newest = river.newest("users")
            return all(newest[user_id] is None for user_id in GONE)

        # A partition's commits pass the cursor of a stub whether or not anything came after it.
        wait_for(is_given_up, 60, lambda: str({u: river.newest("users")[u] for u in GONE}), pause_s=1.0)
        # State, stub and list of each: so far they are replaced, and still there.
        assert values_of_gone(river) > len(GONE)
        with compacting(river):
            wait_for(
                lambda: values_of_gone(river) == 0, 60, lambda: f"{values_of_gone(river)} values are left"
            )
    found = wait_clean(river, *GONE)
    assert found.searched["workers"] == 3
    assert found.searched["files of the store"] > 0
    assert [subject.id for subject in found.subjects] == GONE
    kept = {find.where for subject in found.subjects for find in subject.finds}
    assert {"topic interactions", "topic examples", "topic erasures"} <= kept
    assert not any("worker" in where for where in kept)
    # Of the others, each event was applied and learned once, and each list knows the user's last event.
    expect_nothing_of_gone(river)
    river.wait_settled()
    assert river.wait_fresh().keys() == river.last.keys() == acted.keys()
    states = {user_id: unpack(value) for user_id, value in river.newest("users").items() if value}
    assert {user_id: state.applied_count for user_id, state in states.items()} == acted
    assert len(acted) > OTHERS / 2


def test_the_verbs_erase_and_find_who_was_not(river: River, workers: Workers) -> None:
    code, found = cli(river, "audit", "user-1")
    (subject,) = found["subjects"]
    assert (code, subject["receipt"]) == (1, None)
    held = {find["where"].rsplit(" ", 1)[0] for find in subject["finds"]}
    assert {"topic users", "topic recommendations"} <= held | {find["where"] for find in subject["finds"]}
    assert "worker recommend" in held
    code, receipt = cli(river, "erase", "user-1", "--wait")
    assert (code, receipt["user_id"], receipt["erased"]["users"]) == (0, "user-1", 1)
    wait_clean(river, "user-1")


def test_planted_leaks_are_found(river: River, workers: Workers) -> None:
    user_id = GONE[1]
    river.produce("model", json.dumps({"profiles": {f"of:{user_id}": [0.5]}}).encode(), "profiles", 0)
    river.produce("recommendations", b"{}", user_id)
    river.flush()
    planted = Path(river.settings.store_url) / "erasure-snapshots" / "profiles.bin"
    planted.write_bytes(b"\0\1" + user_id.encode() + b"\0\2")
    leaks = {(find.where, find.what) for find in audited(river, user_id).leaks}
    planted.unlink()
    river.produce("model", None, "profiles", 0)
    river.produce("recommendations", None, user_id)
    river.flush()
    assert leaks == {
        ("topic model", "named for longer than the receipt states"),
        ("topic recommendations", "a value that nothing has replaced"),
        ("store profiles.bin", "named in contents"),
    }


def test_a_late_event_starts_a_new_and_empty_user(river: River, workers: Workers) -> None:
    user_id = GONE[2]
    river.interact(event(user_id, 99))
    river.flush()
    wait_for(lambda: user_id in river.lists(), 30, lambda: "no list")
    wait_for(lambda: river.newest("users")[user_id] is not None, 30, lambda: "no state")
    state = unpack(river.newest("users")[user_id] or b"")
    assert (state.applied_count, state.history, [p.item_id for p in state.open]) == (1, [], ["item-1"])
    leaks = {find.what for find in audited(river, user_id).leaks}
    assert {"written after the erasure", "a value that nothing has replaced"} <= leaks
