"""`freshet bench poison`: into how many honest lists bots get an item."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli.errors import one_line_errors
from streams.cli.given_stream import (
    COLUMNS,
    ColumnNames,
    Dataset,
    Interactions,
    Limit,
    TimestampUnit,
    read_given,
)
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from online.evaluation.stream import Stream

MADE_USERS, MADE_ITEMS, MADE_EVENTS = 1_000, 400, 10_000
"""Of the generated world where no stream is given."""


def poison(  # noqa: PLR0913, PLR0917  # one parameter an option: that is how typer reads them
    dataset: Dataset = None,
    interactions: Interactions = None,
    columns: ColumnNames = COLUMNS,
    timestamp_unit: TimestampUnit = "s",
    share: Annotated[float, typer.Option(min=0, max=1, help="Share of the users that are bots.")] = 0.01,
    pushes: Annotated[
        int, typer.Option(min=1, help="How often a bot pushes the item after each ordinary event.")
    ] = 1,
    repeats: Annotated[
        Literal["allow", "hide"], typer.Option(help="May lists hold what the user had?")
    ] = "allow",
    days: Annotated[float, typer.Option(min=0, help="FRESHET_TEACH_AGAIN_AFTER_DAYS of the defence.")] = 7,
    blend: Annotated[
        bool, typer.Option(help="Rank by the fixed blend alone, which takes a tenth of the time.")
    ] = False,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(min=0, help="Draws the bots, and the world where none is given.")] = 0,
    json_file: JsonFile = None,
) -> None:
    """How many honest lists hold an item that bots push, undefended, and with FRESHET_TEACH_AGAIN_AFTER_DAYS.

    Bots do what they did, and push an item that nobody else knows after each event. Without a stream, one is made up.
    """
    from rich.box import SIMPLE  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415

    from online.evaluation.poisoning import harm_of, poisoned  # noqa: PLC0415
    from online.evaluation.tables import InputError  # noqa: PLC0415
    from online.evaluation.variants import (  # noqa: PLC0415
        BLEND_TAUGHT_SELDOM,
        FRESHET,
        TAUGHT_SELDOM,
        WITHOUT_RANKER,
    )
    from streams.cli.progress import Bars  # noqa: PLC0415

    with one_line_errors(InputError):
        stream = (
            _made_up(seed)
            if dataset is None and interactions is None
            else read_given(dataset, interactions, columns, timestamp_unit, None, "", None, None)
        )
    attacks = {
        "honest": poisoned(stream, share, 0, seed, limit),
        "poisoned": poisoned(stream, share, pushes, seed, limit),
    }
    table = Table(
        "stream",
        "an item of a user counts",
        *(Column(name, justify="right") for name in ("honest lists with the item", "HR@10", "NDCG@10")),
        title=f"{int(attacks['honest'].is_bot.sum())} bots of {len(stream.user_ids):,} users, "
        f"{attacks['poisoned'].pushes:,} pushes among {attacks['honest'].stream.event_count:,} events",
        box=SIMPLE,
    )
    methods = (WITHOUT_RANKER, BLEND_TAUGHT_SELDOM) if blend else (FRESHET, TAUGHT_SELDOM)
    found: dict[str, dict[str, dict[str, float]]] = {}
    with Bars() as bar:
        for name, attack in attacks.items():
            for method, counts in zip(methods, ("always", f"once in {days:g} days"), strict=True):
                row = bar.add_task(f"{name}, {counts}", total=attack.stream.event_count)
                harm = harm_of(
                    attack, method, repeats, days, time.perf_counter,
                    lambda done, row=row: bar.update(row, completed=done),  # type: ignore[misc]  # its default is no argument
                )  # fmt: skip
                found.setdefault(name, {})[method] = asdict(harm)
                table.add_row(name, counts, f"{harm.pushed_share:.2%}", f"{harm.hr:.4f}", f"{harm.ndcg:.4f}")
    Console(stderr=json_file == "-").print(table)
    if json_file is not None:
        write_json(json_file, found)


def _made_up(seed: int) -> "Stream":
    from online.evaluation.stream import stream_of  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.generated.behaviour import interactions  # noqa: PLC0415
    from streams.generated.recipe import Recipe  # noqa: PLC0415
    from streams.generated.world import START_MS, make_world  # noqa: PLC0415

    recipe = Recipe(items=MADE_ITEMS, users=MADE_USERS, events=MADE_EVENTS, seed=seed)
    events = list(interactions(make_world(recipe)))
    times_ms = [START_MS if e.timestamp_ms is None else e.timestamp_ms for e in events]
    return stream_of([e.user_id for e in events], [e.item_id for e in events], times_ms)
