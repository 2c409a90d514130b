"""Asking for an erasure, as any client can, and waiting for its receipt."""

import asyncio
import time
from secrets import token_hex

import msgspec
from confluent_kafka import Consumer, Producer

from streams.clock import now_ms
from streams.events import Erasure, Receipt
from streams.follower import Record, read_topic
from streams.kafka import admin_client, client_config, next_places, produce_one, reader_config
from streams.pseudonyms import key_id_in
from streams.settings import Settings, SettingsError
from streams.stores.users import STUB_HEADER
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

    def users_of(self, key: str) -> list[str]:
        """Everybody who is known by a pseudonym of that key's id.

        Raises:
            SettingsError: Workers would go on to take such pseudonyms, or anything.
        """
        if not self._settings.pseudonyms or key in self._settings.pseudonym_keys:
            msg = (
                f"users of key {key} are to be erased, and FRESHET_PSEUDONYMS is {self._settings.pseudonyms!r}: set it "
                "to the keys that stay, for the workers first, so that nobody comes back"
            )
            raise SettingsError(msg)
        found: set[str] = set()

        def take(record: Record) -> None:
            name = record.key.decode(errors="replace")
            if record.value is None or STUB_HEADER in record.headers:
                found.discard(name)
            elif key_id_in(name) == key:
                found.add(name)

        asyncio.run(read_topic(self._settings, "users", range(self._partitions), take))
        return sorted(found)

    def close(self) -> None:
        """Stops."""
        self._consumer.close()
