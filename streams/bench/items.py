"""Items that go and come: how soon lists obey, with no event of their users; and what a flood does to events."""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import numpy as np
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from msgspec import Struct

from streams.bench.matching import percentiles
from streams.bench.measure import LEAD_S, Load, await_first_list, measure
from streams.bench.stage import Stage, stage, wait_caught_up, wait_quiet
from streams.bench.subjects import BenchError, Subject, freshet
from streams.clock import now_ms
from streams.events import Interaction, Recommendation, Request, Response
from streams.kafka import client_config, produce_with_room, reader_config
from streams.settings import Settings
from streams.topics import full_name, home_partition, table

GROUPS = 20
"""Tastes among the users: each has words of its own, which nobody else's items have."""
GROUP_ITEMS = 30
WORDS = 12
"""Of a group; each item's title has half of them."""
SHARED_ITEMS = 30
EVERYBODYS = "everybodys"
"""What all sharers had, and so all others have in their list."""
FLOOD_USERS, FLOOD_ITEMS, FLOOD_S = 2_000, 2_000, 15.0
"""Who sends events meanwhile, about which items, for how long."""
SETTLE_S = 10.0
"""How long lists are waited for after an item has gone or come."""
PATIENCE_S = 120.0

_decode = msgspec.json.Decoder(Recommendation).decode
_decode_response = msgspec.json.Decoder(Response).decode
_encode = msgspec.json.Encoder().encode


class Gone(Struct):
    """An item was deleted that was in many lists."""

    lists: int
    """That held it."""
    left: int
    """That hold it still."""
    ms: dict[str, float | None]
    """From the deletion's Kafka timestamp until Kafka had each list without it."""


class Come(Struct):
    """A new item came that one group's taste is for."""

    wanted: int
    """Users of all groups whose list, made anew on request, has it."""
    found: int
    """Those of them whose published list had it, with no event of theirs, when the last list had come."""
    found_in_2_s: int
    others: int
    """Lists changed for it without its being wanted there any more."""
    ms: dict[str, float | None]
    """From the media event's Kafka timestamp until Kafka had each list with it."""


class Flood(Struct):
    """Many new items at once, while events go on."""

    items: int
    rate: float
    quiet_ms: dict[str, float | None]
    """From event to list without them."""
    latency_ms: dict[str, float | None]
    """The same while they come."""
    lists_changed: int


class Lists:
    """Every user's newest list, followed in `recommendations`."""

    def __init__(self, settings: Settings) -> None:
        self._consumer = Consumer(reader_config(settings))
        name, count = full_name(settings, "recommendations"), table(settings)["recommendations"].partitions
        self._consumer.assign([TopicPartition(name, p, 0) for p in range(count)])
        self.newest: dict[str, Recommendation] = {}
        self.changed: list[tuple[int, Recommendation]] = []
        """When Kafka had each list that was changed for an item, and the list."""

    def read(self, seconds: float) -> None:
        """Takes in what comes within that time, and only then looks at it: the processors are the workers'."""
        end_s = time.monotonic() + seconds
        messages: list[Message] = []
        while (left_s := end_s - time.monotonic()) > 0:
            messages += self._consumer.consume(2_000, min(left_s, 0.2))
        for message in messages:
            if message.error() is None:
                self._take(message)

    def _take(self, message: Message) -> None:
        found = _decode(message.value() or b"")
        self.newest[found.user_id] = found
        if found.cause.kind == "item":
            self.changed.append((message.timestamp()[1], found))

    def having(self, item_id: str) -> set[str]:
        """Users whose newest list has the item."""
        return {user_id for user_id, found in self.newest.items() if item_id in _ids(found)}

    def close(self) -> None:
        """Stops reading."""
        self._consumer.close()


def _ids(found: Recommendation | Response) -> set[str]:
    return {item.item_id for item in found.items}


class People:
    """Sharers, who had the same items, and tasters, who had one item, of which only the content says anything."""

    def __init__(self, place: Stage, count: int, seed: int) -> None:
        self._place = place
        self._producer = Producer(client_config(place.settings) | {"partitioner": "murmur2_random"})
        self._rng = np.random.default_rng(seed)
        self._words = [[f"word{group}x{number}" for number in range(WORDS)] for group in range(GROUPS)]
        self._count = count

    def send(self, base: str, key: str, value: object, partition: int = -1) -> int:
        """Writes a message; returns its timestamp."""
        at_ms = now_ms()
        data = None if value is None else _encode(value)
        topic = full_name(self._place.settings, base)
        produce_with_room(self._producer, topic, data, key, partition, at_ms)
        self._producer.poll(0)
        return at_ms

    def flush(self) -> None:
        """Waits until all is written."""
        self._producer.flush(60)

    def item(self, item_id: str, group: int, words: int = WORDS // 2) -> int:
        """A new item of a group's taste; the more of its words, the nearer to all of the group. Returns when."""
        chosen = self._rng.permutation(self._words[group])[:words]
        return self.send("media", item_id, {"item_id": item_id, "title": " ".join(chosen)})

    def begin(self) -> None:
        """Sends the items there are, and everybody's short past."""
        for number in range(GROUPS * GROUP_ITEMS):
            self.item(f"taste-{number}", number % GROUPS)
        for item_id in (EVERYBODYS, *(f"shared-{number}" for number in range(SHARED_ITEMS))):
            self.send("media", item_id, {"item_id": item_id, "title": item_id})
        self.flush()
        past_ms = now_ms() - 86_400_000
        for user in range(self._count):
            shared = self._rng.permutation(SHARED_ITEMS)[:2].tolist()
            self._past(
                f"sharer-{user}", [*(f"shared-{number}" for number in shared), EVERYBODYS], past_ms + user
            )
            tasted = int(self._rng.integers(GROUP_ITEMS)) * GROUPS + user % GROUPS
            self._past(f"taster-{user}", [f"taste-{tasted}"], past_ms + user)
        self.flush()

    def _past(self, user_id: str, item_ids: Sequence[str], from_ms: int) -> None:
        events = [
            Interaction(user_id, item_id, "click", timestamp_ms=from_ms + order * 1_000)
            for order, item_id in enumerate(item_ids)
        ]
        self.send("interactions", user_id, events)

    def tasters(self, group: int) -> list[str]:
        """The users of a group."""
        return [f"taster-{user}" for user in range(group, self._count, GROUPS)]


@contextmanager
def _river(
    settings: Settings, users: int, workers: int, seed: int
) -> Iterator[tuple[Stage, Subject, People, Lists]]:
    roles = {"encode": 1, "learn": 1, "recommend": workers}
    with stage(settings) as place, freshet(place.settings, roles) as subject:
        await_first_list(place.settings, subject)
        people, lists = People(place, users, seed), Lists(place.settings)
        people.begin()
        wait_caught_up(place, subject)
        wait_quiet(subject)
        lists.read(SETTLE_S)
        try:
            yield place, subject, people, lists
        finally:
            lists.close()


def measure_items(
    settings: Settings, users: int, workers: int, seed: int, flood_items: int, rate: float
) -> tuple[Gone, Come, Flood]:
    """Deletes an item, brings a new one, and then many while events go on.

    Args:
        settings: Where Kafka is, and which text encoder is used.
        users: Of each kind: so many have the item that goes, and so many tastes.
        workers: Recommend workers.
        seed: The same seed makes the same users and items.
        flood_items: New items at once.
        rate: Events a second while they come.

    Raises:
        BenchError: Workers do not start or do not catch up.
    """
    with _river(settings, users, workers, seed) as (place, subject, people, lists):
        gone = _go(people, lists)
        come = _come(place.settings, people, lists)
        load = Load(FLOOD_USERS, FLOOD_ITEMS, seed)
        quiet = measure(place.settings, subject, load, rate, FLOOD_S, {})
        lists.read(1.0)
        lists.changed.clear()
        timer = threading.Timer(LEAD_S + 1.0, _flood, (people, flood_items))
        timer.daemon = True
        found = measure(place.settings, subject, load, rate, FLOOD_S, {}, timer.start)
        timer.join()
        lists.read(SETTLE_S)
        return gone, come, Flood(flood_items, rate, quiet.latency_ms, found.latency_ms, len(lists.changed))


def _go(people: People, lists: Lists) -> Gone:
    held = lists.having(EVERYBODYS)
    lists.changed.clear()
    at_ms = people.send("media", EVERYBODYS, None)
    people.flush()
    lists.read(SETTLE_S)
    took_ms = [kafka_ms - at_ms for kafka_ms, found in lists.changed if found.cause.event_id == EVERYBODYS]
    return Gone(len(held), len(lists.having(EVERYBODYS)), percentiles(took_ms))


def _come(settings: Settings, people: People, lists: Lists) -> Come:
    lists.changed.clear()
    at_ms = people.item("new", 0, WORDS)
    people.flush()
    lists.read(SETTLE_S)
    took: dict[str, int] = {}
    for kafka_ms, changed in lists.changed:
        if "new" in _ids(changed):
            took.setdefault(changed.user_id, kafka_ms - at_ms)
    wanted = _wanted(settings, people, people.tasters(0), "new")
    found = lists.having("new")
    in_time = {user_id for user_id in found if took.get(user_id, math.inf) <= 2_000}
    return Come(
        len(wanted),
        len(wanted & found),
        len(wanted & in_time),
        len(found - wanted),
        percentiles(list(took.values())),
    )


def _wanted(settings: Settings, people: People, users: Sequence[str], item_id: str) -> set[str]:
    """Users whose list has the item if it is made now, on request."""
    consumer = Consumer(reader_config(settings))
    name, count = full_name(settings, "responses"), table(settings)["responses"].partitions
    consumer.assign([TopicPartition(name, p, 0) for p in range(count)])
    for user_id in users:
        people.send("requests", user_id, Request(user_id, user_id=user_id), home_partition(user_id, count))
    people.flush()
    answers: dict[str, set[str]] = {}
    deadline_s = time.monotonic() + PATIENCE_S
    while len(answers) < len(users):
        for message in consumer.consume(1_000, 0.2):
            if message.error() is None:
                found = _decode_response(message.value() or b"")
                answers[found.request_id] = _ids(found)
        if time.monotonic() > deadline_s:
            msg = f"{len(answers)} of {len(users)} requests were answered within {PATIENCE_S:g} s"
            raise BenchError(msg)
    consumer.close()
    return {user_id for user_id, item_ids in answers.items() if item_id in item_ids}


def _flood(people: People, count: int) -> None:
    for number in range(count):
        people.item(f"flood-{number}", number % GROUPS)
    people.flush()
