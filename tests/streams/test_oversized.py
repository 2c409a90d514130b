"""Batches as Kafka has them, that unpack to more than anybody should take."""

from typing import Any

import cramjam
import pytest
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record import default_records
from aiokafka.record._crecords import default_records as compiled_records
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchBuilderPy
from aiokafka.structs import TopicPartition

from streams import oversized
from streams.batch import decode
from streams.fetched_batches import Batches
from streams.oversized import OversizedError, limit_unpacking

LIMIT = 2**20
CODECS = {
    "gzip": DefaultRecordBatch.CODEC_GZIP,
    "lz4": DefaultRecordBatch.CODEC_LZ4,
    "snappy": DefaultRecordBatch.CODEC_SNAPPY,
    "zstd": DefaultRecordBatch.CODEC_ZSTD,
}


@pytest.fixture(autouse=True)
def _limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oversized, "UNPACKED_LIMIT", LIMIT)
    for module in (default_records, compiled_records):
        for codec in CODECS:
            monkeypatch.setattr(module, f"{codec}_decode", getattr(module, f"{codec}_decode"))
    limit_unpacking()


def batch(start: int, compression: int, *values: bytes) -> bytes:
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, 0, 1 << 30)
    for place, value in enumerate(values):
        builder.append(place, 1_000 + place, b"k", value, [])
    data = bytearray(builder.build())
    data[:8] = start.to_bytes(8, "big")
    return bytes(data)


def read(data: bytes) -> list[Any]:
    records = PartitionRecords(TopicPartition("t", 0), Batches(data), None, 0, None, None, True, 0)
    found = list(records)
    found.append(records.next_fetch_offset)
    return found


@pytest.mark.parametrize("compression", CODECS.values(), ids=CODECS)
def test_one_record_stands_in_the_place_of_a_batch_and_is_refused(compression: int) -> None:
    zeros = bytes(LIMIT // 2)
    bomb = batch(1, compression, zeros, zeros, zeros)
    assert len(bomb) < LIMIT / 10
    *found, end = read(batch(0, compression, b"a") + bomb + batch(4, compression, b"b", b"c"))
    assert [record.offset for record in found] == [0, 3, 4, 5]
    assert end == 6
    assert [record.value for record in found] == [b"a", b"", b"b", b"c"]
    assert (found[1].key, found[1].timestamp, found[1].headers) == (None, 1_002, ())
    (refusal,) = decode(found[1].value).refusals
    assert (refusal.error.code, refusal.error.path) == ("too_large", "$")
    assert "unpacks to more than 1 MiB" in refusal.error.message
    # What is empty is not what was too much.
    assert decode(b"").refusals[0].error.code == "empty"


@pytest.mark.parametrize("compression", CODECS.values(), ids=CODECS)
def test_what_just_fits_is_read(compression: int) -> None:
    value = bytes(LIMIT - 100)
    (record, _) = read(batch(0, compression, value))
    assert record.value == value


def test_snappy_as_others_than_java_pack_it() -> None:
    unpack = compiled_records.snappy_decode
    assert unpack(bytes(cramjam.snappy.compress_raw(b"abc" * 100))) == b"abc" * 100
    with pytest.raises(OversizedError):
        unpack(bytes(cramjam.snappy.compress_raw(bytes(LIMIT + 1))))
