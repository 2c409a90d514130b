"""`freshet bench metrics`: what metrics cost, with them and without, in one run."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.bench_errors import bench_errors
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from streams.bench.metrics_cost import More


def metrics(
    rate: Annotated[float, typer.Option(min=1, help="Events a second.")] = 3_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long events are sent.")] = 30,
    packed: Annotated[
        int, typer.Option(min=1, max=10_000, metavar="N", help="Events in one Kafka message.")
    ] = 100,
    users: Annotated[int, typer.Option(min=1, help="Users, all equally active.")] = 20_000,
    items: Annotated[int, typer.Option(min=1, help="Items, of Zipf-like popularity.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed sends the same events.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """What metrics and being scraped for them cost the workers: with metrics and without, in turns."""
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams import settings  # noqa: PLC0415
    from streams.bench.measure import Load  # noqa: PLC0415
    from streams.bench.metrics_cost import SCRAPE_S, measure_cost  # noqa: PLC0415
    from streams.bench.processes import machine  # noqa: PLC0415

    console = Console(stderr=json_file == "-", soft_wrap=True, highlight=False)
    where = machine()
    with bench_errors():
        cost = measure_cost(settings.load(), Load(users, items, seed, packed), rate, seconds, console.print)
    kept_up = "" if cost.held else ": the workers did not keep up, what waited was drained"
    console.print(f"{cost.events:,} events at {rate:,.0f}/s, answered at {cost.events_per_s:,.0f}/s{kept_up}")
    for role, of in cost.roles.items():
        console.print(f"{role}: {_said(of.cpu_us_per_event, 'µs of processor time an event')}")
        console.print(f"  by the clock: {_said(of.events_per_s, 'events/s')}")
        console.print(
            f"  a scrape: {of.scrape_ms:g} ms, {of.scrape_ratio:.2%} of a processor every {SCRAPE_S:g} s"
        )
    if json_file is not None:
        write_json(json_file, {"machine": where, "seed": seed, "cost": cost})


def _said(more: "More", unit: str) -> str:
    spread = (
        "" if more.low is None or more.high is None else f", 95 % {more.low - 1:+.1%} to {more.high - 1:+.1%}"
    )
    return (
        f"{more.measured:,.0f} {unit} with metrics, {more.unmeasured:,.0f} without: "
        f"{more.ratio - 1:+.1%} ({more.pairs} pairs{spread})"
    )
