"""Batches as Kafka has them, with names of headers that no ordinary client sends."""

from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from streams.fetched_batches import Batches, read_any_batches


class Name(str):
    """A name that is sent as other bytes."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff" + super().encode(encoding, errors)


def batch(start: int, *names: str, compression: int = 0) -> bytes:
    """A batch of one record for each name."""
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, 0, 1 << 20)
    for place, name in enumerate(names):
        builder.append(place, 1_000 + place, b"k", b"v%d" % place, [("fine", b"1"), (name, None)])
    data = bytearray(builder.build())
    data[:8] = start.to_bytes(8, "big")
    return bytes(data)


def read(batches: Any) -> list[Any]:  # noqa: ANN401  # aiokafka's or ours
    return list(PartitionRecords(TopicPartition("t", 0), batches, None, 0, None, None, True, 0))


@pytest.mark.parametrize("compression", [0, 1, 3])
def test_a_name_that_is_no_text_is_read_with_a_mark_and_all_others_as_they_are(compression: int) -> None:
    data = batch(0, "a", "b") + batch(2, "c", Name("d"), "e", compression=compression) + batch(5, "f")
    with pytest.raises(UnicodeDecodeError):
        read(MemoryRecords(data))
    found = read(Batches(data))
    assert [record.offset for record in found] == list(range(6))
    assert [record.headers[1][0] for record in found] == ["a", "b", "c", "\ufffdd", "e", "f"]
    assert {record.headers[0] for record in found} == {("fine", b"1")}
    assert [record.value for record in found] == [b"v0", b"v1", b"v0", b"v1", b"v2", b"v0"]
    assert Batches(data).size_in_bytes() == len(data)
    assert read(Batches(batch(0, "a"))) == read(MemoryRecords(batch(0, "a")))


def test_what_is_damaged_is_still_refused() -> None:
    data = bytearray(batch(0, "a", Name("b")))
    data[-6] ^= 0xFF
    with pytest.raises(CorruptRecordException):
        read(Batches(bytes(data)))


def test_the_consumers_of_a_process_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    read_any_batches()
    assert fetcher.MemoryRecords is Batches
