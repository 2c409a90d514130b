"""The data verbs as an operator types them, seen by a client that knows only Kafka."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from typer.testing import CliRunner

from streams.cli import app
from streams.events import Cause, ListItem, Recommendation, Through
from streams.kafka import admin_client
from streams.settings import Settings
from streams.topics import create, home_partition

PARTITIONS = 3
MEDIA_PARTITIONS = 4


class River(NamedTuple):
    kafka: str
    prefix: str

    def environment(self) -> dict[str, str]:
        return {
            "FRESHET_KAFKA": self.kafka,
            "FRESHET_TOPIC_PREFIX": self.prefix,
            "FRESHET_PARTITIONS": str(PARTITIONS),
        }

    def run(self, *arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, arguments, env=self.environment(), catch_exceptions=False)
        return result.exit_code, result.stdout, result.stderr

    def publish(self, user: str, list_id: str) -> bytes:
        cause = Cause("interaction", "e-1", "interactions", 0, 1, 5)
        items = [ListItem("i1", 1, 0.5, None, "graph", [])]
        found = Recommendation(user, list_id, 5, 1, cause, Through(0, 1, 0), "default", items)
        value = msgspec.json.encode(found)
        self._send("recommendations", user, value)
        return value

    def publish_title(self, item: str, title: str) -> None:
        self._send("items", item, json.dumps({"item_id": item, "title": title}).encode())

    def _send(self, topic: str, key: str, value: bytes) -> None:
        producer = Producer({"bootstrap.servers": self.kafka, "partitioner": "murmur2_random"})
        producer.produce(self.prefix + topic, value, key)
        assert producer.flush(10) == 0

    def read(self, topic: str, partitions: int) -> list[Message]:
        consumer = Consumer(
            {"bootstrap.servers": self.kafka, "group.id": "test", "enable.partition.eof": True}
        )
        consumer.assign([TopicPartition(self.prefix + topic, p, OFFSET_BEGINNING) for p in range(partitions)])
        messages: list[Message] = []
        ended = 0
        while ended < partitions:
            message = consumer.poll(10)
            assert message is not None
            if message.error():
                ended += 1
            else:
                messages.append(message)
        consumer.close()
        return messages


@pytest.fixture
def river(kafka: str, topic_prefix: str) -> River:
    settings = Settings(kafka=kafka, topic_prefix=topic_prefix, partitions=PARTITIONS)
    create(admin_client(settings), settings)
    return River(kafka, topic_prefix)


def _events(messages: list[Message]) -> list[dict[str, Any]]:
    values = [json.loads(message.value() or b"") for message in messages]
    return [event for value in values for event in (value if isinstance(value, list) else [value])]


def _csv(path: Path, rows: int) -> str:
    lines = [f"h{n % 17},p{n},{1_763_800_000 + n}" for n in range(rows)]
    path.write_text("household,product,when\n" + "\n".join(lines) + "\n")
    return str(path)


MAPPED = ("--columns", "user_id=household,item_id=product,timestamp_ms=when")
MAPPED_CSV = (*MAPPED, "--timestamp-unit", "s", "--set", "action=purchase")


def test_every_row_of_a_csv_lies_at_home_and_twice_has_the_same_ids(river: River, tmp_path: Path) -> None:
    file = _csv(tmp_path / "a.csv", 200)
    code, out, err = river.run("produce", "interactions", file, *MAPPED_CSV, "--json", "-")
    assert code == 0, err
    summary = json.loads(out)
    assert (summary["sent"], summary["refused"], summary["messages"]) == (200, 0, 200)
    once = river.read("interactions", PARTITIONS)
    for message in once:
        event = _events([message])[0]
        key = (message.key() or b"").decode()
        assert key == event["user_id"]
        assert message.partition() == home_partition(key, PARTITIONS)
    events = sorted(_events(once), key=lambda event: int(event["item_id"][1:]))
    assert events[3] == {
        "user_id": "h3",
        "item_id": "p3",
        "action": "purchase",
        "timestamp_ms": 1_763_800_003_000,
        "event_id": events[3]["event_id"],
    }
    # Packed, from the same file: the same events, with the same ids.
    code, out, err = river.run("produce", "interactions", file, *MAPPED_CSV, "--packed", "20", "--json", "-")
    assert code == 0, err
    packed = river.read("interactions", PARTITIONS)
    packed = [message for message in packed if (message.value() or b"").startswith(b"[")]
    assert json.loads(out)["messages"] == len(packed) < 20
    for message in packed:
        inside = _events([message])
        assert (message.key() or b"").decode() == inside[0]["user_id"]
        assert {home_partition(event["user_id"], PARTITIONS) for event in inside} == {message.partition()}
    assert sorted(_events(packed), key=lambda event: int(event["item_id"][1:])) == events
    assert len({event["event_id"] for event in events}) == 200


def test_bad_json_lines_are_named_and_the_good_ones_arrive(river: River, tmp_path: Path) -> None:
    file = tmp_path / "media.jsonl"
    good = [{"item_id": f"i{n}", "title": None, "tags": ["a"]} for n in range(5)]
    bad = [{"item_id": "x", "price": -1}, {"item_id": "x", "titel": "y"}] + [{}] * 10
    file.write_text("\n".join(json.dumps(row) for row in bad + good))
    code, out, err = river.run("produce", "media", str(file), "--json", "-")
    assert code == 1
    assert f"{file}:1: Expected `float` >= 0.0 - at `$.price`" in err
    assert f"{file}:2: Object contains unknown field `titel`" in err
    assert f"{file}: 2 more rows refused" in err
    assert json.loads(out) | {"seconds": 0} == {"sent": 5, "refused": 12, "messages": 5, "seconds": 0}
    messages = river.read("media", MEDIA_PARTITIONS)
    assert sorted((message.key() or b"").decode() for message in messages) == [f"i{n}" for n in range(5)]
    assert {"item_id": "i0", "title": None, "tags": ["a"], "schema_version": 1} in _events(messages)


def test_parquet_with_times_and_whole_number_ids_up_to_a_limit(river: River, tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    when = pa.array([1_763_800_000_000_000] * 9, pa.timestamp("us"))
    numbers = list(range(9))
    pq.write_table(pa.table({"household": numbers, "product": numbers, "when": when, "shop": numbers}), file)
    arguments = ("produce", "interactions", str(file), *MAPPED, "--set", "action=purchase", "--limit", "4")
    code, _, err = river.run(*arguments)
    assert code == 0, err
    assert f"{file}: columns that fill no field: shop" in err
    events = _events(river.read("interactions", PARTITIONS))
    assert sorted(event["user_id"] for event in events) == ["0", "1", "2", "3"]
    assert {event["timestamp_ms"] for event in events} == {1_763_800_000_000}


def test_missing_topics_are_one_line_that_says_what_to_do(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    river = River(kafka, topic_prefix)
    for arguments in (("produce", "interactions", _csv(tmp_path / "a.csv", 1), *MAPPED_CSV), ("lists",)):
        code, _, err = river.run(*arguments)
        assert code == 2
        assert err.count("\n") == 1
        assert "missing; try `freshet topics create`" in err


def test_lists_are_the_newest_of_each_user_and_a_user_without_one_is_named(river: River) -> None:
    river.publish("u1", "old")
    new, other = river.publish("u1", "new"), river.publish("u2", "other")
    river.publish_title("i1", "Milk")
    assert river.run("lists", "--json", "-") == (0, f"{new.decode()}\n{other.decode()}\n", "")
    code, out, _ = river.run("lists", "--user", "u1")
    assert code == 0
    assert "u1: 1970-01-01" in out
    assert "Milk" in out
    assert "u2" not in out
    code, out, err = river.run("lists", "--user", "u2", "--user", "u3", "--json", "-")
    assert (code, out, err) == (1, f"{other.decode()}\n", "freshet: user u3 has no list yet\n")


def test_following_shows_lists_as_they_come_until_ctrl_c(river: River) -> None:
    first = river.publish("u1", "first")
    # A child inherits ignored interrupts, which a shell's background jobs have; not a handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "lists", "--follow", "--json", "-"],
        env=os.environ | river.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    assert process.stdout.readline() == first.decode() + "\n"
    second = river.publish("u1", "second")
    assert process.stdout.readline() == second.decode() + "\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
