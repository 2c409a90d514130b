"""A whole river for tests: topics with a prefix of their own, real worker processes, and what should come of it."""

import asyncio
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from streams import discovery, topics
from streams.event_ids import event_hash
from streams.events import Recommendation
from streams.kafka import admin_client
from streams.settings import TEXT_ONLY, Settings, child_environ
from streams.status import Status, read_status
from streams.supervisor import Supervisor
from streams.topics import full_name, home_partition

SETTLE_S = 90.0


class River:
    """Topics, workers and a ledger of every event that was produced."""

    def __init__(self, kafka: str, prefix: str, home: Path, **settings: Any) -> None:  # noqa: ANN401  # settings
        self.settings = Settings(
            kafka=kafka,
            topic_prefix=prefix,
            home=home,
            **{**TEXT_ONLY, "text_encoder": "hashing", "item_capacity": 4096, **settings},
        )
        self.admin = admin_client(self.settings)
        topics.create(self.admin, self.settings)
        self._producer = Producer(
            {"bootstrap.servers": kafka, "partitioner": "murmur2_random", "linger.ms": 1, "acks": "all"}
        )
        self.expected: dict[int, dict[str, int]] = {}
        """Hash of each distinct event id, by home partition."""
        self.last: dict[str, tuple[int, int]] = {}
        """Partition and offset of each user's last record on the home partition, as far as produced here."""

    @contextmanager
    def workers(self, **counts: int) -> Iterator["Workers"]:
        """Runs so many workers of each role, supervised; none is left at the end."""
        supervisor = Supervisor(counts, child_environ(self.settings), self.settings.home / "workers.log")
        workers = Workers(self.settings, supervisor)
        supervisor.start()
        workers.thread.start()
        try:
            workers.wait_started()
            yield workers
        finally:
            workers.stop()

    def produce(self, topic: str, value: Any, key: str, partition: int = -1) -> None:  # noqa: ANN401  # any JSON
        """Produces any value; nothing is noted of it."""
        data = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        self._producer.produce(full_name(self.settings, topic), data, key, partition=partition)

    def interact(self, event: dict[str, Any], partition: int | None = None) -> None:
        """Produces one valid interaction, on its home partition unless another is given, and notes it."""
        self.expect([event])
        user_id = event["user_id"]
        home = home_partition(user_id, self.settings.partitions)

        def delivered(_error: object, message: Any) -> None:  # noqa: ANN401  # confluent's message
            if message.partition() == home:
                self.last[user_id] = max(self.last.get(user_id, (home, -1)), (home, message.offset()))

        self._producer.produce(
            full_name(self.settings, "interactions"),
            json.dumps(event).encode(),
            user_id,
            partition=home if partition is None else partition,
            on_delivery=delivered,
        )

    def expect(self, events: Iterable[dict[str, Any]]) -> None:
        """Notes events that are to be applied once."""
        for event in events:
            home = home_partition(event["user_id"], self.settings.partitions)
            self.expected.setdefault(home, {})[event["event_id"]] = event_hash(event["event_id"])

    def flush(self) -> None:
        """Waits until everything produced is acknowledged."""
        assert self._producer.flush(60) == 0

    def status(self) -> Status:
        """The river as `freshet status` sees it."""
        return asyncio.run(read_status(self.admin, self.settings))

    def wait_settled(self, limit_s: float = SETTLE_S) -> Status:
        """Waits until every expected event is applied and learned, exactly once."""
        expected = {}
        for partition, hashes in self.expected.items():
            xor = 0
            for value in hashes.values():
                xor ^= value
            expected[partition] = (len(hashes), f"{xor:016x}")

        status = self.status()

        def settled() -> bool:
            nonlocal status
            status = self.status()
            return all(
                {row.partition: (row.count, row.xor) for row in rows} == expected
                for rows in (status.applied, status.learned)
            )

        wait_for(settled, limit_s, lambda: f"expected {expected}, got {status}", pause_s=1.0)
        return status

    def wait_counted(self, events: int, limit_s: float = SETTLE_S) -> None:
        """Waits until so many events are applied and learned, each once, those of a history included."""

        def counted() -> bool:
            status = self.status()
            return sum(row.count for row in status.applied) == events and status.applied == status.learned

        wait_for(counted, limit_s, lambda: str(self.status()), pause_s=1.0)

    def newest(self, topic: str) -> dict[str, bytes | None]:
        """The newest value of every key of a topic."""
        return {m.key().decode(): m.value() for m in self.records(topic)}

    def records(self, topic: str) -> list[Any]:
        """Every record of a topic, in order per partition."""
        name = full_name(self.settings, topic)
        count = topics.table(self.settings)[topic].partitions
        consumer = Consumer(
            {
                "bootstrap.servers": self.settings.kafka,
                "group.id": "test-reader",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
            }
        )
        consumer.assign([TopicPartition(name, p, 0) for p in range(count)])
        found, ended = [], 0
        while ended < count:
            message = consumer.poll(10)
            assert message is not None, f"{name} does not answer"
            if message.error() is None:
                found.append(message)
            else:
                ended += 1
        consumer.close()
        return found

    def lists(self) -> dict[str, Recommendation]:
        """Every user's list."""
        decode = msgspec.json.Decoder(Recommendation).decode
        return {user_id: decode(value) for user_id, value in self.newest("recommendations").items() if value}

    def wait_fresh(self, limit_s: float = 30.0) -> dict[str, Recommendation]:
        """Waits until each user's newest list goes through their last event."""
        behind: dict[str, Any] = {}
        lists: dict[str, Recommendation] = {}

        def fresh() -> bool:
            nonlocal lists, behind
            lists = self.lists()
            behind = {
                user_id: (place, lists[user_id].through if user_id in lists else None)
                for user_id, place in self.last.items()
                if user_id not in lists
                or (lists[user_id].through.partition, lists[user_id].through.offset) < place
            }
            return not behind

        wait_for(fresh, limit_s, lambda: f"lists behind: {behind}")
        return lists


class Workers:
    """Supervised workers that tests kill, freeze and count."""

    def __init__(self, settings: Settings, supervisor: Supervisor) -> None:
        self._settings = settings
        self.supervisor = supervisor
        self._ended = threading.Event()
        self.thread = threading.Thread(target=self._tend, daemon=True)

    def _tend(self) -> None:
        while not self._ended.wait(0.2):
            self.supervisor.tend()

    def wait_started(self) -> None:
        """Waits until every worker serves."""
        folder = discovery.folder(self._settings)

        def started() -> bool:
            names = {path.stem for path in folder.glob("*.json")}
            wanted = {f"{slot.role}-{slot.process.pid}" for slot in self.supervisor.slots if slot.process}
            return len(wanted) == len(self.supervisor.slots) and wanted <= names

        log = self._settings.home / "workers.log"
        wait_for(started, 120, lambda: log.read_text()[-3000:])

    def kill(self, role: str, number: int = signal.SIGKILL) -> int:
        """Sends a signal to the first worker of a role; returns its process id."""
        pid = self.supervisor.pids(role)[0]
        os.kill(pid, number)
        return pid

    def stop(self) -> None:
        """Stops tending, then every worker."""
        self._ended.set()
        if self.thread.is_alive():
            self.thread.join()
        self.supervisor.stop()


def wait_for(
    done: Callable[[], bool], limit_s: float, explain: Callable[[], str], pause_s: float = 0.2
) -> None:
    """Waits until `done`, or fails with the explanation."""
    deadline_s = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < deadline_s, f"not within {limit_s} s: {explain()}"
        time.sleep(pause_s)


def shoppers(
    count: int, seed: int, users: int = 200, items: int = 300, tag: str = "e"
) -> Sequence[dict[str, Any]]:
    """Interactions of made-up shoppers with tastes: each user keeps to a few items near their own number."""
    rng = random.Random(seed)
    events = []
    for number in range(count):
        user = rng.randrange(users)
        item = (user * 7 + int(rng.expovariate(0.3))) % items
        events.append(
            {
                "event_id": f"{tag}-{seed}-{number}",
                "user_id": f"user-{user}",
                "item_id": f"item-{item}",
                "action": rng.choice(["click", "purchase", "view", "like"]),
                "timestamp_ms": 1_700_000_000_000 + number * 250,
            }
        )
    return events
