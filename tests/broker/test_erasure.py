"""Users are erased in the middle of a stream, with workers that are killed: the audit finds what it should."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from online.state_codec import unpack
from streams.auditing.finds import Audit
from streams.auditing.users import audit_users
from streams.cli import app
from streams.erasing import Eraser
from streams.events import Receipt
from streams.settings import to_environ
from tests.broker.river import River, Workers, shoppers, wait_for

GONE = [f"gone-{number:02d}" for number in range(12)]
KILLED_AFTER = {3: "recommend", 7: "learn"}
"""Which worker is killed after how many erasures."""


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


def audited(river: River, user_id: str) -> Audit:
    return asyncio.run(audit_users(river.admin, river.settings, [user_id]))


def wait_clean(river: River, user_id: str) -> Audit:
    """A worker that was killed takes a moment until it answers again."""
    found = audited(river, user_id)

    def is_clean() -> bool:
        nonlocal found
        found = audited(river, user_id)
        return found.is_clean

    wait_for(is_clean, 60, lambda: f"{found.leaks} {found.problems}", pause_s=1.0)
    return found


def cli(river: River, *words: str) -> tuple[int, Any]:
    environment = to_environ(river.settings)
    result = CliRunner().invoke(app, [*words, "--json", "-"], env=environment, catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def erase_all(river: River, workers: Workers) -> dict[str, Receipt]:
    """Erases one after the other while others' events go on, with a worker and the learner killed on the way."""
    others = iter(shoppers(len(GONE) * 50, seed=2, users=40, items=30))
    eraser = Eraser(river.settings)
    requests: set[str] = set()
    for number, user_id in enumerate(GONE):
        requests.add(eraser.ask(user_id).request_id)
        for _ in range(50):
            river.interact(next(others))
        river.flush()
        if number in KILLED_AFTER:
            workers.kill(KILLED_AFTER[number])
    receipts = eraser.receipts(requests, 120)
    eraser.close()
    return {receipt.user_id: receipt for receipt in receipts}


def test_erased_in_the_middle_of_a_stream_with_restarts(river: River, workers: Workers) -> None:
    for user_id in GONE:
        for number in range(20):
            river.interact(event(user_id, number))
    for one in shoppers(400, seed=1, users=40, items=30):
        river.interact(one)
    river.wait_settled()
    receipts = erase_all(river, workers)
    assert receipts.keys() == set(GONE)
    for receipt in receipts.values():
        assert (receipt.erased["users"], receipt.erased["examples"]) == (1, 20)
        assert (receipt.broker_retention_until_ms or 0) > receipt.timestamp_ms
    assert not set(GONE) & river.lists().keys()
    # What was applied of the users, and what was learned of them, is forgotten alike.
    river.wait_counted(400 + 50 * len(GONE))
    for user_id in GONE[:2]:
        found = wait_clean(river, user_id)
        assert found.searched["workers"] == 3
        kept = {find.where for find in found.subjects[0].finds}
        assert {"topic interactions", "topic examples", "topic users", "topic recommendations"} <= kept


def test_the_stub_becomes_a_tombstone_and_the_audit_agrees(river: River, workers: Workers) -> None:
    # Its partition's commits pass the stub's cursor whether or not anything came after it.
    def is_given_up() -> bool:
        newest = river.newest("users")
        return all(newest[user_id] is None for user_id in GONE)

    wait_for(is_given_up, 60, lambda: str({u: river.newest("users")[u] for u in GONE}), pause_s=1.0)
    code, found = cli(river, "audit", GONE[0])
    assert (code, found["problems"]) == (0, [])
    assert "stubs" not in " ".join(
        find["what"] for find in found["subjects"][0]["finds"] if "worker" in find["where"]
    )


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


def test_planted_leaks_are_found(river: River, workers: Workers, tmp_path: Path) -> None:
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
