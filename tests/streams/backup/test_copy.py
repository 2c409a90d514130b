from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from confluent_kafka import TopicPartition

from streams.backup.copy import copy_topics
from streams.backup.folder import BackupFolder
from streams.settings import Settings


class Written:
    """A record."""

    def __init__(self, partition: int, offset: int) -> None:
        self._place = (partition, offset)

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]

    def error(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return 0, 1_700_000_000_000

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return b"v"

    def headers(self) -> None:
        return None


class Busy:
    """A consumer of partitions whose ends are never met: somebody writes as fast as it reads."""

    def __init__(self, ends: dict[int, int]) -> None:
        self._ends = ends
        self._offsets = {partition: count() for partition in ends}
        self._given: Counter[int] = Counter()

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        return 0, self._ends[place.partition] + self._given[place.partition]

    def assign(self, places: list[TopicPartition]) -> None:
        assert {place.partition for place in places} == self._ends.keys()

    def poll(self, _timeout: float) -> Written:
        partition = min(self._ends, key=lambda p: self._given[p])
        self._given[partition] += 1
        assert self._given.total() < 1_000, "it goes on for ever"
        return Written(partition, next(self._offsets[partition]))

    def consume(self, _limit: int, _timeout: float) -> list[Written]:
        return []

    def close(self) -> None:
        """Nothing is open."""


def test_what_is_written_all_the_time_is_copied_up_to_where_it_ended(tmp_path: Path) -> None:
    settings, busy = Settings(home=tmp_path, partitions=3, kafka="none:9092"), Busy({0: 5, 1: 0, 2: 40})
    with patch("streams.backup.copy.Consumer", lambda _config: busy):
        copied: Any = copy_topics(settings, BackupFolder(str(tmp_path / "copy")), ["interactions"])
    found = [(partition.start, partition.count, partition.ranges) for partition in copied["interactions"]]
    assert found == [(0, 5, [(0, 5)]), (0, 0, []), (0, 40, [(0, 40)])]
