"""What `freshet bench encode` found: tables, and lines beneath them."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE
from rich.table import Column, Table

from streams.bench.encoding.rounds import Rate
from streams.bench.encoding.run import GOAL_BATCH, GOALS, Measured

HEADINGS = (
    "prepare/s",
    "embed/s",
    "both/s",
    "plain embed/s",
    "plain both/s",
    "embed ratio",
    "both ratio",
    "of peak",
)


def table(measured: Sequence[Measured]) -> Table:
    """A row for each encoder and size of batch; rates are entries a second."""
    columns = (Column(heading, justify="right") for heading in HEADINGS)
    shown = Table(Column("encoder, batch", no_wrap=True), *columns, box=SIMPLE)
    for found in measured:
        for size, batch in found.batches.items():
            rates = (batch.freshet.prepare_per_s, batch.freshet.embed_per_s, batch.freshet.both_per_s)
            shown.add_row(
                f"{found.modality} {found.encoder}, {size}",
                *map(
                    _figure,
                    (*rates, *_plain(batch.plain), batch.embed_ratio, batch.both_ratio, batch.peak_ratio),
                ),
            )
    return shown


def notes(measured: Sequence[Measured]) -> Iterator[str]:
    """A line for each encoder: what its network costs, whether both loops agree, whether the goal is met."""
    for found in measured:
        parts = [f"{found.modality} {found.encoder}: {found.entries} entries"]
        if (
            found.work is not None
            and found.flops_per_entry is not None
            and found.peak_flops_per_s is not None
        ):
            parts.append(
                f"{found.flops_per_entry / 1e9:.3g} GFLOP each, peak {found.peak_flops_per_s / 1e9:,.0f} GFLOP/s "
                f"({found.work.dtype} on {found.work.device})"
            )
        if found.cosine_to_plain is not None:
            parts.append(f"cosine to the plain loop at least {found.cosine_to_plain:.4f}")
        yield "; ".join([*parts, *_goal(found)])


def _goal(found: Measured) -> Iterator[str]:
    goal, batch = GOALS.get(found.modality), found.batches.get(str(GOAL_BATCH))
    if goal is not None and batch is not None and batch.embed_ratio is not None:
        met = "met" if batch.embed_ratio >= goal else "missed"
        yield f"goal of {goal:g} x at batch {GOAL_BATCH}: {met} with {batch.embed_ratio:g}"


def _plain(plain: Rate | None) -> tuple[float | None, float | None]:
    return (None, None) if plain is None else (plain.embed_per_s, plain.both_per_s)


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
