"""An item goes: on real Kafka, with two workers, it is in nobody's newest list a moment later."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.broker.river import River, wait_for

USERS = 300
GONE_S = 1.0
SLACK_S = 4.0
"""Reading all lists again and again takes time, on a machine that does other things too."""


@pytest.fixture(scope="module")
def river(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[River]:
    """Users who all had `gone`, `soon` and `kept` and so have them in their lists."""
    river = River(kafka, f"leave-{time.time_ns()}-", tmp_path_factory.mktemp("leave"))
    for n in range(30):
        river.produce("media", {"item_id": f"i{n}", "title": f"Teapot {n}"}, f"i{n}")
    with river.workers(encode=1, learn=1, recommend=2):
        for number in range(USERS):
            for order, item_id in enumerate(("gone", "soon", "kept", "i1")):
                river.interact(
                    {
                        "event_id": f"e{number}-{order}",
                        "user_id": f"u{number}",
                        "item_id": item_id,
                        "action": "click",
                    }
                    | {"timestamp_ms": 1_700_000_000_000 + number * 10_000 + order * 1_000}
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


def changed_after_ms(river: River, item_id: str, from_ms: int) -> list[int]:
    """How long after `from_ms` Kafka had each list that was changed for the item."""
    records = river.records("recommendations")
    found = [(json.loads(record.value())["cause"], record.timestamp()[1]) for record in records]
    return [
        at_ms - from_ms for cause, at_ms in found if (cause["kind"], cause["event_id"]) == ("item", item_id)
    ]


def test_a_deleted_item_leaves_every_list_within_a_second(river: River) -> None:
    held = holders(river, "gone")
    assert held > USERS / 2
    from_ms = time.time_ns() // 1_000_000
    river.produce("media", None, "gone")
    river.flush()
    wait_for(
        lambda: holders(river, "gone") == 0, SLACK_S, lambda: f"{holders(river, 'gone')} lists still hold it"
    )
    took_ms = changed_after_ms(river, "gone", from_ms)
    assert len(took_ms) >= held
    assert max(took_ms) < GONE_S * 1_000 + SLACK_S * 1_000 / 4
    assert all(len(found["items"]) == 10 for found in lists(river).values())


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
