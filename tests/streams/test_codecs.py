"""How packs of messages are packed by a process that has a producer."""

import json

import cramjam
import pytest
from aiokafka.codec import lz4_encode
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record import default_records
from aiokafka.record._crecords import default_records as compiled_records
from aiokafka.record.default_records import DefaultRecordBatch

from streams.codecs import LZ4_LEVEL, pack_fast, replace_codec

HEADER_BYTES = 61
"""Of a batch, before its records."""


def packed() -> bytes:
    builder = BatchBuilder(1 << 20, DefaultRecordBatch.CODEC_LZ4)
    for number in range(100):
        value = json.dumps({"user_id": f"u{number}", "items": [f"i{number * k % 97}" for k in range(20)]})
        builder.append(timestamp=1_000 + number, key=b"k%d" % number, value=value.encode())
    return bytes(builder._build())[HEADER_BYTES:]


def lz4(unpacked: bytes, level: int) -> bytes:
    compressor = cramjam.lz4.Compressor(level=level, content_checksum=False, block_linked=False)
    compressor.compress(unpacked)
    return bytes(compressor.finish())


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (default_records, compiled_records):
        monkeypatch.setattr(module, "lz4_encode", lz4_encode)


def test_lz4_packs_at_the_fast_level_where_aiokafka_packs_at_the_slow() -> None:
    slow = packed()
    records = bytes(cramjam.lz4.decompress(slow))
    assert slow == lz4(records, 9)
    pack_fast()
    assert packed() == lz4(records, LZ4_LEVEL) != slow


def test_a_codec_that_aiokafka_does_not_have_is_not_replaced() -> None:
    with pytest.raises(AttributeError, match="lz5_encode"):
        replace_codec("lz5_encode", bytes)
