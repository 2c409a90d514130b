"""`freshet bench lists`: what one list costs, alone and among others."""

from itertools import product
from typing import Annotated

import typer

from streams.cli.output import JsonFile, write_json

AT_ONCE = (1, 4, 16, 32)


def lists(
    users: Annotated[int, typer.Option(min=1, help="Users, all equally active.")] = 20_000,
    items: Annotated[int, typer.Option(min=1, help="Items, of Zipf-like popularity.")] = 20_000,
    events: Annotated[int, typer.Option(min=1, help="Events folded before.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each kind is timed, in turns.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same lists.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """What one list takes of a core, made alone and together with others, and what folding a set takes.

    The learned ranking ranks. Without Kafka, on one core: what a recommend worker does between its fetches.
    """
    from rich.box import SIMPLE  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415

    from streams.bench.list_cost import list_costs  # noqa: PLC0415
    from streams.cli.progress import Bars  # noqa: PLC0415

    with Bars() as progress:
        task = progress.add_task("folding", total=events)
        found = list_costs(
            users, items, events, AT_ONCE, rounds, seed, lambda done: progress.update(task, completed=done)
        )
    table = Table(
        Column("lists at once", justify="right"),
        Column("µs a list", justify="right"),
        Column("in a hurry", justify="right"),
        Column("with vectors and taste", justify="right"),
        Column("in a hurry", justify="right"),
        title=f"{users:,} users, {items:,} items, {events:,} events, seed {seed}; a fold takes {found.us_per_fold} µs",
        box=SIMPLE,
    )
    by_kind = {(cost.at_once, cost.content, cost.hurried): cost.us_per_list for cost in found.lists}
    for size in AT_ONCE:
        kinds = product((False, True), repeat=2)
        table.add_row(str(size), *(f"{by_kind[size, content, hurried]:.0f}" for content, hurried in kinds))
    Console(stderr=json_file == "-").print(table)
    if json_file is not None:
        write_json(json_file, found)
