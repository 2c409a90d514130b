"""What a smaller encoder is worth: its size, its speed, and how near its vectors are to the original's."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder
from encoders.compression.folder import CompressionError
from encoders.probes.knn import knn_accuracy
from encoders.probes.vectors import encode_all, kept

TIMED_ENTRIES = 64
"""Entries that are embedded in one round at most."""
ROUNDS = 5
NEIGHBOURS = 5
"""Neighbours that vote on the class of an entry."""
Entries = Callable[[], Iterable[object]]
"""Gives the raw entries anew at each call, so that they need not all be in memory."""


@dataclass(frozen=True)
class Speed:
    """Entries a second through the network, preparation left out: the median of rounds taken in turn."""

    original: float
    compressed: float


@dataclass(frozen=True)
class Likeness:
    """How near the vectors are to the original's."""

    entries: int
    """Entries that both could encode."""
    mean_cosine: float
    min_cosine: float
    original_accuracy: float | None
    """Of the classes by nearest neighbours, of vectors as the pipeline keeps them; None without classes."""
    compressed_accuracy: float | None


def speed(
    original: Encoder[Any],
    compressed: Encoder[Any],
    entries: Iterable[object],
    clock: Callable[[], float] = perf_counter,
) -> Speed:
    """Times both in turn, so that what else the machine does meets both.

    Args:
        original: Prepares for both: they prepare alike.
        compressed: Made of it.
        entries: Raw entries; the first TIMED_ENTRIES that can be encoded are used.
        clock: Seconds.

    Raises:
        CompressionError: None of the entries can be encoded.
    """
    prepared = _prepared(original, entries)
    taken_s: tuple[list[float], list[float]] = ([], [])
    for timed in range(-1, ROUNDS):
        for encoder, own in zip((original, compressed), taken_s, strict=True):
            start = clock()
            encoder.embed(prepared)
            # The round before the first is to warm up.
            if timed >= 0:
                own.append(clock() - start)
    before, after = (len(prepared) / statistics.median(own) for own in taken_s)
    return Speed(before, after)


def likeness(
    original: Encoder[Any],
    compressed: Encoder[Any],
    entries: Entries,
    classes: Sequence[str] | None = None,
) -> Likeness:
    """Compares the vectors of the same entries.

    Args:
        original: The encoder.
        compressed: Made of it.
        entries: n raw entries.
        classes: [n], for the accuracy. It is not measured if there are fewer than two, or too few entries.

    Raises:
        CompressionError: None of the entries can be encoded.
    """
    ours, theirs = encode_all(original, entries()), encode_all(compressed, entries())
    places = [row for row in range(len(ours.vectors)) if row not in ours.errors and row not in theirs.errors]
    if not places:
        reason = next(iter({**theirs.errors, **ours.errors}.values()), "there are none")
        raise CompressionError(_none_of(len(ours.vectors), reason))
    left, right = ours.vectors[places], theirs.vectors[places]
    cosines = np.einsum("nd,nd->n", left, right)
    found = None if classes is None else [classes[place] for place in places]
    return Likeness(
        entries=len(places),
        mean_cosine=float(cosines.mean()),
        min_cosine=float(cosines.min()),
        original_accuracy=_accuracy(left, found),
        compressed_accuracy=_accuracy(right, found),
    )


def _accuracy(vectors: NDArray[np.float32], classes: Sequence[str] | None) -> float | None:
    if classes is None or len(Counter(classes)) < 2 or len(classes) <= NEIGHBOURS:
        return None
    return knn_accuracy(kept(vectors), classes, NEIGHBOURS)


def _prepared(encoder: Encoder[Any], entries: Iterable[object]) -> list[Any]:
    found: list[Any] = []
    reason, count = "there are none", 0
    for entry in entries:
        count += 1
        try:
            found.append(encoder.prepare(entry))
        except BadEntryError as error:
            reason = str(error)
        if len(found) == TIMED_ENTRIES:
            break
    if not found:
        raise CompressionError(_none_of(count, reason))
    return found


def _none_of(count: int, reason: str) -> str:
    return f"none of {count} entries can be encoded; one of them: {reason}"
