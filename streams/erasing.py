"""Asking for an erasure, as any client can, and waiting for its receipt."""

import time
from secrets import token_hex

import msgspec
from confluent_kafka import Consumer, Producer

from streams.clock import now_ms
from streams.events import Erasure, Receipt
from streams.kafka import admin_client, client_config, next_places, produce_one, reader_config
from streams.settings import Settings
from streams.topics import full_name, home_partition, partition_count

_decode = msgspec.json.Decoder(Receipt).decode


class NoReceiptError(TimeoutError):
    """There was no receipt in time; the message says what to look at."""


class Eraser:
    """Erases users, and knows from where on to look for receipts."""

    def __init__(self, settings: Settings) -> None:
        """Opens connections.

        Raises:
            TopicsError: A topic is missing.
            KafkaUnavailableError: The cluster does not answer.
        """
        self._settings = settings
        self._partitions = partition_count(admin_client(settings), settings, "erasures")
        self._producer = Producer(client_config(settings) | {"message.timeout.ms": 10_000})
        self._consumer = Consumer(reader_config(settings))
        receipts = full_name(settings, "erasure-receipts")
        self._consumer.assign(next_places(self._consumer, receipts, range(self._partitions)))

    def ask(self, user_id: str) -> Erasure:
        """Asks for an erasure; when it returns, Kafka has it.

        Raises:
            KafkaException: It was not accepted.
        """
        erasure = Erasure(user_id, f"erase-{token_hex(8)}", now_ms())
        produce_one(
            self._producer,
            full_name(self._settings, "erasures"),
            user_id.encode(),
            msgspec.json.encode(erasure),
            home_partition(user_id, self._partitions),
            wait_s=15.0,
        )
        return erasure

    def receipts(self, request_ids: set[str], wait_s: float) -> list[Receipt]:
        """The receipts of erasures that were asked for here, in the order in which they come.

        Raises:
            NoReceiptError: Some were not there within `wait_s`.
        """
        found: list[Receipt] = []
        missing = set(request_ids)
        deadline_s = time.monotonic() + wait_s
        while missing:
            message = self._consumer.poll(0.1)
            if message is not None and message.error() is None:
                receipt = _decode(message.value() or b"")
                if receipt.request_id in missing:
                    missing.remove(receipt.request_id)
                    found.append(receipt)
            elif time.monotonic() > deadline_s:
                msg = (
                    f"{len(missing)} of {len(request_ids)} erasures have no receipt after {wait_s:g} s: do the "
                    "workers run? It will be in erasure-receipts, or the reason in dead-letters"
                )
                raise NoReceiptError(msg)
        return found

    def close(self) -> None:
        """Stops."""
        self._consumer.close()
