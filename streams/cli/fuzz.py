"""`freshet fuzz`: hostile messages on every public topic, and the proof that each was applied or refused."""

from typing import Annotated

import typer

from streams.cli.ending import ended_in_order
from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json


def fuzz(
    messages: Annotated[int, typer.Option(min=1, help="Hostile messages, beside honest ones.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The messages follow from it.")] = 1,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Send no more after so long; what was sent is judged.")
    ] = None,
    honest: Annotated[float, typer.Option(min=1, help="Events a second of honest users among them.")] = 20,
    json_file: JsonFile = None,
) -> None:
    """Send hostile messages to workers on a Kafka of its own, and say what of it did harm.

    Ends with 1 if a worker died, anything was lost, stalled or grew, or a refused message has no dead letter.
    """
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.cli.progress import Bars  # noqa: PLC0415
    from streams.fuzz.run import Fuzz  # noqa: PLC0415

    limit_s = float("inf") if minutes is None else 60 * minutes
    with one_line_errors(), ended_in_order():
        run = Fuzz(settings.load(), seed, messages, limit_s, honest)
        with Bars() as bar:
            row = bar.add_task("messages", total=messages)
            result = run.run(lambda count: bar.update(row, advance=count))
        if json_file is not None:
            write_json(json_file, result)
    err = json_file == "-"
    typer.echo(
        f"{result.messages:,} messages in {result.seconds:g} s, {result.per_s:,.0f} a second, among them "
        f"{result.honest:,} honest events; worked {result.settled_s:g} s later",
        err=err,
    )
    events = ", ".join(f"{count:,} {topic}" for topic, count in result.events.items())
    refusals = ", ".join(f"{count:,} {code}" for code, count in result.refusals.items())
    typer.echo(f"applied: {events}\nrefused: {refusals}", err=err)
    for worker in result.memory:
        typer.echo(f"{worker.role}: {worker.warm_mib:,.0f} MiB, at the end {worker.end_mib:,.0f}", err=err)
    for problem in result.problems:
        typer.echo(f"freshet: {problem}", err=True)
    if result.problems:
        raise typer.Exit(1)
