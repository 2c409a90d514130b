"""`freshet bench ids`: memory and pauses under endless new ids."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from online.events import ExampleSet

SETS_OF_A_USER = 20
REPORTS = 20
START_MS = 1_700_000_000_000


def ids(
    count: Annotated[
        int, typer.Option("--ids", min=1, help="Events, each of an item nobody had.")
    ] = 5_000_000,
    capacity: Annotated[int, typer.Option(min=1024, help="As FRESHET_ITEM_CAPACITY.")] = 262_144,
    json_file: JsonFile = None,
) -> None:
    """Nothing but new items, by ever new users: the memory that a worker's statistics take, and their longest pause."""
    import time  # noqa: PLC0415  # keeps `freshet --help` fast

    import psutil  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    from online.recommender import Recommender  # noqa: PLC0415
    from online.recommender_config import RecommenderConfig  # noqa: PLC0415

    notes, process = Console(stderr=True), psutil.Process()
    recommender = Recommender(RecommenderConfig(capacity=capacity))
    spent_s, longest_s = 0.0, 0.0
    points = []
    for number, example_set in enumerate(_sets(count), 1):
        began = time.process_time()
        recommender.fold(example_set)
        took_s = time.process_time() - began
        spent_s += took_s
        # The first fold compiles.
        longest_s = max(longest_s, took_s if number > 1 else 0.0)
        if number % max(count // REPORTS, 1) == 0:
            rss_mib = process.memory_info().rss / 2**20
            points.append(
                {"ids": number, "items_known": len(recommender.catalogue), "rss_mib": round(rss_mib)}
            )
            notes.print(f"{number:,} ids: {len(recommender.catalogue):,} items known, {rss_mib:,.0f} MiB")
    found = {
        "capacity": capacity,
        "points": points,
        "longest_fold_ms": round(longest_s * 1000, 1),
        "us_per_event": round(spent_s / count * 1e6, 1),
    }
    Console(stderr=json_file == "-").print(
        f"{count:,} ids at {found['us_per_event']} µs each; the longest fold, which made room, took "
        f"{found['longest_fold_ms']} ms; {points[-1]['rss_mib']:,} MiB at the end"
    )
    if json_file is not None:
        write_json(json_file, found)


def _sets(count: int) -> Iterator["ExampleSet"]:
    from online.events import Cursor, Event, ExampleSet  # noqa: PLC0415  # as above
    from online.state import UserState  # noqa: PLC0415

    state = UserState("")
    for number in range(count):
        if number % SETS_OF_A_USER == 0:
            state = UserState(f"user-{number}")
        at_ms = START_MS + number * 1000
        cursor = Cursor("bench", 0, number, 0)
        event = Event(state.user_id, f"item-{number}", "click", 1.0, at_ms, number + 1, cursor)
        example = state.apply(event)
        if example is not None:
            yield ExampleSet(state.user_id, at_ms, example.history or [], [], [example])
