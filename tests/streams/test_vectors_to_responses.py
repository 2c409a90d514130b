import asyncio
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from online.item import Item
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from streams.answers import Answers
from streams.embeddings import Embedded, Embedding, encode_embedding
from streams.embeddings_to_search import EmbeddingsToSearch
from streams.events import Request, Response
from streams.lists import ListMaker
from streams.liveness import Liveness
from streams.producer import Outgoing
from streams.queries import SearchQuery, encode_query
from streams.runs import Run
from streams.settings import Settings
from streams.vectors_to_responses import VectorsToResponses
from tests.flow.memory import MemoryKafka, MemoryProducer
from tests.streams.records import record

SETTINGS = Settings(search_modalities="text", list_length=2)
VECTORS = {"north": (1.0, 0.0), "near": (0.9, 0.1), "east": (0.0, 1.0)}


def embedded(*vector: float, space: str = "space") -> Embedded:
    return Embedded("hash", space, np.array(vector, np.float16).tobytes())


def asked(row: Embedded | None, modality: str = "text", **more: Any) -> SearchQuery:  # noqa: ANN401  # JSON
    request = msgspec.convert({"request_id": "r", "kind": "search", "query": {"text": "x"}, **more}, Request)
    return SearchQuery(request, ["near"], b"key", [("trace", b"1")], 7, modality, row)


def answered(query: SearchQuery) -> list[Outgoing]:
    """The answer of a worker that has read these embeddings, one of them replaced and one gone."""
    recommender = Recommender(RecommenderConfig(capacity=1024))
    kafka = MemoryKafka(SETTINGS)
    for item_id, vector in {"gone": (1.0, 0.0), **VECTORS}.items():
        recommender.put_item(Item(item_id))
        rows = {"text": embedded(*vector), "image": embedded(1.0, 0.0)}
        kafka.append(Outgoing("embeddings", item_id.encode(), encode_embedding(Embedding(item_id, rows)), 0))
    kafka.append(Outgoing("embeddings", b"gone", None, 0))
    producer = MemoryProducer(kafka)

    async def work() -> None:
        await EmbeddingsToSearch(SETTINGS, recommender).load()
        answers = Answers(ListMaker(SETTINGS, recommender))
        worker = VectorsToResponses(SETTINGS, answers, cast(Any, producer), Liveness(1e9))
        await worker.work([Run([record("queries", encode_query(query))])])

    with kafka.instead():
        asyncio.run(work())
    return [message for batch in producer.delivered for message in batch]


def read(sent: Outgoing) -> Response:
    return msgspec.json.decode(sent.value or b"", type=Response)


def test_a_search_is_answered_where_it_was_asked_without_what_the_user_hid() -> None:
    (sent,) = answered(asked(embedded(1.0, 0.2)))
    assert (sent.topic, sent.key, sent.partition, sent.headers) == ("responses", b"key", 7, [("trace", b"1")])
    assert [item.item_id for item in read(sent).items] == ["north", "east"]


def test_a_search_on_its_way_to_be_encoded_is_left_alone() -> None:
    assert answered(asked(None)) == []


def test_vectors_of_another_space_find_nothing() -> None:
    (sent,) = answered(asked(embedded(1.0, 0.2, space="another")))
    assert (read(sent).items, read(sent).error) == ([], None)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (asked(Embedded("", "", b"", "broken")), "the query's text cannot be encoded: broken"),
        (asked(Embedded("", "", b"")), "the query's text cannot be encoded: nothing in it"),
        (
            asked(embedded(1.0, 0.0), "image"),
            "FRESHET_SEARCH_MODALITIES has no image: items are not searched by it",
        ),
    ],
)
def test_what_cannot_be_searched_is_an_error_in_the_response(query: SearchQuery, error: str) -> None:
    (sent,) = answered(query)
    assert read(sent).error == error
