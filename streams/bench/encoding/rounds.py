"""Encoders timed in turns: what disturbs the machine disturbs all of them alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Clock = Callable[[], float]


class Subject(Protocol):
    """What is timed: an encoder, or a plain loop over the same model."""

    def prepare(self, entry: Any, /) -> Any:  # noqa: ANN401  # each subject's own
        """Decodes one raw entry."""

    def embed(self, prepared: Sequence[Any], /) -> NDArray[np.float32]:
        """[n, dim]."""


class Rate(Struct):
    """Entries a second on one thread of the caller's; medians over the rounds."""

    prepare_per_s: float
    """Decoding alone."""
    embed_per_s: float
    """The network alone."""
    both_per_s: float
    """One after the other."""


def rates(
    subjects: Mapping[str, Subject],
    entries: Sequence[object],
    batch: int,
    rounds: int,
    clock: Clock = time.perf_counter,
) -> dict[str, Rate]:
    """Times each subject over the same entries, batch by batch; a first round warms up and does not count.

    Args:
        subjects: By name. Which of them begins changes from round to round.
        entries: At least one; all can be encoded.
        batch: Entries in one call of `embed`; the last call may have fewer.
        rounds: How often each is timed.
        clock: Seconds, from any start.
    """
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in subjects}
    order = list(subjects)
    for number in range(rounds + 1):
        for name in order if number % 2 else reversed(order):
            times = _once(subjects[name], entries, batch, clock)
            if number > 0:
                spent[name].append(times)
    return {name: _rate(np.array(times), len(entries)) for name, times in spent.items()}


def _once(subject: Subject, entries: Sequence[object], batch: int, clock: Clock) -> tuple[float, float]:
    """Seconds of preparing and of embedding."""
    prepare_s = embed_s = 0.0
    for start in range(0, len(entries), batch):
        begun = clock()
        prepared = [subject.prepare(entry) for entry in entries[start : start + batch]]
        decoded = clock()
        subject.embed(prepared)
        prepare_s += decoded - begun
        embed_s += clock() - decoded
    return prepare_s, embed_s


def _rate(times: NDArray[np.float64], count: int) -> Rate:
    """Rates of [rounds, 2] seconds."""
    # A subject without a preparation of its own takes next to no time over it: no division by zero.
    each = np.maximum(np.median(times, axis=0), 1e-9)
    both = max(float(np.median(times.sum(axis=1))), 1e-9)
    return Rate(*(round(float(count / seconds), 2) for seconds in (*each, both)))
