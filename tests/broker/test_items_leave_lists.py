"""An item goes: on real Kafka, with two workers, it is in nobody's newest list a moment later."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from streams.auditing.finds import Audit, DeletedItem
from streams.auditing.items import audit_item
from tests.broker.river import River, wait_for

USERS = 300
LEAKS = {
    "topic items",
    "topic embeddings",
    "topic model",
    "topic recommendations",
    "worker encode held in documents",
    "worker encode held in embeddings",
    "worker learn held in vectors",
    "worker recommend held in documents",
    "worker recommend held in candidates",
    "worker recommend held in vectors",
    "worker recommend held in search",
    "worker recommend held in recommendations",
}
"""Where an item is that was not deleted."""
GONE_S = 1.0
SLACK_S = 4.0
"""Reading all lists again and again takes time, on a machine that does other things too."""


@pytest.fixture(scope="module")
def river(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[River]:
    """Users who had a pot like `vanishing` and `soon`, so that these are in their lists."""
    river = River(kafka, f"leave-{time.time_ns()}-", tmp_path_factory.mktemp("leave"))
    titles = {f"i{n}": f"Gravel rake {n}" for n in range(10)}
    titles |= {name: f"Porcelain teapot, {name}" for name in ("vanishing", "soon", "kept")}
    for name, title in titles.items():
        river.produce("media", {"item_id": name, "title": title}, name)
    with river.workers(encode=1, learn=1, recommend=2):
        wait_for(
            lambda: all(serving(river, name) == 2 for name in ("vanishing", "soon", "kept")),
            120,
            lambda: "some worker does not have the pots yet",
        )
        had = [(f"u{number}", "kept") for number in range(USERS)] + [("u0", "vanishing")]
        for number, (user_id, item_id) in enumerate(had):
            river.interact(
                {"event_id": f"e{number}", "user_id": user_id, "item_id": item_id, "action": "click"}
                | {"timestamp_ms": 1_700_000_000_000 + number * 10_000}
            )
        river.flush()
        river.wait_settled()
        yield river


def lists(river: River) -> dict[str, dict[str, Any]]:
    found = {user: json.loads(value or b"{}") for user, value in river.newest("recommendations").items()}
    assert len(found) == USERS
    return found


def holders(river: River, item_id: str) -> int:
    return sum(item_id in {item["item_id"] for item in found["items"]} for found in lists(river).values())


def audited(river: River, item_id: str = "vanishing") -> Audit:
    return asyncio.run(audit_item(river.admin, river.settings, item_id))


def serving(river: River, item_id: str) -> int:
    """How many workers that make lists have the item's vector."""
    finds = [find for subject in audited(river, item_id).subjects for find in subject.finds]
    return sum("worker recommend" in find.where and find.what == "held in vectors" for find in finds)


def places(audit: Audit) -> set[str]:
    """Where there are leaks; of a worker its role and what holds the item."""
    return {
        f"{find.where.rsplit(' ', 1)[0]} {find.what}" if "worker" in find.where else find.where
        for find in audit.leaks
    }


def changed_after_ms(river: River, item_id: str, from_ms: int) -> list[int]:
    """How long after `from_ms` Kafka had each list that was changed for the item."""
    records = river.records("recommendations")
    found = [(json.loads(record.value())["cause"], record.timestamp()[1]) for record in records]
    return [
        at_ms - from_ms for cause, at_ms in found if (cause["kind"], cause["event_id"]) == ("item", item_id)
    ]


def test_a_deleted_item_leaves_every_list_within_a_second(river: River) -> None:
    held = holders(river, "vanishing")
    assert held > USERS / 2
    assert places(audited(river)) == LEAKS
    from_ms = time.time_ns() // 1_000_000
    river.produce("media", None, "vanishing")
    river.flush()
    wait_for(
        lambda: holders(river, "vanishing") == 0,
        SLACK_S,
        lambda: f"{holders(river, 'vanishing')} lists still hold it",
    )
    took_ms = changed_after_ms(river, "vanishing", from_ms)
    assert len(took_ms) >= held
    assert max(took_ms) < GONE_S * 1_000 + SLACK_S * 1_000 / 4
    assert all(len(found["items"]) == 10 for found in lists(river).values())


def test_the_audit_finds_nothing_of_it_but_what_deletion_leaves(river: River) -> None:
    found = audited(river)

    def is_clean() -> bool:
        nonlocal found
        found = audited(river)
        return found.is_clean

    wait_for(is_clean, 30, lambda: f"{found.leaks} {found.problems}", pause_s=0.5)
    (subject,) = found.subjects
    assert isinstance(subject, DeletedItem)
    assert subject.deleted_ms is not None
    assert found.searched["workers"] == 4
    kept = {find.where for find in subject.finds}
    assert {"topic interactions", "topic media", "topic examples", "topic users", "topic items"} <= kept
    # Somebody brings its document back, without anybody's asking.
    river.produce("items", {"item_id": "vanishing", "title": "Teapot"}, "vanishing")
    river.flush()
    leaks = {"topic items", "worker recommend held in documents", "worker recommend held in candidates"}
    wait_for(lambda: places(audited(river)) >= leaks, 10, lambda: str(audited(river).leaks))
    river.produce("items", None, "vanishing")
    river.flush()
    wait_for(is_clean, 10, lambda: f"{found.leaks} {found.problems}", pause_s=0.5)


def test_an_item_that_expires_leaves_without_an_event(river: River) -> None:
    held = holders(river, "soon")
    end_ms = time.time_ns() // 1_000_000 + 2_000
    river.produce("media", {"item_id": "soon", "expires_ms": end_ms}, "soon")
    river.flush()
    time.sleep(1.0)
    assert holders(river, "soon") == held > USERS / 2
    wait_for(
        lambda: holders(river, "soon") == 0, 1 + SLACK_S, lambda: f"{holders(river, 'soon')} lists hold it"
    )
    assert min(changed_after_ms(river, "soon", end_ms)) >= 0
