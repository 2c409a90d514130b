"""What the soak reads and does on the cluster: whole logs, newest values, offsets set back, a topic restored."""

import time
from collections.abc import Mapping

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    Producer,
    TopicPartition,
)

from streams import topics
from streams.kafka import admin_client, client_config, headers_of, produce_with_room, reader_config
from streams.lag import group_lag, uncommitted
from streams.settings import Settings
from streams.soak.reference import LogRecord
from streams.topics import full_name, group_name, table, topic_ids

GROUP_EMPTY_S = 60.0
ANSWER_S = 30.0
SET_BACK_LIMIT = 5_000
"""Records of a partition: the log grows with the hours, what comes again should not."""


class Cluster:
    """The soak's view of Kafka."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, base: str) -> list[LogRecord]:
        """Every record of a topic, in order per partition."""
        name = full_name(self._settings, base)
        topic_id = topic_ids(admin_client(self._settings), [name])[name]
        count = table(self._settings)[base].partitions
        consumer = Consumer(reader_config(self._settings) | {"enable.partition.eof": True})
        consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for p in range(count)])
        records: list[LogRecord] = []
        ended: set[int] = set()
        while len(ended) < count:
            for message in consumer.consume(1000, 1.0):
                partition = int(message.partition() or 0)
                if message.error() is not None:
                    ended.add(partition)
                    continue
                offset, timestamp = int(message.offset() or 0), message.timestamp()[1]
                key, value = message.key(), message.value()
                found = LogRecord(
                    name, topic_id, partition, offset, timestamp, key, value, headers_of(message)
                )
                records.append(found)
        consumer.close()
        return records

    def newest(self, base: str) -> dict[str, bytes]:
        """The newest value of every key of a compacted topic."""
        values = {(r.key or b"").decode(): r.value for r in self.read(base)}
        return {key: value for key, value in values.items() if value is not None}

    def uncommitted(self) -> int:
        """Records of `interactions` and `media` beyond their groups' committed offsets."""
        return self.progress()[1]

    def progress(self) -> tuple[int, int]:
        """How many records of those the groups have committed, and how many they have not."""
        lags = [self._lag(role) for role in ("recommend", "encode")]
        committed = sum(offset for lag in lags for offset, _ in lag.values())
        return committed, sum(map(uncommitted, lags))

    def _lag(self, role: str) -> dict[tuple[str, int], tuple[int, int]]:
        """As `group_lag`, asked again while the broker has been disturbed too much to answer."""
        deadline_s = time.monotonic() + ANSWER_S
        while True:
            try:
                return group_lag(admin_client(self._settings), self._settings, role)
            except KafkaException:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.5)

    def set_back(self, share: float, floor: Mapping[int, int]) -> None:
        """Sets the recommend group's offsets back by a share of each partition, up to SET_BACK_LIMIT records.

        Its workers must be stopped.

        Args:
            share: Of what is committed.
            floor: By partition, the offset below which nothing is read again: what was restored under another
                id is known to states by its recent event ids alone.

        Raises:
            TimeoutError: The group did not become empty.
        """
        admin = admin_client(self._settings)
        places = [
            TopicPartition(
                full_name(self._settings, base),
                partition,
                min(
                    committed,
                    max(int(committed * (1 - share)), committed - SET_BACK_LIMIT, floor.get(partition, 0)),
                ),
            )
            for (base, partition), (committed, _) in self._lag("recommend").items()
        ]
        group = ConsumerGroupTopicPartitions(group_name(self._settings, "recommend"), places)
        deadline_s = time.monotonic() + GROUP_EMPTY_S
        while True:
            try:
                admin.alter_consumer_group_offsets([group])[group.group_id].result(timeout=10)
            except KafkaException as exc:
                if time.monotonic() > deadline_s:
                    msg = f"the recommend group did not become empty: {exc.args[0].str()}"
                    raise TimeoutError(msg) from None
                time.sleep(0.5)
            else:
                return

    def restore(self, base: str, records: list[LogRecord]) -> None:
        """Deletes the topic, creates it anew and writes the records into it: same contents, another id."""
        admin = admin_client(self._settings)
        name = full_name(self._settings, base)
        admin.delete_topics([name])[name].result(timeout=30)
        deadline_s = time.monotonic() + GROUP_EMPTY_S
        while name not in topics.create(admin, self._settings):
            if time.monotonic() > deadline_s:
                msg = f"{name} could not be created anew"
                raise TimeoutError(msg)
            time.sleep(0.2)
        producer = Producer(client_config(self._settings) | {"enable.idempotence": True})
        for record in records:
            produce_with_room(producer, name, record.value, record.key, record.partition, record.timestamp)
            producer.poll(0)
        if left := producer.flush(60):
            msg = f"{left:,} records of {name} were not taken"
            raise TimeoutError(msg)
