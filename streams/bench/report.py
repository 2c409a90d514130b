"""What a benchmark found: one JSON object, one table."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from rich.box import SIMPLE
from rich.table import Table

from streams.bench.measure import Figures, Load
from streams.bench.processes import Machine
from streams.bench.subjects import FRESHET

Outcome = Figures | str
"""Figures, or why there are none."""


class Setup(Struct):
    """Under what conditions it was measured."""

    machine: Machine
    load: Load
    settings: dict[str, Any]
    versions: dict[str, str]


def to_json(setup: Setup, outcomes: Mapping[str, Outcome], more: Mapping[str, Any]) -> dict[str, Any]:
    """Freshet's figures, and beside them each other subject's by its name, with Freshet's as a ratio to them."""
    found: dict[str, Any] = {}
    for name, outcome in outcomes.items():
        record = {"skipped": outcome} if isinstance(outcome, str) else msgspec.to_builtins(outcome)
        found |= record if name == FRESHET else {name: record}
    return {
        **found,
        "ratios": ratios(outcomes),
        "order": list(outcomes),
        **more,
        "machine": msgspec.to_builtins(setup.machine),
        "seed": setup.load.seed,
        "load": msgspec.to_builtins(setup.load),
        "settings": setup.settings,
        "versions": setup.versions,
    }


def ratios(outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, float | None]]:
    """Freshet's rate held and latencies, each divided by the other subject's."""
    own = outcomes.get(FRESHET)
    if not isinstance(own, Figures):
        return {}
    return {
        name: {"rate_held": _ratio(own.rate_held, other.rate_held)}
        | {share: _ratio(value, other.latency_ms[share]) for share, value in own.latency_ms.items()}
        for name, other in outcomes.items()
        if name != FRESHET and not isinstance(other, str)
    }


def _ratio(own: float | None, other: float | None) -> float | None:
    return round(own / other, 3) if own is not None and other else None


def table(outcomes: Mapping[str, Outcome]) -> Table:
    """One row for each subject that was measured."""
    names = ("asked/s", "held/s", "lists/s", "p50", "p95", "p99", "max", "oldest", "left")
    shown = Table("event to list, ms", *names, box=SIMPLE)
    for name, outcome in outcomes.items():
        if not isinstance(outcome, str):
            shown.add_row(name, *_cells(outcome))
    return shown


def costs(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """One line for each subject: what its processes took, or why it was not measured."""
    for name, outcome in outcomes.items():
        if isinstance(outcome, str):
            yield f"{name}: not measured, {outcome}"
        else:
            used = (
                f"{p.role} {p.cpu_us_per_event:,.0f} µs/event, {p.rss_mib:,.0f} MiB"
                for p in outcome.processes
            )
            yield f"{name}: {'; '.join(used)}"


def _cells(f: Figures) -> list[str]:
    shares = ("-" if value is None else f"{value:,.0f}" for value in f.latency_ms.values())
    rates = (f"{rate:,.0f}" for rate in (f.rate_asked, f.rate_held, f.lists_per_s))
    return [*rates, *shares, f"{f.oldest_ms:,.0f}", f"{f.unanswered:,}"]
