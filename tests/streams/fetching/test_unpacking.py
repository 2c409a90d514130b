import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.fetching.errors import MediumError
from streams.fetching.unpacking import STEP_BYTES, Unpacker

DATA = b"a picture " * 1000


def unpack(coding: str, packed: bytes, piece: int = 100) -> bytes:
    got = bytearray()
    unpacker = Unpacker(coding, got.extend)
    for start in range(0, len(packed), piece):
        unpacker.feed(packed[start : start + piece])
    unpacker.finish()
    return bytes(got)


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("", DATA),
        ("identity", DATA),
        ("gzip", gzip.compress(DATA, mtime=0)),
        (" X-GZip ", gzip.compress(DATA, mtime=0)),
        ("deflate", zlib.compress(DATA)),
        ("deflate", bare_deflate(DATA)),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_what_was_packed_comes_out(coding: str, packed: bytes, piece: int) -> None:
    assert unpack(coding, packed, piece) == DATA


@given(
    st.integers(-300, 300),
    st.integers(1, 5000),
    st.sampled_from([gzip.compress, zlib.compress, bare_deflate]),
)
@settings(deadline=None)
def test_nothing_is_left_behind_at_the_border_of_a_step(beyond: int, piece: int, pack: object) -> None:
    data = bytes(STEP_BYTES + beyond)
    assert callable(pack)
    packed = pack(data)
    assert unpack("gzip" if packed[0] == 0x1F else "deflate", packed, piece) == data


def test_a_bomb_is_stopped_after_one_step() -> None:
    made: list[int] = []

    def sink(data: bytes) -> None:
        made.append(len(data))
        if sum(made) > 1000:
            msg = "enough"
            raise MediumError(msg, "too_large")

    with pytest.raises(MediumError, match="enough"):
        Unpacker("gzip", sink).feed(gzip.compress(bytes(50 * STEP_BYTES)))
    assert made == [STEP_BYTES]


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip"])
def test_other_codings_are_refused(coding: str) -> None:
    with pytest.raises(MediumError, match="though none was asked for"):
        Unpacker(coding, len)


def test_damage_is_a_reason() -> None:
    with pytest.raises(MediumError, match="cannot be unpacked as gzip"):
        unpack("gzip", b"not gzip at all")


def test_an_early_end_is_a_passing_reason() -> None:
    with pytest.raises(MediumError, match="end too early") as raised:
        unpack("gzip", gzip.compress(DATA, mtime=0)[:-9])
    assert raised.value.transient
