"""How aiokafka packs and unpacks batches in this process."""

from collections.abc import Callable
from functools import partial
from typing import Any

from aiokafka.codec import lz4_encode
from aiokafka.record import default_records
from aiokafka.record._crecords import default_records as compiled_records

LZ4_LEVEL = 1
"""aiokafka's own, 9, takes ten times as long to make lists a fifth smaller: a tenth of a recommend worker's time."""


def replace_codec(name: str, codec: Callable[[Any], bytes]) -> None:
    """Has every client of this process use the codec instead of aiokafka's own of that name."""
    for module in (default_records, compiled_records):
        getattr(module, name)  # another version of aiokafka may call it otherwise
        setattr(module, name, codec)


def pack_fast() -> None:
    """Has every producer of this process pack by LZ4 at LZ4_LEVEL."""
    replace_codec("lz4_encode", partial(lz4_encode, level=LZ4_LEVEL))
