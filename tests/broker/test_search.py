"""Search on real Kafka: by text and picture, in the index as it is now, while events stream and others ask."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.broker.client import Client, ids, value_of
from tests.broker.river import River
from tests.pictures import jpeg, picture

PLOTS = {
    "voyage": "captain anchor vessel sail tide harbour gull",
    "bakery": "oven bread butter flour kettle spoon plate",
    "heist": "vault robbery diamond alarm getaway safe mask",
    "garden": "roses soil spade bees blossom hedge pond",
}
PICTURES = {item_id: jpeg(picture(number)) for number, item_id in enumerate(PLOTS)}
SEARCH_S = 15.0


@pytest.fixture(scope="module")
def client(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    prefix = f"search-{time.time_ns()}-"
    river = River(kafka, prefix, tmp_path_factory.mktemp("search"), image_encoder="efficientnet")
    client = Client(kafka, prefix)
    with river.workers(encode=1, recommend=2):
        for item_id, plot in PLOTS.items():
            image = {"data": base64.b64encode(PICTURES[item_id]).decode()}
            client.send("media", {"item_id": item_id, "text": plot, "image": image}, item_id)
        for item_id in PLOTS:
            client.wait("items", lambda m, item_id=item_id: m.key() == item_id.encode() and _has_both(m))  # type: ignore[misc]
        yield client
    client.close()


def _has_both(message: Any) -> bool:  # noqa: ANN401  # confluent's message
    return value_of(message).get("modalities") == 3


def ask(client: Client, request_id: str, partition: int = -1, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """The answer, which has to come on the partition where the question was written."""
    request = {"request_id": request_id, **fields}
    where, _ = client.send("requests", request, request_id, partition, {"trace": request_id.encode()})
    found = client.wait("responses", lambda m: value_of(m)["request_id"] == request_id, SEARCH_S)
    assert found.partition() == where
    assert dict(found.headers() or [])["trace"] == request_id.encode()
    return value_of(found)


@contextmanager
def streaming(client: Client) -> Iterator[list[tuple[str, tuple[int, int]]]]:
    """Events stream; the ones sent so far, by user and place."""
    sent: list[tuple[str, tuple[int, int]]] = []
    ended = threading.Event()
    other = Client(client._kafka, client.prefix)

    def send() -> None:
        for number in range(100_000):
            if ended.wait(0.01):
                return
            event = {
                "user_id": f"u{number % 20}",
                "item_id": list(PLOTS)[number % 3],
                "action": "click",
                "event_id": f"e{number}",
            }
            sent.append((event["user_id"], other.send("interactions", event, event["user_id"])))

    thread = threading.Thread(target=send)
    thread.start()
    yield sent
    ended.set()
    thread.join()


def test_searches_are_answered_while_events_stream_and_nothing_of_them_is_lost(client: Client) -> None:
    with streaming(client) as sent:
        for number, (item_id, plot) in enumerate(PLOTS.items()):
            words = " ".join(plot.split()[1:4])
            found = ask(client, f"text-{number}", number, kind="search", query={"text": words})
            assert ids(found)[0] == item_id
            assert found["items"][0]["reasons"] == [{"kind": "modality", "modality": "text", "weight": 1.0}]
            image = {"data": base64.b64encode(PICTURES[item_id]).decode()}
            found = ask(client, f"image-{number}", number, kind="search", query={"image": image})
            assert ids(found)[0] == item_id
    for user_id, place in sent[-20:]:
        client.list_after(user_id, place)


def test_search_is_paged_filtered_and_without_what_the_user_hid(client: Client) -> None:
    query = {"text": "captain anchor vessel oven bread"}
    whole = ids(ask(client, "whole", kind="search", query=query))
    assert sorted(whole) == sorted(PLOTS)
    paged = [ids(ask(client, f"page-{s}", kind="search", query=query, k=2, skip=s)) for s in (0, 2, 4)]
    assert paged == [whole[:2], whole[2:], []]
    hide = {"event_id": "hide", "user_id": "shy", "item_id": "voyage", "action": "hide"}
    client.list_after("shy", client.send("interactions", hide, "shy"))
    # Asked on whatever partition, the user's own worker knows.
    assert "voyage" not in ids(ask(client, "shy-asks", kind="search", query=query, user_id="shy"))
    client.send("media", {"item_id": "bakery", "category": "food"}, "bakery")
    client.wait("items", lambda m: value_of(m).get("category") == "food")
    deadline_s = time.monotonic() + SEARCH_S
    while ids(
        ask(client, f"food-{time.time_ns()}", kind="search", query=query, filter={"category": "food"})
    ) != ["bakery"]:
        assert time.monotonic() < deadline_s


def test_similar_by_one_modality(client: Client) -> None:
    found = ask(client, "alike", kind="similar", item_id="voyage", modality="image")
    assert sorted(ids(found)) == sorted(set(PLOTS) - {"voyage"})


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"query": {"image": {"data": "bm8gcGljdHVyZQ=="}}}, "the query's image cannot be encoded: no image"),
        ({"query": {"audio": {"data": "bm8gc291bmQ="}}}, "FRESHET_AUDIO_ENCODER is none"),
        ({"query": {"image": {"url": "http://169.254.169.254/x"}}}, "169.254.169.254"),
        ({"query": {"text": "late"}, "deadline_ms": 1}, "too late"),
    ],
)
def test_a_search_without_an_answer_says_why(client: Client, fields: dict[str, Any], error: str) -> None:
    found = ask(client, f"no-{error}"[:40], kind="search", **fields)
    assert error in found["error"]
    assert found["items"] == []


def test_a_new_item_is_found_as_soon_as_it_is_there_and_a_deleted_one_no_more(client: Client) -> None:
    def found(at: str) -> bool:
        return "comet" in ids(
            ask(client, f"{at}-{time.time_ns()}", kind="search", query={"text": "comet tail"})
        )

    deadline_s = time.monotonic() + SEARCH_S
    client.send("media", {"item_id": "comet", "text": "comet tail orbit star"}, "comet")
    while not found("new"):
        assert time.monotonic() < deadline_s
    client.send("media", None, "comet")
    while found("gone"):
        assert time.monotonic() < deadline_s


def test_nothing_of_this_is_a_dead_letter(client: Client) -> None:
    assert client.read_to_end("dead-letters") == []
