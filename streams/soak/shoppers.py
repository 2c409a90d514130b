"""The soak's producers: made-up shoppers and a shop, with retried, misrouted and packed messages among theirs."""

import random
from collections.abc import Iterator

import msgspec
from confluent_kafka import Producer

from streams.events import Interaction
from streams.kafka import client_config, produce_with_room
from streams.settings import Settings
from streams.topics import full_name, home_partition, table

REGULARS = 10
"""Users with half of the events: what they did is soon longer ago than their recent event ids reach."""
USERS = 5_000
"""The others come rarely: what is wrong with their lists stays so until the end."""
ITEMS = 2_000
THINGS = 200
"""Items that the shop describes, over and over: a patch that is lost or comes late shows in the document."""
EVENTS_A_PATCH = 50
START_MS = 1_700_000_000_000

_encode = msgspec.json.Encoder().encode


class Shoppers:
    """Events that follow from the seed alone, sent in ways that follow from it too."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._settings = settings
        self._rng = random.Random(seed)
        self._partitions = {name: topic.partitions for name, topic in table(settings).items()}
        self._patches_due, self._patch_number = 0.0, 0
        self._producer = Producer(
            client_config(settings)
            | {"partitioner": "murmur2_random", "linger.ms": 2, "enable.idempotence": True, "acks": "all"}
        )
        self._events = self._stream(seed)
        self.sent_count = 0
        """Distinct events; their ids end with the numbers below it."""

    def _stream(self, seed: int) -> Iterator[Interaction]:
        rng = random.Random(seed + 1)
        number = 0
        while True:
            user = rng.randrange(REGULARS if rng.random() < 0.5 else USERS)
            basket_ms = START_MS + number * 20
            for _ in range(rng.choice((1, 1, 1, 2, 5))):
                item = (user * 13 + int(rng.expovariate(0.05))) % ITEMS
                yield Interaction(
                    user_id=f"user-{user}",
                    item_id=f"item-{item}",
                    action=rng.choice(("click", "view", "purchase", "like", "hide")),
                    event_id=f"event-{seed}-{number}",
                    timestamp_ms=basket_ms,
                )
                number += 1

    def send(self, count: int) -> None:
        """Sends `count` new events: most alone, some packed, some to a wrong partition, some twice."""
        left = count
        while left > 0:
            size = min(left, self._rng.choice((1, 1, 1, 1, 20)))
            pack = [next(self._events) for _ in range(size)]
            left -= size
            self.sent_count += size
            value = _encode(pack[0] if size == 1 else pack)
            self._produce("interactions", pack[0].user_id, value, astray=0.02, twice=0.03)
        self._patches_due += count / EVENTS_A_PATCH
        while self._patches_due >= 1:
            self._patches_due -= 1
            self._describe()
        self._producer.poll(0)

    def _describe(self) -> None:
        """Sends a change of an item or more: its title, one of its attributes, or that it is gone."""
        thing = f"thing-{self._rng.randrange(THINGS)}"
        patches = []
        for _ in range(self._rng.choice((1, 1, 1, 5))):
            self._patch_number += 1
            fields = {"title": f"title {self._patch_number}"} if self._rng.random() < 0.5 else {}
            attributes = {f"a{self._rng.randrange(4)}": self._patch_number}
            patches.append({"item_id": thing, "attributes": attributes, **fields})
        value = _encode(patches if len(patches) > 1 else patches[0])
        is_gone = self._rng.random() < 0.03
        self._produce("media", thing, None if is_gone else value, astray=0.05, twice=0.05)

    def _produce(self, base: str, key: str, value: bytes | None, *, astray: float, twice: float) -> None:
        """Sends a message home, or with these chances to any partition, and twice."""
        count = self._partitions[base]
        is_astray = self._rng.random() < astray
        partition = self._rng.randrange(count) if is_astray else home_partition(key, count)
        for _ in range(2 if self._rng.random() < twice else 1):
            produce_with_room(self._producer, full_name(self._settings, base), value, key, partition)

    def flush(self) -> None:
        """Waits until everything is acknowledged.

        Raises:
            TimeoutError: Kafka did not acknowledge all of it within two minutes.
        """
        if self._producer.flush(120):
            msg = "Kafka did not acknowledge the soak's events within 120 s"
            raise TimeoutError(msg)
