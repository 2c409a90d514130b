"""`freshet bench explore`: how soon good new items are found."""

from math import sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OUTSIDE_QUANTILE = 0.95
"""What is not in the list is worth as much to a user as the item at this quantile of the new ones."""
NORMAL = 1.96


def explore(
    items: Annotated[int, typer.Option(min=10, help="New items, all shown to nobody yet.")] = 64,
    users: Annotated[int, typer.Option(min=1, help="Users, shown one item at a time.")] = 500,
    exposures: Annotated[int, typer.Option(min=1, help="How often an item is shown in all.")] = 1_000,
    seeds: Annotated[int, typer.Option(min=2, help="Generated worlds.")] = 10,
    json_file: JsonFile = None,
) -> None:
    """How many good new items are found, taken five times that is, and how often what is shown is taken.

    Good is the best tenth of the new items of a generated world. Slots are filled by Freshet's bandit, by lot, or by
    what was taken most so far.
    """
    from rich.box import SIMPLE  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415

    from online.evaluation import exploration  # noqa: PLC0415
    from streams.cli.progress import Bars  # noqa: PLC0415

    runs: dict[exploration.Policy, list[exploration.Found]] = {"thompson": [], "random": [], "greedy": []}
    with Bars() as bar:
        for seed in bar.track(range(seeds), description="worlds"):
            known = _chances(items, users, seed)
            for policy, found in runs.items():
                found.append(exploration.explore(known, exposures, policy, seed))
    table = Table(
        "slots filled by",
        Column("good items found", justify="right"),
        Column("taken when shown", justify="right"),
        title=f"{items} new items, {exposures:,} exposures: means over {seeds} worlds and 95 % intervals",
        box=SIMPLE,
    )
    figures = {}
    for policy, found in runs.items():
        good = _interval([run.good_found for run in found])
        taken = _interval([run.taken / exposures for run in found])
        figures[policy] = {"good_found": good, "taken": taken}
        table.add_row(policy, *(f"{mean:.3f} ± {half:.3f}" for mean, half in (good, taken)))
    Console(stderr=json_file == "-").print(table)
    if json_file is not None:
        write_json(json_file, figures)


def _chances(items: int, users: int, seed: int) -> "NDArray[np.float64]":
    """[users, items] the chance that an item is preferred to what is outside of the list."""
    import numpy as np  # noqa: PLC0415  # as above

    from streams.generated.recipe import Recipe  # noqa: PLC0415
    from streams.generated.world import SPAN_MS, START_MS, make_world  # noqa: PLC0415

    world = make_world(Recipe(items=items, users=users, seed=seed))
    utilities = np.array([world.oracle_scores(user, START_MS + SPAN_MS // 2) for user in range(users)])
    outside = np.quantile(utilities, OUTSIDE_QUANTILE)
    return np.asarray(1 / (1 + np.exp(outside - utilities)), np.float64)


def _interval(values: list[float]) -> tuple[float, float]:
    return fmean(values), NORMAL * stdev(values) / sqrt(len(values))
