"""Asking as any client can: a request to `requests`, its answer from the same partition of `responses`."""

import asyncio
import time

import msgspec
from confluent_kafka import Consumer, Producer

from streams.events import Recommendation, Request, Response
from streams.follower import read_topic
from streams.kafka import admin_client, client_config, next_places, produce_one, reader_config
from streams.newest import NewestLists, Titles
from streams.settings import Settings
from streams.topics import full_name, home_partition, partition_count

_decode = msgspec.json.Decoder(Response).decode


class NoAnswerError(TimeoutError):
    """Nobody answered in time; the message says what to look at."""


class Asker:
    """Asks one request after another."""

    def __init__(self, settings: Settings) -> None:
        """Opens connections.

        Raises:
            TopicsError: A topic is missing.
            KafkaUnavailableError: The cluster does not answer.
        """
        self._settings = settings
        self._partitions = partition_count(admin_client(settings), settings, "requests")
        self._producer = Producer(client_config(settings) | {"message.timeout.ms": 10_000})
        self._consumer = Consumer(reader_config(settings) | {"fetch.wait.max.ms": 20})

    def ask(self, request: Request, wait_s: float) -> Response:
        """The answer.

        Raises:
            NoAnswerError: There was none within `wait_s`.
            KafkaException: The request was not accepted.
        """
        key = request.user_id or request.request_id
        partition = home_partition(key, self._partitions)
        responses = full_name(self._settings, "responses")
        self._consumer.assign(next_places(self._consumer, responses, [partition]))
        requests = full_name(self._settings, "requests")
        produce_one(
            self._producer, requests, key.encode(), msgspec.json.encode(request), partition, wait_s=10.0
        )
        deadline_s = time.monotonic() + wait_s
        while time.monotonic() < deadline_s:
            message = self._consumer.poll(0.1)
            if message is not None and message.error() is None:
                response = _decode(message.value() or b"")
                if response.request_id == request.request_id:
                    return response
        msg = f"request {request.request_id} was not answered in {wait_s:g} s: do the workers run? See dead-letters"
        raise NoAnswerError(msg)

    def close(self) -> None:
        """Stops."""
        self._consumer.close()


def read_titles(settings: Settings) -> Titles:
    """The titles of all items, as they are now."""
    titles = Titles()
    count = partition_count(admin_client(settings), settings, "items")
    asyncio.run(read_topic(settings, "items", range(count), titles.take))
    return titles


def read_list(settings: Settings, user_id: str) -> Recommendation | None:
    """The user's newest list, if there is any."""
    known = NewestLists([user_id])
    count = partition_count(admin_client(settings), settings, "recommendations")
    home = home_partition(user_id, count)
    asyncio.run(read_topic(settings, "recommendations", [home], known.take))
    records = known.newest(1)
    return msgspec.json.decode(records[0].value or b"", type=Recommendation) if records else None
