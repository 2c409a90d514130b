"""One encoder measured: beside its plain loop, at several sizes of batch, and against the device's peak."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder, unit_rows
from encoders.modalities import Modality
from streams.bench.encoding.peak import Work, count_work, measured_peak
from streams.bench.encoding.rounds import Rate, Subject, rates

FRESHET, PLAIN = "freshet", "plain"
GOALS: Mapping[Modality, float] = MappingProxyType({"text": 1.5, "image": 1.3})
"""How often the plain loop's rate of embedding should be reached at GOAL_BATCH on two threads."""
GOAL_BATCH = 32


class Batch(Struct):
    """What was measured at one size of batch."""

    freshet: Rate
    plain: Rate | None
    embed_ratio: float | None
    """Freshet's rate by that of the plain loop, the network alone."""
    both_ratio: float | None
    """The same with decoding."""
    peak_ratio: float | None
    """Share of the peak that the network reaches; None where its operations cannot be counted, as with ONNX."""


class Measured(Struct):
    """One encoder."""

    modality: Modality
    encoder: str
    version: str
    dim: int
    entries: int
    left_out: int
    """Entries given that cannot be encoded."""
    flops_per_entry: float | None
    peak_flops_per_s: float | None
    """Of a product of large matrices on the same device, in the same precision."""
    work: Work | None
    """What was counted for all entries in one call."""
    cosine_to_plain: float | None
    """The least cosine between the vectors of both, entry by entry; None where the plain loop's mean less."""
    batches: dict[str, Batch]


def measure(
    encoder: Encoder[Any],
    plain: Subject | None,
    entries: Sequence[object],
    batches: Sequence[int],
    rounds: int,
) -> Measured:
    """Times the encoder in turns with its plain loop.

    Args:
        encoder: What is measured.
        plain: A plain loop over the same model, if there is one.
        entries: Raw entries; what cannot be encoded is left out.
        batches: Sizes.
        rounds: How often each is timed.

    Raises:
        BadEntryError: None of the entries can be encoded; the message is the last one's.
    """
    good, prepared = _usable(encoder, entries)
    work = count_work(encoder.embed, prepared)
    flops = None if work is None else work.flops / len(good)
    subjects: dict[str, Subject] = {FRESHET: encoder} | ({} if plain is None else {PLAIN: plain})
    # Before and after, for other load on the machine would make the peak too low, and the share too high.
    before = _peak(work)
    timed = {str(size): rates(subjects, good, size, rounds) for size in batches}
    peak = max(before, _peak(work))
    found = {size: _batch(result, flops / peak if flops else None) for size, result in timed.items()}
    return Measured(
        encoder.modality,
        encoder.name,
        encoder.version,
        encoder.dim,
        entries=len(good),
        left_out=len(entries) - len(good),
        flops_per_entry=flops,
        peak_flops_per_s=peak or None,
        work=work,
        cosine_to_plain=None if plain is None else _least_cosine(encoder.embed(prepared), plain, good),
        batches=found,
    )


def _peak(work: Work | None) -> float:
    """Operations a second; 0 where there are none to compare."""
    return 0.0 if work is None else measured_peak(work.device, work.dtype)


def _usable(encoder: Encoder[Any], entries: Sequence[object]) -> tuple[list[object], list[Any]]:
    """The entries that can be encoded, and what was prepared of them."""
    good, prepared, last = [], [], None
    for entry in entries:
        try:
            prepared.append(encoder.prepare(entry))
        except BadEntryError as error:
            last = error
        else:
            good.append(entry)
    if not good:
        message = f"none of {len(entries)} entries can be encoded; the last: {last}"
        raise BadEntryError(message)
    return good, prepared


def _batch(found: Mapping[str, Rate], peak_seconds: float | None) -> Batch:
    """`peak_seconds`: how long the device at its peak would embed one entry."""
    own, plain = found[FRESHET], found.get(PLAIN)
    return Batch(
        freshet=own,
        plain=plain,
        embed_ratio=None if plain is None else round(own.embed_per_s / plain.embed_per_s, 3),
        both_ratio=None if plain is None else round(own.both_per_s / plain.both_per_s, 3),
        peak_ratio=None if peak_seconds is None else round(own.embed_per_s * peak_seconds, 4),
    )


def _least_cosine(vectors: NDArray[np.float32], plain: Subject, entries: Sequence[object]) -> float | None:
    others = plain.embed([plain.prepare(entry) for entry in entries])
    if others.shape != vectors.shape:
        return None
    return round(float((unit_rows(vectors) * unit_rows(others)).sum(axis=1).min()), 5)
