"""The open-loop generator: a process that sends by the clock, whatever the system under test does.

An event's Kafka timestamp is the moment at which it was *due*. A generator that falls behind its schedule thus
makes latencies longer, never shorter (no coordinated omission); how late it was is reported too.
"""

import time
from multiprocessing.connection import Connection

from confluent_kafka import Producer
from msgspec import Struct

from streams.bench.workload import Workload
from streams.kafka import client_config
from streams.settings import Settings


class Plan(Struct):
    """What to send."""

    topic: str
    count: int
    """Events."""
    rate: float
    """Events a second; infinite: all are due at once."""
    users: int
    items: int
    seed: int
    tag: str
    packed: int = 1
    """Events in one message."""
    span_ms: tuple[int, int] | None = None
    """Over which the events' own timestamps are spread; None: they have none, and Kafka's count."""


class Sent(Struct):
    """What was sent."""

    start_ms: int
    rate_held: float
    """Events a second from the first to the last."""
    late_ms: float
    """How far behind its schedule the generator was at worst."""
    failed_count: int
    """Messages that Kafka did not acknowledge."""


def run(conn: Connection, settings: Settings, plan: Plan) -> None:
    """A process's body: prepares everything, says "ready", waits for the word to go, sends a `Sent`."""
    workload = Workload(plan.users, plan.items, plan.seed, plan.tag)
    messages = workload.messages(plan.count, plan.packed, settings.partitions, plan.span_ms)
    failed_count = 0

    def on_delivery(error: object, _message: object) -> None:
        nonlocal failed_count
        failed_count += error is not None

    producer = Producer(
        client_config(settings)
        | {
            "partitioner": "murmur2_random",
            "linger.ms": 1,
            "enable.idempotence": True,
            "queue.buffering.max.messages": 2_000_000,
            "on_delivery": on_delivery,
        }
    )
    producer.list_topics(plan.topic, timeout=10)
    conn.send("ready")
    conn.recv()
    start_s, wall_s = time.perf_counter(), time.time()
    sent_count, late_s = 0, 0.0
    for message in messages:
        due_s = sent_count / plan.rate
        while (early_s := due_s - (time.perf_counter() - start_s)) > 0:
            producer.poll(0)
            time.sleep(min(early_s, 0.01))
        late_s = max(late_s, -early_s)
        while True:
            try:
                producer.produce(
                    plan.topic, message.value, message.key, timestamp=int((wall_s + due_s) * 1000)
                )
                break
            except BufferError:
                producer.poll(0.01)
        sent_count += message.event_count
    took_s = time.perf_counter() - start_s
    failed_count += producer.flush(60)
    conn.send(Sent(int(wall_s * 1000), sent_count / took_s, late_s * 1000, failed_count))
