"""`freshet train` on real Kafka: a first model from history, lists without any event, and a stream that goes on."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from streams.publications import ITEM_PREFIX, SPACES_KEY, decode_ranking, decode_spaces
from streams.settings import to_environ
from tests.broker.client import Client, ids, value_of
from tests.broker.river import River, shoppers, wait_for

HISTORY = shoppers(2500, seed=1)
ITEMS = sorted({e["item_id"] for e in HISTORY})


def train(river: River, tmp_path: Path, events: list[dict[str, Any]]) -> "subprocess.CompletedProcess[str]":
    file = tmp_path / "history.csv"
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(("user_id", "item_id", "timestamp"))
        rows.writerows((e["user_id"], e["item_id"], e["timestamp_ms"]) for e in events)
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", "train", "--interactions", str(file), "--timestamp-unit", "ms",
         "--json", "-"],
        env=os.environ | to_environ(river.settings), capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def send_media(river: River) -> None:
    """Every item gets a text; returns when each has a vector, and no worker runs any more."""
    with river.workers(encode=1, learn=1):
        for item_id in ITEMS:
            number = int(item_id.removeprefix("item-"))
            media = {"item_id": item_id, "title": f"shelf {number // 20} row {number // 4}"}
            river.produce("media", media, item_id)
        river.flush()
        vectors = {ITEM_PREFIX.decode() + item_id for item_id in ITEMS}
        wait_for(lambda: vectors <= river.newest("model").keys(), 60, lambda: str(river.status()))
        wait_for(lambda: SPACES_KEY.decode() in river.newest("model"), 30, lambda: str(river.status()))


def tower(river: River) -> bytes:
    """The taste that is served with the items' vectors."""
    return decode_spaces(river.newest("model")[SPACES_KEY.decode()] or b"").taste


def ask(client: Client, user_id: str) -> list[str]:
    request = {"request_id": f"of {user_id}", "kind": "recommend", "user_id": user_id}
    client.send("requests", request, user_id)
    return ids(value_of(client.wait("responses", lambda m: value_of(m)["request_id"] == f"of {user_id}")))


def test_workers_list_from_history_at_once_and_the_stream_goes_on_from_it(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    river = River(kafka, topic_prefix, tmp_path, snapshot_interval_s=2)
    send_media(river)
    assert not tower(river)
    # What an earlier training knew, and this one does not, is gone.
    first = train(river, tmp_path, [{"user_id": "nobody", "item_id": "item-0", "timestamp_ms": 1000}])
    assert first.returncode == 0, first.stderr
    done = train(river, tmp_path, list(HISTORY))
    assert done.returncode == 0, done.stderr
    trained = json.loads(done.stdout)
    assert trained["events"] == 2500
    assert trained["ranking_steps"] > 100
    assert trained["fusion_steps"] > 100
    ranking = decode_ranking(river.newest("model")["ranking"] or b"")
    assert ranking.step_count == trained["ranking_steps"]
    assert bool(ranking.network) == trained["is_ranking_served"]
    status = river.status()
    assert status.model is not None
    assert status.model.snapshot == trained["snapshot"]
    assert status.users == trained["users"] == len({e["user_id"] for e in HISTORY})
    assert status.applied == status.learned
    client = Client(kafka, topic_prefix)
    try:
        with river.workers(recommend=1):
            # Users keep to items near their own number: the list of an untrained worker would be empty.
            for user in (3, 20, 37):
                near = {f"item-{(user * 7 + step) % 300}" for step in range(12)}
                assert len(near & set(ask(client, f"user-{user}"))) >= 5
            wait_for(
                lambda: len(river.lists()) == trained["users"], 60, lambda: f"{len(river.lists())} lists"
            )
            assert {found.cause.kind for found in river.lists().values()} == {"schedule"}
        with river.workers(learn=1, recommend=1):
            # Items' vectors are those that history taught, before anything of the stream is learned.
            wait_for(lambda: bool(tower(river)), 60, lambda: str(river.status()))
            # The same ids again, as events of the stream, are events of their own.
            for event in shoppers(300, seed=2):
                river.interact(event | {"timestamp_ms": event["timestamp_ms"] + 10**6})
            river.flush()
            lists = river.wait_fresh()
            assert all(len(found.items) == 10 for found in lists.values())
            river.wait_counted(2800)
            refused = train(river, tmp_path, list(HISTORY))
            assert refused.returncode == 2
            assert "learn workers are running" in refused.stderr
    finally:
        client.close()
    refused = train(river, tmp_path, list(HISTORY))
    assert refused.returncode == 2
    assert "already holds what happened" in refused.stderr
