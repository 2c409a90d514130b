"""`freshet bench`: how fresh lists are, how many events a second keep them fresh, how fast encoders are."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli import (
    bench_encode,
    bench_explore,
    bench_ids,
    bench_items,
    bench_lists,
    bench_media,
    bench_metrics,
    bench_poison,
    bench_requests,
    bench_search,
)
from streams.cli.bench_errors import bench_errors
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from streams.bench.modes import Mode
    from streams.bench.run import Bench

app = typer.Typer(no_args_is_help=True, help="Measure Freshet beside plain loops over the same work.")
app.command()(bench_encode.encode)
app.command()(bench_media.media)
app.command()(bench_ids.ids)
app.command()(bench_explore.explore)
app.command()(bench_items.items)
app.command()(bench_lists.lists)
app.command()(bench_metrics.metrics)
app.command()(bench_poison.poison)
app.command()(bench_requests.requests)
app.command()(bench_search.search)

Users = Annotated[int, typer.Option(min=1, help="Users, all equally active.")]
Items = Annotated[int, typer.Option(min=1, help="Items, of Zipf-like popularity.")]
Packed = Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="Events in one Kafka message.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed sends the same events.")]
Peers = Annotated[bool, typer.Option(help="Measure the plain loops too.")]


@app.command()
def latency(
    rate: Annotated[float, typer.Option(min=1, help="Events a second.")] = 1000,
    users: Users = 20_000,
    items: Items = 20_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long each subject is measured.")] = 20,
    packed: Packed = 1,
    seed: Seed = 1,
    peers: Peers = True,
    json_file: JsonFile = None,
) -> None:
    """From event to list, at a steady rate that never waits for the system."""
    with _bench(users, items, packed, seed, peers, json_file) as (bench, console):
        from streams.bench.modes import at_rate  # noqa: PLC0415  # keeps `freshet --help` fast

        _compare(bench, at_rate(rate, seconds), console, json_file)


@app.command()
def throughput(
    users: Users = 20_000,
    items: Items = 20_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long each rate is tried.")] = 10,
    packed: Packed = 1,
    seed: Seed = 1,
    peers: Peers = True,
    backlog: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Drain N waiting events instead, Freshet alone.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """The highest rate at which every list is at most 2 s old, tried in steps of 15 %."""
    with _bench(users, items, packed, seed, peers, json_file) as (bench, console):
        from streams.bench.modes import highest_rate  # noqa: PLC0415  # keeps `freshet --help` fast

        if backlog is None:
            _compare(bench, highest_rate(seconds, console.print), console, json_file)
            return
        found = bench.drain(backlog)
        console.print(
            f"{backlog:,} events in {found['drain_s']:g} s, {found['events_per_s']:,.0f}/s, "
            f"{found['lists']:,} lists, {found['unanswered']} events unanswered; "
            f"states loaded in {found['load_s']:g} s"
        )
        for use in found["processes"]:
            before = found["rss_before_mib"][use["role"]]
            console.print(
                f"  {use['role']}: at most {use['rss_peak_mib']:g} MiB, without a backlog {before:g} MiB"
            )
        _write(json_file, found)


@contextmanager
def _bench(
    users: int, items: int, packed: int, seed: int, peers: bool, json_file: str | None
) -> "Iterator[tuple[Bench, Console]]":
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams import settings  # noqa: PLC0415
    from streams.bench.measure import Load  # noqa: PLC0415
    from streams.bench.run import Bench  # noqa: PLC0415

    console = Console(stderr=json_file == "-", soft_wrap=True, highlight=False)
    with bench_errors():
        yield Bench(settings.load(), Load(users, items, seed, packed), peers, console.print), console


def _compare(bench: "Bench", mode: "Mode", console: "Console", json_file: str | None) -> None:
    from streams.bench.report import costs, table  # noqa: PLC0415  # keeps `freshet --help` fast

    outcomes, found = bench.compare(mode)
    console.print(table(outcomes))
    for line in costs(outcomes):
        console.print(line)
    for name, ratios in found["ratios"].items():
        shown = ", ".join(f"{key} {value:g}" for key, value in ratios.items() if value is not None)
        console.print(f"Freshet / {name}: {shown}")
    _write(json_file, found)


def _write(json_file: str | None, found: dict[str, Any]) -> None:
    if json_file is not None:
        write_json(json_file, found)
