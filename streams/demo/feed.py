"""The demo's producers: media first, the past as fast as it is learned, then purchases at a steady rate."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

import msgspec
from confluent_kafka import Producer

from streams.clock import now_ms
from streams.events import Interaction, Media
from streams.kafka import client_config, produce_with_room
from streams.settings import Settings
from streams.topics import full_name, home_partition

PACK = 200
"""Events in one packed message of the past."""

_encode = msgspec.json.Encoder().encode


class Feed:
    """Produces as any client would, knowing only Kafka and the topics' fields."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = Producer(
            client_config(settings)
            | {"partitioner": "murmur2_random", "linger.ms": 1, "enable.idempotence": True}
        )

    def media(self, media: Iterable[Media]) -> None:
        """Sends every product's document."""
        topic = full_name(self._settings, "media")
        for item in media:
            self._produce(topic, item.item_id, _encode(item))
        self._producer.flush(60)

    def past(self, purchases: list[Interaction]) -> Iterator[int]:
        """Sends purchases packed; gives, before each full pack, how many were sent."""
        topic = full_name(self._settings, "interactions")
        packs: dict[int, list[Interaction]] = {}
        sent_count = 0
        for purchase in purchases:
            home = home_partition(purchase.user_id, self._settings.partitions)
            pack = packs.setdefault(home, [])
            pack.append(purchase)
            if len(pack) >= PACK:
                yield sent_count
                self._produce(topic, purchase.user_id, _encode(packs.pop(home)))
                sent_count += PACK
        for pack in packs.values():
            self._produce(topic, pack[0].user_id, _encode(pack))
        self._producer.flush(60)

    def live(
        self,
        purchases: list[Interaction],
        rate: float,
        sent: Callable[[Interaction], None],
        stop: threading.Event,
    ) -> None:
        """Sends purchases at `rate` events/s, each when its time has come, until `stop` or the last."""
        topic = full_name(self._settings, "interactions")
        started_s = time.monotonic()
        for count, purchase in enumerate(purchases):
            self._producer.poll(0)
            wait_s = started_s + count / rate - time.monotonic()
            if (wait_s > 0 and stop.wait(wait_s)) or stop.is_set():
                break
            self._produce(topic, purchase.user_id, _encode(purchase))
            sent(purchase)
        self._producer.flush(10)

    def _produce(self, topic: str, key: str, value: bytes) -> None:
        produce_with_room(self._producer, topic, value, key, timestamp_ms=now_ms())
