"""Writes a run's messages: as fast as the workers keep up with, and among them honest events at a steady pace."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.fuzz.messages import Message as Made
from streams.fuzz.messages import honest, messages
from streams.kafka import admin_client, client_config
from streams.lag import READS, group_lag, uncommitted
from streams.settings import Settings
from streams.topics import full_name

BACKLOG = 20_000
"""Messages that may wait for the workers; beyond it nothing more is written but honest events."""
AT_ONCE = 500
LOOK_S = 2.0
"""How often it is looked how many wait."""
STALL_S = 120.0
"""A role that gets no further for so long, with that much waiting, will not: nothing more is written."""
FLUSH_S = 120.0


class Sender:
    """Sends and counts; what became of it, only the topics say."""

    def __init__(self, settings: Settings, seed: int, honest_per_s: float) -> None:
        self._settings = settings
        self._admin = admin_client(settings)
        self._producer = Producer(
            client_config(settings)
            | {
                "partitioner": "murmur2_random", "linger.ms": 5, "enable.idempotence": True, "compression.type": "lz4",
                "message.max.bytes": 20 * 2**20, "queue.buffering.max.kbytes": 65_536,
            }
        )  # fmt: skip
        self._made = messages(seed, settings.partitions)
        self._honest = honest(seed)
        self._honest_per_s = honest_per_s
        self._honest_due_s: float | None = None
        self.sent: Counter[str] = Counter()
        """Messages that Kafka has, by topic, honest ones too."""
        self.turned_away: Counter[str] = Counter()
        """Messages that Kafka itself refused, by its reason."""
        self.made: dict[tuple[str, int, int], Made] = {}
        """Messages by topic, partition and offset, without their values."""
        self.last_honest: dict[str, tuple[int, int]] = {}
        """Partition and offset of each honest user's last event."""
        self.honest_count = 0
        self.backlog = 0
        self._moved: dict[str, tuple[int, float]] = {}
        """Of each role, what it has committed, and since when it has no more, or nothing that waits."""

    def send(self, count: int, is_over: Callable[[], bool], on_sent: Callable[[int], None]) -> int:
        """Sends so many messages, or fewer if it is over before, or if workers get no further.

        Args:
            count: Of hostile messages; honest ones are not counted.
            is_over: Asked all the time.
            on_sent: Told how many were sent since it was told last.

        Returns:
            How many were sent.

        Raises:
            TimeoutError: Kafka does not acknowledge them.
        """
        sent, look_s = 0, 0.0
        while sent < count and not is_over():
            self._send_honest()
            if time.monotonic() - look_s > LOOK_S:
                self._look()
                look_s = time.monotonic()
            if self.backlog > BACKLOG:
                if self._is_stalled():
                    break
                time.sleep(0.1)
                continue
            part = min(AT_ONCE, count - sent)
            for _ in range(part):
                self._produce(next(self._made))
            self.backlog += part
            sent += part
            on_sent(part)
        self.flush()
        return sent

    def flush(self) -> None:
        """Waits until Kafka has everything.

        Raises:
            TimeoutError: It does not say so in time.
        """
        if left := self._producer.flush(FLUSH_S):
            msg = f"Kafka did not acknowledge {left:,} messages within {FLUSH_S:g} s"
            raise TimeoutError(msg)

    def _look(self) -> None:
        """Looks how many messages the workers have yet to be done with, and who gets further."""
        self.backlog = 0
        for role in READS:
            lag = group_lag(self._admin, self._settings, role)
            left, committed = uncommitted(lag), sum(offset for offset, _ in lag.values())
            self.backlog += left
            if not left or committed > self._moved.get(role, (-1, 0.0))[0]:
                self._moved[role] = committed, time.monotonic()

    def _is_stalled(self) -> bool:
        """Whether a role gets no further; the account of what is left says which."""
        return any(time.monotonic() - since_s > STALL_S for _, since_s in self._moved.values())

    def _send_honest(self) -> None:
        now_s = time.monotonic()
        self._honest_due_s = now_s if self._honest_due_s is None else self._honest_due_s
        while self._honest_due_s <= now_s:
            user_id, value = next(self._honest)

            def delivered(error: KafkaError | None, message: Message, user_id: str = user_id) -> None:
                if error is None:
                    place = int(message.partition() or 0), int(message.offset() or 0)
                    self.last_honest[user_id] = max(place, self.last_honest.get(user_id, place))
                self._count("interactions", error)

            self._write("interactions", value, user_id.encode(), -1, [], delivered)
            self.honest_count += 1
            self._honest_due_s += 1 / self._honest_per_s

    def _produce(self, made: Made) -> None:
        kept = made._replace(value=None, headers=[])

        def delivered(error: KafkaError | None, message: Message) -> None:
            self._count(made.topic, error)
            if error is None:
                self.made[made.topic, int(message.partition() or 0), int(message.offset() or 0)] = kept

        self._write(made.topic, made.value, made.key, made.partition, made.headers, delivered)

    def _count(self, topic: str, error: KafkaError | None) -> None:
        if error is None:
            self.sent[topic] += 1
        else:
            self.turned_away[f"{topic}: {error.name()}"] += 1

    def _write(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        headers: list[tuple[str, str | bytes | None]],
        delivered: Callable[[KafkaError | None, Message], None],
    ) -> None:
        for _ in self._attempts():
            try:
                self._producer.produce(
                    full_name(self._settings, topic), value, key, partition, delivered, headers=headers
                )
            except BufferError:
                continue
            except KafkaException as exc:
                self._count(topic, exc.args[0])
            return

    def _attempts(self) -> Iterator[None]:
        self._producer.poll(0)
        yield
        while True:
            self._producer.poll(0.05)
            yield
