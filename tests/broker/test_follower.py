"""A partition that is written to without a pause has an end all the same: as it was when it was asked for."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Producer
from kafka import KafkaProducer

from streams.follower import Follower
from streams.kafka import client_config
from streams.topics import full_name
from tests.broker.hostile import Unnamed
from tests.broker.river import River

PAUSE_S = 0.01
"""Between two records: much shorter than what a fetch waits for more."""
COUNT = 1_000
"""So often the interpreter has come to know what is called."""


@pytest.fixture
def topic(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[tuple[River, str]]:
    """One that is written to for as long as the test takes."""
    river = River(kafka, topic_prefix, tmp_path, partitions=1)
    name = full_name(river.settings, "examples")
    producer = Producer(client_config(river.settings))
    ended = threading.Event()

    def write() -> None:
        while not ended.wait(PAUSE_S):
            producer.produce(name, b"x", partition=0)
            producer.poll(0)

    producer.produce(name, b"x", partition=0)
    assert producer.flush(30) == 0
    thread = threading.Thread(target=write)
    thread.start()
    yield river, name
    ended.set()
    thread.join()
    producer.flush(30)


def test_reading_to_the_end_ends_although_more_and_more_comes(topic: tuple[River, str]) -> None:
    river, name = topic

    async def read() -> int:
        found: list[int] = []
        with closing(Follower(river.settings, name)) as follower:
            await follower.assign({0: -1})
            for _ in range(3):
                end = follower.end_offsets()[0][1]
                async with asyncio.timeout(10):
                    await follower.read_to_end(lambda record: found.append(record.offset))
                assert found == list(range(follower.positions[0]))
                assert len(found) >= end
                time.sleep(0.3)
        return len(found)

    assert asyncio.run(read()) > 1


def test_records_are_read_that_have_headers_whose_names_are_no_text(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = River(kafka, topic_prefix, tmp_path, partitions=1).settings
    name = full_name(settings, "interactions")
    with closing(KafkaProducer(bootstrap_servers=kafka)) as producer:
        for number in range(COUNT):
            odd = [(Unnamed("?"), b"1")] if number % 3 else []
            producer.send(name, b"x", headers=[("fine", b"2"), *odd, ("last", b"")], partition=0)
        producer.flush()
    found: list[dict[str, bytes]] = []

    async def read() -> None:
        with closing(Follower(settings, name)) as follower:
            await follower.assign({0: -1})
            await follower.read_to_end(lambda record: found.append(record.headers))

    asyncio.run(read())
    assert found == [{} if number % 3 else {"fine": b"2", "last": b""} for number in range(COUNT)]
