import asyncio
from typing import Any, cast

import msgspec
import pytest

from online.item import Item
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState
from streams import metrics
from streams.answers import Answers
from streams.events import DeadLetter, Response
from streams.lists import ListMaker
from streams.liveness import Liveness
from streams.producer import Outgoing
from streams.queries import decode_query
from streams.requests_to_responses import ECHO_LIMIT, REPLY_HEADER, RequestsToResponses
from streams.runs import Run
from streams.settings import Settings
from streams.topics import home_partition
from tests.flow.memory import MemoryKafka, MemoryProducer
from tests.streams.records import record

SETTINGS = Settings(partitions=4, list_length=3)
HOME = home_partition("u", 4)


class FakeUsers:
    """One user, and no others."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.ready.set()
        self.user = UserState("u")
        self.user.hidden["i1"] = None

    def owns(self, partition: int) -> bool:
        return partition == HOME

    def get(self, user_id: str, _partition: int) -> UserState:
        return self.user if user_id == "u" else UserState(user_id)


def answer(value: Any, partition: int = HOME, **more: Any) -> list[Outgoing]:  # noqa: ANN401  # any JSON
    recommender = Recommender(RecommenderConfig(capacity=1024))
    for number in range(5):
        recommender.put_item(Item(f"i{number}"))
    producer = MemoryProducer(MemoryKafka(SETTINGS))

    async def work() -> None:
        worker = RequestsToResponses(
            SETTINGS,
            cast(Any, FakeUsers()),
            Answers(ListMaker(SETTINGS, recommender)),
            cast(Any, producer),
            Liveness(1e9),
        )
        await worker.work([Run([record("requests", value, partition=partition, **more)])])

    asyncio.run(work())
    return [message for batch in producer.delivered for message in batch]


def read(sent: Outgoing) -> Response:
    assert sent.topic == "responses"
    return msgspec.json.decode(sent.value or b"", type=Response)


def ids(sent: Outgoing) -> list[str]:
    return [item.item_id for item in read(sent).items]


def test_a_users_answer_knows_the_user_and_goes_where_the_question_was() -> None:
    (sent,) = answer({"request_id": "r", "user_id": "u"}, key="u", headers=(("trace", b"\x00\x01"),))
    assert (sent.key, sent.partition, sent.headers) == (b"u", HOME, [("trace", b"\x00\x01")])
    assert read(sent).request_id == "r"
    assert ids(sent) == ["i4", "i3", "i2"]


def test_without_a_user_the_list_is_everybodys_wherever_it_was_asked() -> None:
    for partition in range(4):
        (sent,) = answer({"request_id": "r", "k": 5, "exclude": ["i3"]}, partition)
        assert (sent.partition, ids(sent)) == (partition, ["i4", "i2", "i1", "i0"])


def test_what_lies_astray_is_sent_home_and_answered_where_it_was_asked() -> None:
    astray = (HOME + 1) % 4
    (sent,) = answer({"request_id": "r", "user_id": "u"}, astray, headers=(("trace", b"1"),))
    reply = (REPLY_HEADER, str(astray).encode())
    assert (sent.topic, sent.partition, sent.headers) == ("requests", HOME, [("trace", b"1"), reply])
    (answered,) = answer(sent.value, HOME, headers=tuple(sent.headers or ()))
    assert (answered.partition, answered.headers) == (astray, [("trace", b"1")])


@pytest.mark.parametrize("value", [b"x", b"-1", b"4", b"99999999999", b"", "²".encode(), None])
def test_a_clients_own_reply_header_can_hold_anything(value: bytes | None) -> None:
    (sent,) = answer({"request_id": "r"}, 2, headers=((REPLY_HEADER, cast(bytes, value)),))
    assert sent.partition == 2


def test_bad_requests_are_dead_letters_and_the_others_are_answered() -> None:
    refused, answered = answer([{"request_id": "r", "k": 0}, {"request_id": "s"}])
    dead = msgspec.json.decode(refused.value or b"", type=DeadLetter)
    assert (refused.topic, dead.index, dead.error.path) == ("dead-letters", 0, "$[0].k")
    assert read(answered).request_id == "s"


def test_more_than_can_be_echoed_is_refused() -> None:
    (sent,) = answer({"request_id": "r"}, headers=(("trace", b"x" * ECHO_LIMIT),))
    dead = msgspec.json.decode(sent.value or b"", type=DeadLetter)
    assert dead.error.code == "too_large"
    assert (
        dead.error.message
        == f"key and headers have {ECHO_LIMIT + 6} bytes, at most {ECHO_LIMIT} can be echoed"
    )


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"kind": "similar"}, "$.item_id", "`kind: similar` needs `item_id`: give it"),
        (
            {"item_id": "i"}, "$.item_id", "`item_id` is for `kind: similar`, this is `recommend`: leave it out",
        ),
        (
            {"kind": "search", "query": {"text": "a", "image": {"url": "b"}}}, "$.query",
            "a query has one of text, image and audio: give one",
        ),
        (
            {"user_id": "u", "recent_item_ids": ["i"]}, "$.recent_item_ids",
            "`recent_item_ids` is for a session without `user_id`: give one of them",
        ),
        ({"filter": {"near": {"lat": 1, "lon": 2}}}, "$.filter.near", "Object missing required field `km`"),
        ({"skip": 1001}, "$.skip", "Expected `int` <= 1000"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_and_what_to_do(fields: dict[str, Any], path: str, message: str) -> None:
    (sent,) = answer({"request_id": "r"} | fields)
    dead = msgspec.json.decode(sent.value or b"", type=DeadLetter)
    assert (dead.error.path, dead.error.message) == (path, message)


def test_every_kind_pages_and_never_shows_what_the_user_hid() -> None:
    pages = [answer({"request_id": "r", "user_id": "u", "k": 2, "skip": skip})[0] for skip in (0, 2, 4)]
    assert [ids(page) for page in pages] == [["i4", "i3"], ["i2", "i0"], []]
    assert [item.rank for item in read(pages[1]).items] == [3, 4]


def test_what_cannot_be_answered_is_an_error_in_the_response() -> None:
    (sent,) = answer({"request_id": "r", "kind": "similar", "item_id": "nobody's"})
    assert (read(sent).error or "").startswith("item nobody's is unknown")
    (sent,) = answer({"request_id": "r", "deadline_ms": 1})
    assert (read(sent).error or "").startswith("too late")


def test_a_search_goes_to_be_encoded_with_all_that_its_answer_needs() -> None:
    fields = {"request_id": "r", "kind": "search", "user_id": "u", "query": {"text": "teapot"}}
    (sent,) = answer(fields, key="u", headers=(("trace", b"1"), (REPLY_HEADER, b"2")))
    assert (sent.topic, sent.key) == ("queries", b"r")
    query = decode_query(sent.value or b"")
    assert (query.key, query.headers, query.reply_partition) == (b"u", [("trace", b"1")], 2)
    assert (query.hidden, query.row) == (["i1"], None)
    (late,) = answer(fields | {"deadline_ms": 1})
    assert (late.topic, (read(late).error or "")[:8]) == ("responses", "too late")


def test_a_search_with_any_header_and_schema_can_be_read_again() -> None:
    fields = {"request_id": "r", "kind": "search", "query": {"text": "teapot"}}
    (sent,) = answer(fields, headers=cast(Any, (("trace", None), ("", b"\xff"))))
    assert decode_query(sent.value or b"").headers == [("trace", None), ("", b"\xff")]
    (sent,) = answer(fields | {"schema_version": 2**31 - 1, "hue": 1})
    assert decode_query(sent.value or b"").request.schema_version == 2**31 - 1
    # No encoder of msgpack takes such a number, and the worker would end on it again and again.
    (sent,) = answer(fields | {"schema_version": 10**30})
    dead = msgspec.json.decode(sent.value or b"", type=DeadLetter)
    assert (dead.error.code, dead.error.path) == ("invalid", "$.schema_version")


def test_a_request_of_a_newer_schema_is_answered_and_counted() -> None:
    counter = metrics.NEWER_SCHEMA.labels(topic="requests")
    before = counter._value.get()
    (sent,) = answer({"request_id": "r", "user_id": "u", "schema_version": 2, "hue": 1})
    assert ids(sent) == ["i4", "i3", "i2"]
    assert counter._value.get() == before + 1


def test_a_request_astray_that_would_not_fit_in_a_record_of_its_own_is_refused() -> None:
    fields = {"request_id": "r", "user_id": "u", "exclude": ["i" * 200] * 5_200}
    astray = (HOME + 1) % 4
    (sent,) = answer(fields, astray)
    dead = msgspec.json.decode(sent.value or b"", type=DeadLetter)
    assert (dead.error.code, dead.partition) == ("too_large", astray)
    assert len(answer(fields | {"exclude": ["i" * 200] * 5_000}, astray, headers=(("h", b"x"),))) == 1
