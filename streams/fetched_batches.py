"""Fetched batches, read whatever clients wrote into them.

Kafka takes names of headers of any bytes from whoever may write. aiokafka raises at a name that is no UTF-8, and every
consumer that comes to it ends. Here the name has marks in the place of what is no text: it is nobody's name. For
batches that unpack too far see `streams.oversized`.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy

from streams.oversized import OversizedError, limit_unpacking, stand_in


def read_any_batches() -> None:
    """Has every consumer of this process read what would end it."""
    limit_unpacking()
    fetcher.MemoryRecords = Batches


class Batches:
    """As aiokafka's own, over fetched bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._batches = MemoryRecords(data)
        self._given = 0

    def size_in_bytes(self) -> int:
        """Of all that was fetched."""
        return len(self._data)

    def has_next(self) -> bool:
        """Whether there is another batch."""
        return bool(self._batches.has_next())

    def next_batch(self) -> "Batch":
        """The next batch."""
        self._given += 1
        return Batch(self._batches.next_batch(), self._data, self._given - 1)


class Batch:
    """As aiokafka's own; from a name on that is no text, slower code reads that minds no name.

    One record stands in the place of a batch that unpacks too far.
    """

    def __init__(self, batch: Any, data: bytes, number: int) -> None:  # noqa: ANN401  # one of several classes
        self._batch = batch
        self._data, self._number = data, number

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the batch has
        return getattr(self._batch, name)

    def __next__(self) -> Any:  # noqa: ANN401  # a record of one of several classes
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        count = 0
        try:
            for record in self._batch:
                yield record
                count += 1
        except UnicodeDecodeError:
            batches = _MemoryRecordsPy(self._data)
            for _ in range(self._number):
                batches.next_batch()
            packed = batches._next_slice
            if packed is None:
                raise
            yield from islice(_AnyNames(packed), count, None)
        except OversizedError:
            yield stand_in(self._batch)


class _AnyNames(_DefaultRecordBatchPy):  # type: ignore[misc]  # final, as far as aiokafka knows
    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer: bytearray = _Marked(self._buffer)


class _Marked(bytearray):
    """Bytes that are read as text with marks in the place of what is none."""

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401  # an index or a slice
        found = super().__getitem__(place)
        return found if isinstance(found, int) else _Marked(found)

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, errors)
