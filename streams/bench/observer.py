"""The observer: a process that reads lists as any client would, and afterwards says how long each event waited.

While the system is measured it only collects. The events are read back from Kafka after the last was sent, so
what is matched is what Kafka has, not what the generator believes.
"""

import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition
from msgspec import Struct

from streams.bench.matching import Answer, Matcher, Place, SeenList, SentEvent
from streams.clock import now_ms
from streams.events import Through
from streams.kafka import next_places, reader_config
from streams.settings import Settings

POLL_S = 0.05


class Finish(Struct):
    """The request to match; only events and lists from `since_ms` on are reported."""

    since_ms: int
    limit_s: float
    """How long to wait for lists that are still missing."""


class Observed(Struct):
    """What became of the events."""

    answers: list[Answer]
    list_count: int
    last_ms: int
    """When the broker had the list that answered last; 0 if none did."""
    unanswered_count: int
    unanswered_since_ms: int | None


class _List(Struct):
    user_id: str
    through: Through


class _Event(Struct):
    user_id: str


_decode_list = msgspec.json.Decoder(_List).decode
_decode_events = msgspec.json.Decoder(list[_Event] | _Event).decode


def run(conn: Connection, settings: Settings, source: str, target: str) -> None:
    """A process's body: says "ready", answers "count" with the lists seen, and `Finish` with an `Observed`."""
    consumer = Consumer(reader_config(settings))
    starts = next_places(consumer, source, range(settings.partitions))
    consumer.assign(next_places(consumer, target, range(settings.partitions)))
    conn.send("ready")
    lists: list[SeenList] = []
    while True:
        lists += _poll(consumer)
        if not conn.poll():
            continue
        request = conn.recv()
        if isinstance(request, Finish):
            conn.send(_finish(settings, consumer, lists, starts, request))
            return
        conn.send(len(lists))


def _finish(
    settings: Settings, consumer: Consumer, lists: list[SeenList], starts: list[TopicPartition], asked: Finish
) -> Observed:
    deadline_s = time.monotonic() + asked.limit_s
    # First all that comes without a pause: while the events are read back nobody sees a list.
    while time.monotonic() < deadline_s and (more := _poll(consumer)):
        lists += more
    matcher = Matcher()
    matcher.sent(e for e in _read_back(settings, starts) if e.timestamp_ms >= asked.since_ms)
    taken = 0
    while True:
        for listed in lists[taken:]:
            matcher.seen(listed)
        taken = len(lists)
        if not matcher.waiting_count or time.monotonic() > deadline_s:
            break
        lists += _poll(consumer)
    consumer.close()
    return Observed(
        answers=matcher.answers,
        list_count=sum(listed.timestamp_ms >= asked.since_ms for listed in lists),
        last_ms=max((answer.event_ms + answer.broker_ms for answer in matcher.answers), default=0),
        unanswered_count=matcher.waiting_count,
        unanswered_since_ms=matcher.oldest_waiting_ms(),
    )


def _poll(consumer: Consumer) -> list[SeenList]:
    first = consumer.poll(POLL_S)
    if first is None:
        return []
    seen = now_ms()
    return [_seen(m, seen) for m in [first, *consumer.consume(1000, 0)] if m.error() is None and m.value()]


def _seen(message: Message, seen_ms: int) -> SeenList:
    listed = _decode_list(message.value() or b"")
    place = Place(listed.through.partition, listed.through.offset, listed.through.index)
    return SeenList(listed.user_id.encode(), place, message.timestamp()[1], seen_ms)


def _read_back(settings: Settings, starts: list[TopicPartition]) -> Iterator[SentEvent]:
    """Every event of the source from `starts` to its end, each partition in order."""
    consumer = Consumer(reader_config(settings))
    ends = {p.partition: p.offset for p in next_places(consumer, starts[0].topic, range(len(starts)))}
    left = sum(ends[start.partition] - start.offset for start in starts)
    consumer.assign(starts)
    while left > 0:
        for message in consumer.consume(1000, 1.0):
            if message.error() is None:
                left -= 1
                yield from _events(message)
    consumer.close()


def _events(message: Message) -> Iterator[SentEvent]:
    decoded = _decode_events(message.value() or b"")
    partition, offset, (_, timestamp_ms) = message.partition(), message.offset(), message.timestamp()
    for index, event in enumerate(decoded if isinstance(decoded, list) else [decoded]):
        yield SentEvent(event.user_id.encode(), Place(partition or 0, offset or 0, index), timestamp_ms)
