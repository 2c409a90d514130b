"""The demo's subscriber: reads published lists, as any client would, and keeps what the view shows."""

import threading
from collections import OrderedDict, deque

import msgspec
from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from streams.clock import now_ms
from streams.events import Interaction, Recommendation
from streams.kafka import reader_config
from streams.publications import PROGRESS_KEY, Progress, decode_progress
from streams.settings import Settings
from streams.topics import full_name, table

RECENT = 5_000
"""Lists over which the latency's percentiles are taken while running."""


class Shopper(msgspec.Struct):
    """A user as the view shows them."""

    user_id: str
    bought: deque[str]
    """Item ids, newest first."""
    recommendation: Recommendation | None = None


class Watch:
    """What has been seen so far. Fed by two threads; each field is replaced or appended to in one step."""

    def __init__(self, settings: Settings) -> None:
        self._recommendations = full_name(settings, "recommendations")
        self._model = full_name(settings, "model")
        self._consumer = Consumer(reader_config(settings) | {"fetch.wait.max.ms": 20})
        places = [
            TopicPartition(self._recommendations, p, OFFSET_END)
            for p in range(table(settings)["recommendations"].partitions)
        ]
        self._consumer.assign([*places, TopicPartition(self._model, 0, OFFSET_END)])
        self._decode = msgspec.json.Decoder(Recommendation).decode
        self.shoppers: OrderedDict[str, Shopper] = OrderedDict()
        """The users lately active, newest last."""
        self.live_since_ms: int | None = None
        """Only lists caused by events after this are timed."""
        self.latencies_ms: list[int] = []
        """Event-to-list time of every list, by Kafka's own timestamps."""
        self.recent_ms: deque[int] = deque(maxlen=RECENT)
        self.sent_count = 0
        self.progress: Progress | None = None

    def sent(self, purchase: Interaction) -> None:
        """Notes a purchase that was produced."""
        self.sent_count += 1
        shopper = self.shoppers.pop(purchase.user_id, None) or Shopper(purchase.user_id, deque(maxlen=4))
        shopper.bought.appendleft(purchase.item_id)
        self.shoppers[purchase.user_id] = shopper
        if len(self.shoppers) > 200:
            self.shoppers.popitem(last=False)

    def run(self, stop: threading.Event) -> None:
        """Reads until `stop`."""
        while not stop.is_set():
            first = self._consumer.poll(0.1)
            if first is None:
                continue
            for message in [first, *self._consumer.consume(500, 0)]:
                value = message.value()
                if message.error() is None and value is not None:
                    self._take(message.topic(), message.key(), value, message.timestamp()[1])
        self._consumer.close()

    def _take(self, topic: str | None, key: object, value: bytes, timestamp_ms: int) -> None:
        if topic == self._model:
            if key == PROGRESS_KEY:
                self.progress = decode_progress(value)
            return
        recommendation = self._decode(value)
        shopper = self.shoppers.get(recommendation.user_id)
        if shopper is not None:
            shopper.recommendation = recommendation
        if self.live_since_ms is not None and recommendation.cause.timestamp_ms >= self.live_since_ms:
            latency_ms = max(0, timestamp_ms - recommendation.cause.timestamp_ms)
            self.latencies_ms.append(latency_ms)
            self.recent_ms.append(latency_ms)

    def start_timing(self) -> None:
        """From now on lists are timed."""
        self.live_since_ms = now_ms()


def percentile(values: "list[int] | deque[int]", share: float) -> float | None:
    """The value that this share of all lies at or below; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return float(ordered[min(len(ordered) - 1, int(share * len(ordered)))])
