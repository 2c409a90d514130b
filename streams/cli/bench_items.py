"""`freshet bench items`: how soon published lists obey when an item goes or comes."""

from typing import Annotated

import typer

from streams.cli.bench_errors import bench_errors
from streams.cli.output import JsonFile, write_json


def items(
    users: Annotated[
        int, typer.Option(min=20, help="Users whose lists have the item that goes; as many again.")
    ] = 10_000,
    workers: Annotated[int, typer.Option(min=1, help="Recommend workers.")] = 2,
    flood: Annotated[int, typer.Option(min=1, help="New items at once in the last part.")] = 1_000,
    rate: Annotated[float, typer.Option(min=1, help="Events a second in the last part.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same users and items.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """An item is deleted, a new one comes, then many come while events go on; nobody it matters to has an event."""
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams import settings  # noqa: PLC0415
    from streams.bench.items import measure_items  # noqa: PLC0415
    from streams.bench.processes import machine  # noqa: PLC0415

    console = Console(stderr=json_file == "-", soft_wrap=True, highlight=False)
    where = machine()
    with bench_errors():
        gone, come, full = measure_items(settings.load(), users, workers, seed, flood, rate)
    console.print(
        f"deleted: it was in {gone.lists:,} lists and is in {gone.left}; out of a list after p50 {gone.ms['p50']} ms, "
        f"p99 {gone.ms['p99']} ms, max {gone.ms['max']} ms"
    )
    console.print(
        f"new: of {come.wanted:,} lists that it belongs in it is in {come.found:,}, in {come.found_in_2_s:,} after "
        f"2 s; in {come.others:,} others; p50 {come.ms['p50']} ms, p99 {come.ms['p99']} ms, max {come.ms['max']} ms"
    )
    console.print(
        f"{full.items:,} new at once, {full.rate:g} events/s: event to list p99 {full.latency_ms['p99']} ms, "
        f"without them {full.quiet_ms['p99']} ms; {full.lists_changed:,} lists changed"
    )
    if json_file is not None:
        write_json(json_file, {"machine": where, "seed": seed, "gone": gone, "come": come, "flood": full})
