"""What a backup holds, and where its records lie once they are restored."""

from bisect import bisect_right
from itertools import accumulate

import msgspec

FORMAT = 1


class Segment(msgspec.Struct):
    """One file of records."""

    name: str
    count: int
    sha256: str


class PartitionCopy(msgspec.Struct):
    """What was copied of one partition."""

    start: int
    """The first offset that was there; one past the last one where there was none."""
    count: int = 0
    ranges: list[tuple[int, int]] = []
    """First offset and length of each row of consecutive ones; empty for compacted topics."""
    segments: list[Segment] = []


class TopicCopy(msgspec.Struct):
    """What was copied of one topic."""

    topic_id: str
    is_compacted: bool
    partitions: list[PartitionCopy]


class Manifest(msgspec.Struct):
    """Written last: a backup has all of it or has no manifest."""

    format: int
    freshet_version: str
    made_ms: int
    topic_prefix: str
    topics: dict[str, TopicCopy]
    """By base name."""
    committed: dict[str, dict[str, dict[int, int]]]
    """By role, base name and partition: the next offset that the role's group was to read."""
    snapshots: list[str]
    """Names, the oldest first."""


class Places:
    """Where the records of a partition lie after a restore into an empty one: one after the other, from 0."""

    def __init__(self, copied: PartitionCopy) -> None:
        self.start = copied.start
        """The first offset that was there."""
        self._firsts = [first for first, _ in copied.ranges]
        lengths = [length for _, length in copied.ranges]
        self._lengths = lengths
        self._befores = [0, *accumulate(lengths)]

    def of(self, offset: int) -> int:
        """Of a record, or of the last one before it that was copied.

        What had left the log before the backup lies before the beginning, at negative places, in the same order.
        """
        if offset < self.start:
            return offset - self.start
        row = bisect_right(self._firsts, offset) - 1
        if row < 0:
            return -1
        return self._befores[row] + min(offset - self._firsts[row], self._lengths[row] - 1)

    def next_of(self, offset: int) -> int:
        """Of the first record that is not before `offset`: where a reader goes on who was to read from there."""
        return max(0, self.of(offset - 1) + 1)
