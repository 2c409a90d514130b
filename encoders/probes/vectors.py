"""Vectors of many entries for a probe: decoded on threads, embedded in batches, as the pipeline keeps them."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoded, Encoder, unit_rows
from encoders.projection import Projection, pack_half, unpack_half

BATCH = 32
THREADS = 2
"""Entries that are decoded at once."""


def encode_all(
    encoder: Encoder[Any],
    entries: Iterable[object],
    advance: Callable[[int], None] = lambda count: None,
) -> Encoded:
    """Encodes any number of raw entries; only a batch of them is in memory at once.

    Args:
        encoder: Any.
        entries: Raw entries; those that come lazily are asked for on the caller's thread.
        advance: Told after each batch how many entries it had.
    """
    vectors: list[NDArray[np.float32]] = [np.zeros((0, encoder.dim), np.float32)]
    errors: dict[int, str] = {}
    done = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="prepare") as pool:
        for batch in _batches(iter(entries)):
            made = list(pool.map(lambda entry: _prepared(encoder, entry), batch))
            prepared = {place: found for place, (found, reason) in enumerate(made) if reason is None}
            failed = {place: reason for place, (_, reason) in enumerate(made) if reason is not None}
            encoded = encoder.finish(len(batch), prepared, failed)
            vectors.append(encoded.vectors)
            errors |= {done + place: reason for place, reason in encoded.errors.items()}
            done += len(batch)
            advance(len(batch))
    return Encoded(np.concatenate(vectors), errors)


def kept(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """[n, dim] -> [n, at most 384]: what is left of vectors once the pipeline has stored and read them."""
    projection = Projection(vectors.shape[1])
    return unit_rows(unpack_half(pack_half(projection.project(vectors)), projection.dim))


def is_projected(dim: int) -> bool:
    """Whether `kept` makes vectors of so many dimensions smaller."""
    return Projection(dim).dim < dim


def _batches(entries: Iterator[object]) -> Iterator[list[object]]:
    while batch := list(islice(entries, BATCH)):
        yield batch


def _prepared(encoder: Encoder[Any], entry: object) -> tuple[Any, str | None]:
    """What was prepared, or the reason why it could not be."""
    try:
        return encoder.prepare(entry), None
    except BadEntryError as error:
        return None, str(error)
