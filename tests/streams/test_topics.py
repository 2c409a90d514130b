from concurrent.futures import Future
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from hypothesis import given
from hypothesis import strategies as st

from streams.settings import Settings
from streams.topics import TopicsError, ensure, full_name, home_partition, table, topic_ids


def test_home_partition_is_kafkas_own() -> None:
    # From Kafka's org.apache.kafka.common.utils.UtilsTest: murmur2 of these, made positive, mod 1000.
    known = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}
    for key, murmur in known.items():
        assert home_partition(key, 1000) == (murmur & 0x7FFFFFFF) % 1000


@given(st.text(min_size=1), st.integers(1, 100))
def test_every_id_has_one_home(key: str, partitions: int) -> None:
    assert 0 <= home_partition(key, partitions) < partitions


def test_topics_of_one_user_are_partitioned_alike() -> None:
    rows = table(Settings(partitions=7))
    alike = (
        "interactions", "requests", "responses", "users", "recommendations", "erasures", "erasure-receipts",
    )  # fmt: skip
    assert {rows[name].partitions for name in alike} == {7}


def test_a_tenants_prefix_is_part_of_every_name() -> None:
    assert full_name(Settings(topic_prefix="shop-"), "users") == "shop-users"


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (KafkaError.UNKNOWN_TOPIC_OR_PART, TopicsError, "^examples: missing; try `freshet topics create`$"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, TopicsError, "^examples: not for this client to see"),
        (KafkaError._TRANSPORT, KafkaException, "_TRANSPORT"),
    ],
)
def test_a_broker_that_is_away_is_no_topics_fault(code: int, error: type[Exception], words: str) -> None:
    asked: Future[object] = Future()
    asked.set_exception(KafkaException(KafkaError(code)))
    admin = cast(AdminClient, SimpleNamespace(describe_topics=lambda _: {"examples": asked}))
    with pytest.raises(error, match=words):
        topic_ids(admin, ["examples"])


def test_what_is_to_be_said_of_many_topics_is_said_once() -> None:
    rows = table(Settings())
    partitions = {name: SimpleNamespace(partitions=range(row.partitions)) for name, row in rows.items()}
    existing = {name: found for name, found in partitions.items() if name not in ("media", "items")}
    admin = cast(
        AdminClient,
        SimpleNamespace(
            list_topics=lambda timeout: SimpleNamespace(topics=existing),
            describe_configs=lambda _: {},
        ),
    )
    with pytest.raises(TopicsError, match=r"^media, items: missing; try `freshet topics create`$"):
        ensure(admin, Settings())
    with pytest.raises(TopicsError) as wrong:
        ensure(admin, Settings(partitions=6))
    assert "users: 12 partitions, expected 6; set FRESHET_PARTITIONS as when" in str(wrong.value)
    assert str(wrong.value).count("12 partitions") == 1
