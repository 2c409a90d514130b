"""Batches that unpack to more than memory holds: refused as a whole, and read no further than to see it.

Kafka takes a batch by its packed size, and zeros pack to a hundredth, or to a ten thousandth. aiokafka unpacks all of
it at once, so that one record could end every worker that comes to it, for as long as Kafka keeps it.
"""

import gzip
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import cramjam
import numpy as np

from streams.codecs import replace_codec

UNPACKED_LIMIT = 64 * 1024 * 1024
"""Bytes. A client packs one request at most, and Kafka's limit for a record is 16 MiB here."""
_JAVA_HEAD = b"\x82SNAPPY\x00" + b"\x00\x00\x00\x01" * 2
"""Before blocks, each with its length, as xerial's library for Java packs by Snappy."""
_TOO_SMALL = "failed to write whole buffer"
"""What cramjam says of a buffer in which there is no room for all that a packed text says."""


class OversizedError(ValueError):
    """A batch unpacks to more than UNPACKED_LIMIT."""

    def __init__(self) -> None:
        super().__init__(f"the batch unpacks to more than {UNPACKED_LIMIT // 2**20} MiB")


class Oversized(bytes):
    """In the place of the value of a record that was not read: nothing is known of it, not even its size."""


class StandIn(NamedTuple):
    """A record in the place of a whole batch, at its last offset; as consumers of aiokafka take records."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: None = None
    value: Oversized = Oversized()
    checksum: None = None
    headers: tuple[()] = ()


def stand_in(batch: Any) -> StandIn:  # noqa: ANN401  # one of several classes
    """What is read of a batch that is not unpacked."""
    return StandIn(batch.next_offset - 1, batch.max_timestamp, batch.timestamp_type)


def limit_unpacking() -> None:
    """Has every consumer of this process raise OversizedError at such a batch."""
    replace_codec("gzip_decode", _gunzip)
    replace_codec("lz4_decode", partial(_into_buffer, cramjam.lz4.decompress_into))
    replace_codec("zstd_decode", partial(_into_buffer, cramjam.zstd.decompress_into))
    replace_codec("snappy_decode", _unsnap)


def _gunzip(packed: Any) -> bytes:  # noqa: ANN401  # any buffer
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        found = file.read(UNPACKED_LIMIT + 1)
    if len(found) > UNPACKED_LIMIT:
        raise OversizedError
    return found


def _unsnap(packed: Any) -> bytes:  # noqa: ANN401  # any buffer
    # Each block says first how long it is unpacked, and the library holds it to that.
    blocks = list(_snappy_blocks(memoryview(packed)))
    if sum(map(cramjam.snappy.decompress_raw_len, blocks)) > UNPACKED_LIMIT:
        raise OversizedError
    return b"".join(map(cramjam.snappy.decompress_raw, blocks))


def _snappy_blocks(packed: memoryview) -> Iterator[memoryview]:
    """The blocks of what Java packed, or all of what others packed as one."""
    if packed[: len(_JAVA_HEAD)] != _JAVA_HEAD:
        yield packed
        return
    start = len(_JAVA_HEAD)
    while start < len(packed):
        end = start + 4 + int.from_bytes(packed[start : start + 4], "big")
        yield packed[start + 4 : end]
        start = end


def _into_buffer(decompress_into: Callable[[Any, Any], int], packed: Any) -> bytes:  # noqa: ANN401  # any buffer
    # Of a buffer that nothing was written to yet the system gives no page.
    buffer = np.empty(UNPACKED_LIMIT, np.uint8)
    try:
        size = decompress_into(packed, buffer)
    except cramjam.DecompressionError as exc:
        if _TOO_SMALL in str(exc):
            raise OversizedError from None
        raise
    return buffer[:size].tobytes()
