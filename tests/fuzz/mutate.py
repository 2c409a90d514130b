"""Damages files as networks, disks and attackers do; equal for equal seeds."""

import numpy as np

HEADER_BYTES = 64
BOLD_VALUES = (0x00, 0x01, 0x7F, 0x80, 0xFF)
"""Bytes at which lengths and counts overflow."""


def mutations(data: bytes, seed: int) -> bytes:
    """The file after one to four changes, drawn by `seed`; it may come out empty, and up to twice as long."""
    rng = np.random.default_rng(seed)
    changes = (_flip_bits, _cut, _drop_middle, _repeat_part, _swap_parts, _change_header, _overwrite)
    damaged = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        if damaged:
            changes[int(rng.integers(len(changes)))](damaged, rng)
    return bytes(damaged[: 2 * len(data)])


def _span(length: int, rng: np.random.Generator) -> slice:
    start, end = sorted(rng.integers(0, length + 1, 2).tolist())
    return slice(start, end)


def _flip_bits(data: bytearray, rng: np.random.Generator) -> None:
    for place in rng.integers(0, len(data), int(rng.integers(1, 20))).tolist():
        data[place] ^= 1 << int(rng.integers(8))


def _cut(data: bytearray, rng: np.random.Generator) -> None:
    del data[int(rng.integers(len(data))) :]


def _drop_middle(data: bytearray, rng: np.random.Generator) -> None:
    del data[_span(len(data), rng)]


def _repeat_part(data: bytearray, rng: np.random.Generator) -> None:
    place = int(rng.integers(len(data)))
    data[place:place] = data[_span(len(data), rng)]


def _swap_parts(data: bytearray, rng: np.random.Generator) -> None:
    middle = int(rng.integers(len(data)))
    data[:] = data[middle:] + data[:middle]


def _change_header(data: bytearray, rng: np.random.Generator) -> None:
    # Sizes, counts and offsets stand at the start of a file, often as several bytes in a row.
    start = int(rng.integers(min(HEADER_BYTES, len(data))))
    for place in range(start, min(start + int(rng.integers(1, 5)), len(data))):
        data[place] = BOLD_VALUES[int(rng.integers(len(BOLD_VALUES)))]


def _overwrite(data: bytearray, rng: np.random.Generator) -> None:
    span = _span(len(data), rng)
    data[span] = rng.bytes(span.stop - span.start)
