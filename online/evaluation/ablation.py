"""What each part is worth: figures with and without it, over several seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from online.evaluation.report import Report
from online.evaluation.variants import (
    FIXED,
    FRESHET,
    FUSED_BY,
    LOSSES,
    WITHOUT_MODALITY,
    WITHOUT_PARTS,
    Fusion,
    ItemContent,
)

SEEDS = 3
STUDENT_T = 4.303
"""The 97.5 % quantile of Student's t with SEEDS - 1 degrees of freedom."""
EVENT_LIMIT = 200_000
"""Of a longer stream, its first events say enough."""
MEASURES = ("hr@10", "ndcg@10")


@dataclass(frozen=True)
class Interval:
    """A mean over seeds, and half the width of its 95 % interval."""

    mean: float
    half_width: float


@dataclass(frozen=True)
class Worth:
    """One measure without a part."""

    value: Interval
    change: Interval | None
    """Against the whole of the same seed; None of the whole itself."""


def methods_for(content: ItemContent, fusion: Fusion) -> list[str]:
    """Freshet and all that says what a part is worth.

    Of content only where items are made of anything, of the fusion's losses only where it is learned.
    """
    modalities = content.modalities()
    without = [name for name, modality in WITHOUT_MODALITY.items() if modality in modalities]
    losses = [] if fusion == FIXED else list(LOSSES)
    of_content = [*(without if len(without) > 1 else []), *FUSED_BY, *losses] if modalities else []
    return [FRESHET, *WITHOUT_PARTS, *of_content]


def worths(by_seed: Mapping[int, Mapping[str, Report]], methods: list[str]) -> dict[str, dict[str, Worth]]:
    """Each method's measures.

    Args:
        by_seed: The reports of the methods for each of SEEDS seeds.
        methods: FRESHET among them.
    """
    whole = {measure: _values(by_seed, FRESHET, measure) for measure in MEASURES}
    found: dict[str, dict[str, Worth]] = {}
    for method in methods:
        found[method] = {}
        for measure in MEASURES:
            values = _values(by_seed, method, measure)
            changes = [value - before for value, before in zip(values, whole[measure], strict=True)]
            found[method][measure] = Worth(
                _interval(values), _interval(changes) if method != FRESHET else None
            )
    return found


def _values(by_seed: Mapping[int, Mapping[str, Report]], method: str, measure: str) -> list[float]:
    return [run[method]["overall"].get(measure, 0.0) for run in by_seed.values()]


def _interval(values: list[float]) -> Interval:
    return Interval(fmean(values), STUDENT_T * stdev(values) / sqrt(len(values)))
