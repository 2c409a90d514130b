"""A client that knows only Kafka and the contract, against real workers: good, odd and hostile messages."""

import base64
import hashlib
import json
import os
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Message, Producer
from kafka import KafkaConsumer, KafkaProducer
from typer.testing import CliRunner

from streams.cli import app
from streams.event_ids import origin_of
from streams.oversized import UNPACKED_LIMIT
from streams.topics import home_partition, topic_ids
from tests.broker.client import Client, ids, value_of
from tests.broker.hostile import EVERY, GOOD, Hostile, Unnamed
from tests.broker.river import River, wait_for

NOW_MS = int(time.time() * 1000)
CUT = 262_144


class Running(NamedTuple):
    client: Client
    river: River
    """Only for what no client can see: that each event counted once."""

    def send(self, user_id: str, item_id: str, event_id: str, **more: Any) -> tuple[int, int]:  # noqa: ANN401  # JSON
        event = made(user_id, item_id, event_id) | more
        self.river.expect([event])
        return self.client.send("interactions", event, user_id)


def made(user_id: str, item_id: str, event_id: str) -> dict[str, Any]:
    return {"event_id": event_id, "user_id": user_id, "item_id": item_id, "action": "click"}


@pytest.fixture(scope="module")
def running(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    prefix = f"contract-{time.time_ns()}-"
    river = River(kafka, prefix, tmp_path_factory.mktemp("contract"))
    client = Client(kafka, prefix)
    with river.workers(encode=1, learn=1, recommend=1):
        for number in range(30):
            client.send("media", {"item_id": f"m{number}", "title": f"Thing number {number}"}, f"m{number}")
        # A list that is made before there are items stays short until its user does something.
        wait_for(lambda: len(client.read("items")) >= 30, 120, lambda: "not all items are there")
        for number in range(15):
            for step, item_id in enumerate(("bread", "butter", f"m{number}")):
                event = made(f"u{number}", item_id, f"past-{number}-{step}")
                event |= {"timestamp_ms": NOW_MS - 100_000 + number * 3_000 + step * 1_000}
                river.expect([event])
                client.send("interactions", event, event["user_id"])
        yield Running(client, river)
    client.close()


def test_media_and_interactions_make_a_correct_list(running: Running) -> None:
    def event(number: int) -> dict[str, Any]:
        one = made(f"new{number}", "bread", f"new-{number}") | {"timestamp_ms": NOW_MS + number}
        running.river.expect([one])
        return one

    found = running.client.list_until(event, lambda listed: listed[:1] == ["butter"])
    assert found.keys() == {
        "user_id", "list_id", "generated_ms", "model_version", "cause", "through", "arm", "items", "schema_version"
    }  # fmt: skip
    assert [item["rank"] for item in found["items"]] == list(range(1, 11))
    assert len(set(ids(found))) == 10
    first = found["items"][0]
    assert first.keys() == {"item_id", "rank", "score", "propensity", "source", "reasons"}
    assert (first["reasons"][0]["kind"], first["reasons"][0]["item_id"]) == ("because_of_item", "bread")
    assert found["cause"]["kind"] == "interaction"
    assert found["cause"]["event_id"] == f"new-{found['user_id'].removeprefix('new')}"
    assert 0 <= found["generated_ms"] - found["cause"]["timestamp_ms"] < 30_000


def test_the_list_lies_on_the_users_partition_under_the_users_key(running: Running) -> None:
    partition, offset = running.send("somebody", "bread", "somebody-1")
    running.client.list_after("somebody", (partition, offset))
    (message,) = [m for m in running.client.read_to_end("recommendations") if m.key() == b"somebody"]
    assert message.partition() == partition
    found = value_of(message)
    assert found["through"] == {"partition": partition, "offset": offset, "index": 0}
    assert (found["cause"]["topic"][-12:], found["cause"]["offset"]) == ("interactions", offset)


def test_a_user_nobody_has_seen_gets_a_useful_list_from_the_first_event(running: Running) -> None:
    # Not even the item is known.
    found = running.client.list_after("first", running.send("first", "never-seen", "first-1"))
    assert len(found["items"]) == 10
    assert {"bread", "butter"} <= set(ids(found))


@pytest.mark.parametrize("user_id", [None, "u3", "who-is-this"], ids=["no user", "known", "unknown"])
def test_a_request_is_answered_on_its_partition_with_its_headers(
    running: Running, user_id: str | None
) -> None:
    request: dict[str, Any] = {"request_id": f"ask-{user_id}", "k": 5, "exclude": ["butter"]}
    if user_id is not None:
        request["user_id"] = user_id
    headers = {"trace": b"\x00\xff", "reply-partition": b"nonsense"}
    # A request without a user may lie anywhere.
    partition, _ = running.client.send("requests", request, user_id or request["request_id"], headers=headers)
    answer = running.client.wait("responses", lambda m: value_of(m)["request_id"] == request["request_id"])
    assert answer.partition() == partition
    assert answer.headers() == [("trace", b"\x00\xff")]
    found = value_of(answer)
    assert "error" not in found
    assert len(ids(found)) == 5
    assert "butter" not in ids(found)
    if user_id != "u3":
        assert ids(found)[0] == "bread"


def test_a_request_on_a_foreign_partition_is_answered_there(running: Running) -> None:
    home, _ = running.client.send("requests", {"request_id": "at-home", "user_id": "u4"}, "u4")
    astray = (home + 5) % 12
    request = {"request_id": "astray", "user_id": "u4"}
    running.client.send("requests", request, b"any", partition=astray, headers={"trace": b"7"})
    answer = running.client.wait("responses", lambda m: value_of(m)["request_id"] == "astray")
    assert (answer.partition(), answer.headers(), answer.key()) == (astray, [("trace", b"7")], b"any")


def test_retried_misrouted_packed_and_keyless_events_count_once(running: Running) -> None:
    home, _ = running.send("odd", "i0", "odd-0")
    events = [made("odd", f"i{number}", f"odd-{number}") for number in range(6)]
    running.river.expect(events)
    client = running.client
    client.send("interactions", events[0], "odd")
    client.send("interactions", events[1], "odd", partition=(home + 1) % 12)
    client.send("interactions", events[1], "odd", partition=(home + 2) % 12)
    client.send("interactions", events[2:4], "odd")
    client.send(
        "interactions", [*events[2:5], made("u5", "i1", "odd-u5")], b"\xff", partition=(home + 3) % 12
    )
    running.river.expect([made("u5", "i1", "odd-u5")])
    client.send("interactions", events[5], None, partition=(home + 4) % 12)
    running.river.wait_settled()


def test_a_list_of_a_packed_message_goes_through_its_last_event(running: Running) -> None:
    events = [made("packer", f"i{number}", f"packer-{number}") for number in range(3)]
    running.river.expect(events)
    partition, offset = running.client.send("interactions", events, "packer")
    found = running.client.list_after("packer", (partition, offset))
    assert found["through"] == {"partition": partition, "offset": offset, "index": 2}
    assert found["cause"]["event_id"] == "packer-2"


def _freshet(running: Running, *arguments: str) -> Any:  # noqa: ANN401  # click's result
    environ = {"FRESHET_KAFKA": running.client.kafka, "FRESHET_TOPIC_PREFIX": running.client.prefix}
    return CliRunner().invoke(app, arguments, env=environ)


def test_an_event_is_traced_from_where_it_went_astray_to_the_model(running: Running) -> None:
    event = made("traced", "bread", "traced-1")
    running.river.expect([event])
    partition, offset = running.client.send("interactions", event, "traced", partition=0)
    home = home_partition("traced", 12)
    assert home != partition
    ask = ("trace", "traced-1", "--user", "traced", "--json", "-")
    # The learner publishes its progress every two seconds.
    wait_for(lambda: "learned" in _freshet(running, *ask).stdout, 20, lambda: _freshet(running, *ask).stdout)
    result = _freshet(running, *ask)
    assert result.exit_code == 0
    steps = {step["what"]: step for step in json.loads(result.stdout)["steps"]}
    assert steps.keys() == {"sent home", "made an example", "in the user's state", "listed", "learned"}
    assert steps["sent home"]["partition"] == steps["listed"]["partition"] == home
    assert steps["sent home"]["note"].endswith(f"interactions-{partition}-{offset}-0")
    assert 0 <= steps["listed"]["after_ms"] <= steps["learned"]["after_ms"]
    # Without a user, every partition is searched, and where it was sent is found too.
    result = _freshet(running, "trace", "traced-1")
    assert (result.exit_code, "foreign" in result.stdout) == (0, True)


def test_a_refused_an_unknown_and_a_media_event_are_traced(running: Running) -> None:
    refused = made("traced", "bread", "traced-2") | {"action": "klick"}
    running.client.send("interactions", refused, "traced")
    wait_for(lambda: _freshet(running, "trace", "traced-2").exit_code == 1, 20, lambda: "no dead letter")
    assert "$.action" in _freshet(running, "trace", "traced-2").stdout
    assert _freshet(running, "trace", "never-sent").exit_code == 2
    running.client.send("media", {"item_id": "traced", "title": "A thing to be traced"}, "traced")
    ask = ("trace", "--item", "traced", "--json", "-")
    wait_for(lambda: "merged" in _freshet(running, *ask).stdout, 20, lambda: _freshet(running, *ask).stdout)
    steps = [step["what"] for step in json.loads(_freshet(running, *ask).stdout)["steps"]]
    assert steps[:3] in (["sent", "encoded", "merged"], ["sent", "merged", "encoded"])


@pytest.fixture(scope="module")
def letters(running: Running) -> dict[str, tuple[tuple[int, int], dict[str, Any]]]:
    """Each hostile message's place, and its dead letter. Good ones around them keep the stream in sight."""
    client = running.client
    home, _ = running.send("brave", "before", "brave-before")
    places: dict[str, tuple[int, int]] = {}
    for hostile in EVERY:
        partition = home if hostile.topic == "interactions" else 1
        places[hostile.name] = client.send(
            hostile.topic, hostile.value, hostile.key, partition, hostile.headers
        )
    client.send("requests", {"request_id": "after"}, None, 1)
    client.send("media", {"item_id": "after-all", "title": "After all"}, "after-all", 1)
    last = running.send("brave", "after", "brave-after")
    found = client.list_after("brave", last)
    assert found["cause"]["event_id"] == "brave-after"
    client.wait("responses", lambda message: value_of(message)["request_id"] == "after")
    client.wait("items", lambda message: message.key() == b"after-all")
    deadline_s = time.monotonic() + 20
    while True:
        dead = {
            (d["topic"], d["partition"], d["offset"]): d for d in map(value_of, client.read("dead-letters"))
        }
        topics = {h.name: client.prefix + h.topic for h in EVERY}
        got = {
            n: (place, dead[topics[n], *place]) for n, place in places.items() if (topics[n], *place) in dead
        }
        if len(got) == len(EVERY):
            return got
        assert time.monotonic() < deadline_s, f"no dead letter of {places.keys() - got.keys()}"


@pytest.mark.parametrize("hostile", EVERY, ids=lambda hostile: hostile.name)
def test_a_refusal_has_place_reason_and_value(
    letters: dict[str, tuple[tuple[int, int], dict[str, Any]]], hostile: Hostile
) -> None:
    (partition, offset), dead = letters[hostile.name]
    assert (dead["partition"], dead["offset"], dead["index"]) == (partition, offset, hostile.place)
    assert (dead["error"]["code"], dead["error"]["path"]) == (hostile.code, hostile.path)
    assert 5 < len(dead["error"]["message"]) <= 1024
    whole = hostile.value if isinstance(hostile.value, bytes) else json.dumps(hostile.value).encode()
    value = hostile.refused or (b"" if hostile.value is None else whole)
    assert base64.b64decode(dead["value_b64"]) == value[:CUT]
    if not dead["truncated"]:
        assert dead["sha256"] == hashlib.sha256(value).hexdigest()
    key = None if hostile.key is None else hostile.key.decode(errors="replace")
    assert dead["key"] == (key if key is None else key[:1024])


def test_the_last_refusals_are_shown_by_topic(
    running: Running, letters: dict[str, tuple[tuple[int, int], dict[str, Any]]]
) -> None:
    media = {h.name for h in EVERY if h.topic == "media"}
    there = sorted(dead["offset"] for name, (_, dead) in letters.items() if name in media)

    def shown(*arguments: str) -> list[dict[str, Any]]:
        result = _freshet(running, "dead-letters", "--topic", "media", "--json", "-", *arguments)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    every = shown("--last", "1000", "--content", "--since", "60")
    assert {one["topic"] for one in every} == {running.client.prefix + "media"}
    assert set(there) <= {one["offset"] for one in every}
    assert any(one["value_b64"] for one in every)
    last = shown("--last", "2")
    assert [(one["offset"], one["value_b64"]) for one in last] == [(one["offset"], "") for one in every[-2:]]


def test_a_header_whose_name_is_no_text_ends_nobody(running: Running) -> None:
    client = running.client
    producer = KafkaProducer(bootstrap_servers=client.kafka)

    def send(topic: str, value: dict[str, Any], key: str) -> tuple[int, int]:
        headers = [(Unnamed("?"), b"1"), ("trace", b"2")]
        sent = producer.send(client.prefix + topic, json.dumps(value).encode(), key.encode(), headers)
        record = sent.get(timeout=30)
        return record.partition, record.offset

    event = made("odd", "bread", "odd-1")
    running.river.expect([event])
    client.list_after("odd", send("interactions", event, "odd"))
    send("media", {"item_id": "odd-item", "title": "Odd"}, "odd-item")
    client.wait("items", lambda message: message.key() == b"odd-item")
    send("requests", {"request_id": "odd-request", "user_id": "odd"}, "odd")
    # The answer has the name, as far as it can be read; this client cannot.
    answers = KafkaConsumer(
        client.prefix + "responses", bootstrap_servers=client.kafka, auto_offset_reset="earliest",
        consumer_timeout_ms=30_000, group_id=None,
    )  # fmt: skip
    answer = next(one for one in answers if json.loads(one.value)["request_id"] == "odd-request")
    assert answer.headers[-1] == ("trace", b"2")
    place = send("interactions", {"user_id": "odd"}, "odd")
    dead = client.wait("dead-letters", lambda m: (value_of(m)["partition"], value_of(m)["offset"]) == place)
    assert value_of(dead)["error"]["code"] == "invalid"
    traced = _freshet(running, "trace", "odd-1", "--user", "odd", "--json", "-")
    assert json.loads(traced.stdout)["steps"]
    producer.close()
    answers.close()


@pytest.mark.parametrize("topic", ["interactions", "media", "requests", "erasures"])
def test_a_batch_that_unpacks_too_far_is_refused_and_ends_nobody(running: Running, topic: str) -> None:
    client = running.client
    packing = {"compression.type": "zstd", "message.max.bytes": 2 * UNPACKED_LIMIT}
    producer = Producer({"bootstrap.servers": client.kafka} | packing)
    sent: list[Message] = []
    bomb = bytes(UNPACKED_LIMIT + 1)
    producer.produce(
        client.prefix + topic, bomb, b"bomb", on_delivery=lambda _, message: sent.append(message)
    )
    assert producer.flush(30) == 0
    place = (client.prefix + topic, sent[0].partition(), sent[0].offset())

    def is_of_it(message: Message) -> bool:
        dead = value_of(message)
        return (dead["topic"], dead["partition"], dead["offset"]) == place

    dead = value_of(client.wait("dead-letters", is_of_it))
    assert (dead["error"]["code"], dead["error"]["path"], dead["key"]) == ("too_large", "$", None)
    assert (dead["size_bytes"], dead["sha256"], dead["truncated"]) == (None, "", True)
    client.list_after("calm", running.send("calm", "bread", f"calm-{topic}"))


def test_a_producer_is_refused_what_is_above_a_topics_limit(running: Running) -> None:
    noise = base64.b64encode(os.urandom(900_000)).decode()
    for topic in ("interactions", "requests"):
        with pytest.raises(ValueError, match="MSG_SIZE_TOO_LARGE"):
            running.client.send(topic, GOOD | {"context": {"noise": noise}}, "brave")
    running.client.send("media", {"item_id": "noisy", "text": noise}, "noisy")
    running.client.wait("items", lambda message: message.key() == b"noisy")


def test_a_document_that_outgrows_its_topic_refuses_the_patch_that_made_it(running: Running) -> None:
    halves = {name: "x" * (9 * 2**20) for name in ("text", "title")}
    client = running.client
    for name, value in halves.items():
        place = client.send("media", {"item_id": "giant", name: value}, "giant")
    dead = client.wait("dead-letters", lambda m: (value_of(m)["partition"], value_of(m)["offset"]) == place)
    error = value_of(dead)["error"]
    assert (error["code"], error["path"]) == ("too_large", "$")
    assert error["message"].startswith("the item's document would have 188")
    client.send("media", {"item_id": "giant", "text": None, "price": 1.0}, "giant")
    client.wait("items", lambda m: m.key() == b"giant" and value_of(m).get("price") == 1.0)


def test_every_good_event_was_applied_and_learned_once(
    running: Running, letters: dict[str, tuple[tuple[int, int], dict[str, Any]]]
) -> None:
    assert len(letters) == len(EVERY)
    # The two good events around the bad one of a packed message have no ids: their places in that very topic stand in.
    topic = running.client.prefix + "interactions"
    (partition, offset), _ = letters["one bad of three"]
    origin = origin_of(topic_ids(running.river.admin, [topic])[topic], topic, partition, offset)
    running.river.expect([made("brave", "i", f"{origin}-{index}") for index in (0, 2)])
    status = running.river.wait_settled()
    assert status.users > 15
