"""Items on real Kafka: media become documents, are encoded once, and what may not be listed is in no new list."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Message

from tests.broker.client import Client, ids, value_of
from tests.broker.river import River

TOUCHED = ("t1", "t2")
STAYS, UNAVAILABLE, EXPIRED, DELETED, LATER = "stays", "unavailable", "expired", "deleted", "later"
MEDIA_ONLY = {STAYS, UNAVAILABLE, EXPIRED, DELETED, LATER}


@pytest.fixture(scope="module")
def client(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    prefix = f"items-{time.time_ns()}-"
    river = River(kafka, prefix, tmp_path_factory.mktemp("items"))
    client = Client(kafka, prefix)
    with river.workers(encode=1, recommend=1):
        yield client
    client.close()


def click(number: int, user_id: str = "u", item_id: str = "t1") -> dict[str, Any]:
    made = {
        "event_id": f"{user_id}-{time.time_ns()}",
        "user_id": user_id,
        "item_id": item_id,
        "action": "click",
    }
    return made | {"timestamp_ms": 1_700_000_000_000 + number * 1_000}


def media(client: Client, item_id: str, **patch: Any) -> None:  # noqa: ANN401  # JSON
    client.send("media", {"item_id": item_id} | patch, item_id)


def document(client: Client, item_id: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """The first document of the item with these fields."""

    def has(message: Message) -> bool:
        found = value_of(message)
        return message.key() == item_id.encode() and all(found.get(name) == v for name, v in fields.items())

    return value_of(client.wait("items", has))


def embeddings(client: Client, item_id: str) -> int:
    return sum(message.key() == item_id.encode() for message in client.read_to_end("embeddings"))


def test_what_may_not_be_listed_is_in_no_new_list(client: Client) -> None:
    for item_id in (*TOUCHED, *MEDIA_ONLY):
        media(client, item_id, title=f"Title of {item_id}")
    # Nobody ever touched most of these.
    client.list_until(click, lambda found: set(found) >= MEDIA_ONLY)
    media(client, UNAVAILABLE, available=False)
    media(client, EXPIRED, expires_ms=1_600_000_000_000)
    media(client, LATER, available_from_ms=4_000_000_000_000)
    client.send("media", None, DELETED)
    kept = client.list_until(click, lambda found: not set(found) & (MEDIA_ONLY - {STAYS}))
    assert STAYS in ids(kept)
    # Not for a moment longer, and not for another user either.
    place = client.send("interactions", click(0, "other", DELETED), "other")
    assert not set(ids(client.list_after("other", place))) & (MEDIA_ONLY - {STAYS})
    client.send("requests", {"request_id": "any", "k": 100}, "any")
    answer = client.wait("responses", lambda message: value_of(message)["request_id"] == "any")
    assert not set(ids(value_of(answer))) & (MEDIA_ONLY - {STAYS})

    media(client, UNAVAILABLE, available=True)
    media(client, EXPIRED, expires_ms=None)
    media(client, DELETED, title="Back again")
    back = client.list_until(click, lambda found: set(found) >= {UNAVAILABLE, EXPIRED, DELETED})
    assert LATER not in ids(back)


def test_fields_reach_the_document_patch_by_patch(client: Client) -> None:
    media(client, "doc", title="Teapot", category="kitchen", text="Blue enamel.")
    first = document(client, "doc", title="Teapot")
    assert (first["category"], first["text"], first["modalities"]) == ("kitchen", "Blue enamel.", 1)
    media(client, "doc", text=None, price=9.5)
    second = document(client, "doc", price=9.5)
    assert (second["title"], second.get("text")) == ("Teapot", None)


def test_equal_content_is_encoded_once(client: Client) -> None:
    media(client, "once", title="A title of its own")
    document(client, "once", modalities=1)
    assert embeddings(client, "once") == 1
    media(client, "once", title="A title of its own", price=1.0)
    document(client, "once", price=1.0)
    media(client, "once", available=False)
    document(client, "once", available=False)
    assert embeddings(client, "once") == 1
    media(client, "once", title="Another title")
    document(client, "once", title="Another title")
    assert embeddings(client, "once") == 2


def test_a_deleted_items_document_and_embedding_end_with_a_tombstone(client: Client) -> None:
    media(client, "gone", title="Soon gone")
    document(client, "gone", title="Soon gone")
    client.send("media", None, "gone")
    for topic in ("items", "embeddings"):
        client.wait(topic, lambda message: message.key() == b"gone" and message.value() is None)


def test_media_on_a_foreign_partition_are_sent_home(client: Client) -> None:
    home, _ = client.send("media", {"item_id": "lost", "title": "Lost"}, "lost")
    client.send("media", {"item_id": "lost", "price": 2.0}, "whatever", partition=(home + 1) % 4)
    found = document(client, "lost", price=2.0)
    assert found["title"] == "Lost"
    assert {m.partition() for m in client.read_to_end("items") if m.key() == b"lost"} == {home}
