"""What every encoder promises, whatever it reads; `tests/contracts/test_encoders.py` holds them to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from encoders.modalities import Modality

Raw_contra = TypeVar("Raw_contra", contravariant=True)
Prepared = TypeVar("Prepared")


class BadEntryError(ValueError):
    """One entry of a batch cannot be encoded; the message is the reason, fit for an operator to read."""


@dataclass(frozen=True)
class Encoded:
    """What became of a batch."""

    vectors: NDArray[np.float32]
    """[n, dim], row i for entry i: of unit length, or zeros where entry i failed."""
    errors: Mapping[int, str]
    """Why an entry failed, by its place in the batch."""


class Encoder(Protocol[Raw_contra]):
    """Turns raw media of one modality into vectors. Used by one thread at a time."""

    name: str
    """As in the registry."""
    version: str
    """Changes whenever vectors would: weights, pooling, preparation. The device is not part of it."""
    modality: Modality
    dim: int

    def encode(self, batch: Sequence[Raw_contra]) -> Encoded:
        """Encodes a batch of any size, also an empty one, on the caller's thread.

        A vector depends on its own entry alone: within a cosine of .999, neither its neighbours nor
        the device matter. An entry that cannot be encoded fails alone; nothing an entry contains raises.
        """


def prepare_each(
    batch: Sequence[object], prepare: Callable[[object], Prepared]
) -> tuple[dict[int, Prepared], dict[int, str]]:
    """Prepares every entry on its own.

    Returns:
        What could be prepared and why the others could not, both by place in the batch.
    """
    prepared: dict[int, Prepared] = {}
    errors: dict[int, str] = {}
    for place, entry in enumerate(batch):
        try:
            prepared[place] = prepare(entry)
        except BadEntryError as error:
            errors[place] = str(error)
    return prepared, errors


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scales each row of [n, dim] to unit length; a row of zeros, or not finite, becomes zeros."""
    finite = np.isfinite(vectors).all(axis=1, keepdims=True)
    rows = np.where(finite, vectors, 0.0).astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0.0, lengths, 1.0)).astype(np.float32)


def place_rows(
    count: int, places: Sequence[int], raw: NDArray[np.float32], errors: Mapping[int, str]
) -> Encoded:
    """Puts the vectors of the entries that could be prepared where they belong in the batch.

    Args:
        count: Entries in the batch.
        places: Place in the batch of each row of `raw`.
        raw: [len(places), dim], of any length.
        errors: Reasons of the entries that have no row.
    """
    rows = unit_rows(raw)
    vectors = np.zeros((count, raw.shape[1]), np.float32)
    vectors[list(places)] = rows
    empty = np.flatnonzero(~rows.any(axis=1)).tolist()
    unusable = {places[row]: "nothing in it that the encoder knows: its vector is zero" for row in empty}
    return Encoded(vectors, {**errors, **unusable})


def fingerprint(*parts: str | bytes) -> str:
    """A short, stable hash of everything that determines an encoder's vectors, for its version."""
    digest = blake2b(digest_size=6)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        # The length keeps ("ab", "c") apart from ("a", "bc").
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
