"""`freshet bench requests`: how soon requests are answered by a worker that handles events too."""

from typing import Annotated

import typer

from streams.cli.bench_errors import bench_errors
from streams.cli.output import JsonFile, write_json


def requests(
    rate: Annotated[float, typer.Option(min=1, help="Requests a second.")] = 200,
    events: Annotated[float, typer.Option(min=1, help="Events a second meanwhile.")] = 300,
    users: Annotated[int, typer.Option(min=1, help="Users, all equally active.")] = 20_000,
    items: Annotated[int, typer.Option(min=1, help="Items, of Zipf-like popularity.")] = 20_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long is measured.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="The same seed asks the same.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """From request to response, open-loop: users' lists, sessions' lists and trends in turns, one worker."""
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams import settings  # noqa: PLC0415
    from streams.bench.measure import Load  # noqa: PLC0415
    from streams.bench.processes import machine  # noqa: PLC0415
    from streams.bench.requests import measure_requests  # noqa: PLC0415

    console = Console(stderr=json_file == "-", soft_wrap=True, highlight=False)
    where = machine()
    with bench_errors():
        found = measure_requests(settings.load(), Load(users, items, seed), rate, events, seconds)
    for name, kind in (("all", found.all), *found.by_kind.items()):
        ms = kind.latency_ms
        console.print(
            f"{name}: {kind.asked:,} asked, {kind.unanswered} unanswered, {kind.errors} errors; "
            f"p50 {ms['p50']} ms, p95 {ms['p95']} ms, p99 {ms['p99']} ms, max {ms['max']} ms"
        )
    ms = found.events.latency_ms
    console.print(
        f"held: {found.rate_held:,} requests/s and {found.events.rate_held:,} events/s; "
        f"event to list p50 {ms['p50']} ms, p99 {ms['p99']} ms"
    )
    if json_file is not None:
        write_json(json_file, {"machine": where, "seed": seed, "requests": found})
