"""What every encoder promises, whatever it reads; `tests/contracts/test_encoders.py` holds them to it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from encoders.modalities import Modality

if TYPE_CHECKING:
    from torch import nn

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


class Weights(NamedTuple):
    """What `encoders.compression` makes smaller."""

    network: "nn.Module"
    """Runs with whatever is copied into its weights."""
    published_bytes: int
    """Of the files that the weights were read from."""


class Encoder(ABC, Generic[Prepared]):
    """Turns raw media of one modality into vectors, in two stages.

    `prepare` decodes one entry and may run on any number of threads; `embed` runs the network over many, on one
    thread at a time. A vector depends on its own entry alone: within a cosine of .999, neither its neighbours
    nor the device matter.
    """

    name: str
    """As in the registry."""
    version: str
    """Changes whenever vectors would: weights, pooling, preparation. The device is not part of it."""
    modality: ClassVar[Modality]
    dim: int
    weights: Weights | None = None
    """None where there is no network of torch."""
    denoise: bool | None = None
    """Whether entries are freed of noise before they are encoded; None where that is not known how to. Set by
    `encoders.registry.load`, which makes it a part of the version."""

    @abstractmethod
    def prepare(self, entry: object) -> Prepared:
        """Decodes and checks one raw entry: str for text, bytes of a file for image, audio and video.

        Raises:
            BadEntryError: It cannot be encoded, for this reason. Nothing else, whatever the entry contains.
        """

    @abstractmethod
    def embed(self, prepared: Sequence[Prepared]) -> NDArray[np.float32]:
        """[n, dim] float32 of any length for n >= 1 prepared entries; zeros where there is nothing known."""

    def encode(self, batch: Sequence[object]) -> Encoded:
        """Both stages, on the caller's thread. The batch may be of any size, also empty."""
        prepared: dict[int, Prepared] = {}
        errors: dict[int, str] = {}
        for place, entry in enumerate(batch):
            try:
                prepared[place] = self.prepare(entry)
            except BadEntryError as error:
                errors[place] = str(error)
        return self.finish(len(batch), prepared, errors)

    def finish(self, count: int, prepared: Mapping[int, Prepared], errors: Mapping[int, str]) -> Encoded:
        """The second stage, for callers that prepare on threads of their own.

        Args:
            count: Entries in the batch.
            prepared: What could be prepared, by place in the batch.
            errors: Why the others could not, by place in the batch.
        """
        if not prepared:
            return Encoded(np.zeros((count, self.dim), np.float32), dict(errors))
        return place_rows(count, list(prepared), self.embed(list(prepared.values())), errors)


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
