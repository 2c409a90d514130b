"""Reading whole topics, record by record as they are."""

from collections.abc import Iterator
from contextlib import closing

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.backup import BackupError
from streams.backup.folder import BackupFolder, CopiedRecord
from streams.backup.manifest import PartitionCopy
from streams.kafka import headers_of, next_places, reader_config
from streams.settings import Settings
from streams.topics import full_name, table

SEGMENT_BYTES = 8 * 2**20
SEGMENT_RECORDS = 10_000
SILENCE_S = 30.0


class TopicCopier:
    """Copies topics into a backup, one after the other."""

    def __init__(self, settings: Settings, folder: BackupFolder) -> None:
        self._settings = settings
        self._folder = folder
        self._ends: dict[int, int] = {}
        """Where each partition of the topic in work ended when it was begun with."""
        self._consumer = Consumer(
            reader_config(settings)
            | {
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 100,
                # What workers read, whoever wrote it.
                "isolation.level": "read_uncommitted",
            }
        )

    def copy(self, base: str) -> list[PartitionCopy]:
        """Copies each partition up to its end as it is now, however much comes meanwhile.

        That an end was met is said by the client library only when nothing came while a fetch waited, which is never
        where records come all the time. So ends are asked for first.

        Raises:
            BackupError: Kafka falls silent, or the folder cannot be written.
            KafkaException: Kafka does not answer.
        """
        row = table(self._settings)[base]
        writers = [
            _Writer(self._folder, f"topics/{base}/{partition:05d}", row.cleanup == "compact")
            for partition in range(row.partitions)
        ]
        for partition, record in self._records(full_name(self._settings, base), row.partitions):
            writers[partition].add(record)
        return [writer.close(self._ends[number]) for number, writer in enumerate(writers)]

    def _records(self, topic: str, partitions: int) -> Iterator[tuple[int, CopiedRecord]]:
        ends = next_places(self._consumer, topic, range(partitions))
        self._ends = {place.partition: place.offset for place in ends}
        self._consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
        reading = set(range(partitions))
        while reading:
            first = self._consumer.poll(SILENCE_S)
            if first is None:
                msg = f"{topic}: nothing more came for {SILENCE_S:g} s, from partitions {sorted(reading)}"
                raise BackupError(msg)
            for message in (first, *self._consumer.consume(2_000, 0)):
                partition, error = int(message.partition() or 0), message.error()
                if error is None:
                    left = self._ends[partition] - int(message.offset() or 0)
                    # What comes after the end belongs to the next backup.
                    if left > 0:
                        yield partition, _to_record(message)
                    if left <= 1:
                        reading.discard(partition)
                elif error.code() == KafkaError._PARTITION_EOF:
                    reading.discard(partition)
                elif error.fatal():
                    raise KafkaException(error)

    def close(self) -> None:
        """Stops reading."""
        self._consumer.close()


def copy_topics(settings: Settings, folder: BackupFolder, bases: list[str]) -> dict[str, list[PartitionCopy]]:
    """Copies topics in this order.

    Raises:
        BackupError: Kafka falls silent, or the folder cannot be written.
    """
    with closing(TopicCopier(settings, folder)) as copier:
        return {base: copier.copy(base) for base in bases}


class _Writer:
    """Gathers the records of one partition into segments."""

    def __init__(self, folder: BackupFolder, path: str, is_compacted: bool) -> None:
        self._folder = folder
        self._path = path
        self._is_compacted = is_compacted
        self._records: list[CopiedRecord] = []
        self._bytes = 0
        self._copy = PartitionCopy(start=-1)

    def add(self, record: CopiedRecord) -> None:
        if self._copy.count == 0:
            self._copy.start = record.offset
        self._copy.count += 1
        if not self._is_compacted:
            self._note_place(record.offset)
        self._records.append(record)
        self._bytes += len(record.key or b"") + len(record.value or b"")
        if self._bytes >= SEGMENT_BYTES or len(self._records) >= SEGMENT_RECORDS:
            self._flush()

    def _note_place(self, offset: int) -> None:
        ranges = self._copy.ranges
        if ranges and ranges[-1][0] + ranges[-1][1] == offset:
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((offset, 1))

    def _flush(self) -> None:
        name = f"{self._path}-{len(self._copy.segments):06d}.msgpack.zst"
        self._copy.segments.append(self._folder.write_segment(name, self._records))
        self._records, self._bytes = [], 0

    def close(self, end: int) -> PartitionCopy:
        """What was copied; where that is nothing, all that was lies before the partition's end."""
        if self._records:
            self._flush()
        if self._copy.count == 0:
            self._copy.start = end
        return self._copy


def _to_record(message: Message) -> CopiedRecord:
    offset, timestamp_ms = int(message.offset() or 0), message.timestamp()[1]
    return CopiedRecord(offset, timestamp_ms, message.key(), message.value(), headers_of(message))
