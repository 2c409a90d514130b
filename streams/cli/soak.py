"""`freshet soak`: faults against real processes, and the proof that nothing was lost or counted twice."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.ending import ended_in_order
from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json


def soak(
    seed: Annotated[int, typer.Option(help="The events and the order of faults follow from it.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.5, help="How long faults happen.")] = 10,
    rate: Annotated[float, typer.Option(min=10, help="Events a second.")] = 500,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between one fault and the next.")] = 3,
    beside: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            metavar="FOLDER",
            help="A checkout of another version, whose workers take the places of others: a rolling upgrade, and back.",
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Kill, freeze, restart and set back everything, on a Kafka of its own; then compare with an undisturbed run."""
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.soak.run import Soak  # noqa: PLC0415

    with one_line_errors(), ended_in_order():
        say = partial(typer.echo, err=True)
        result = Soak(settings.load(), seed, minutes, rate, pause, say, beside).run()
        if json_file is not None:
            write_json(json_file, result)
    typer.echo(
        f"{result.events:,} events of {result.users:,} users through {len(result.faults)} faults in "
        f"{result.seconds:g} s; settled after {result.settled_s:g} s",
        err=json_file == "-",
    )
    for problem in result.problems:
        typer.echo(f"freshet: {problem}", err=True)
    if result.problems:
        raise typer.Exit(1)
