"""`freshet demo`: real shoppers' lists change while their purchases stream through a real Kafka."""

from typing import Annotated

import typer

from streams.cli.ending import ended_in_order
from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json


def demo(
    seconds: Annotated[float, typer.Option(min=1, help="How long the live part lasts.")] = 120,
    rate: Annotated[float, typer.Option(min=0.1, help="Events a second in the live part.")] = 100,
    past: Annotated[int, typer.Option(min=0, help="Events sent beforehand, at full speed.")] = 100_000,
    generated: Annotated[
        bool,
        typer.Option("--generated", help="A made-up world with pictures, sounds and clips instead."),
    ] = False,
    console: Annotated[
        bool, typer.Option("--console", help="Run the console beside it, and print its address.")
    ] = False,
    text_encoder: Annotated[
        str,
        typer.Option(
            help="wordllama starts in a second; minilm reads better and takes minutes on two cores."
        ),
    ] = "wordllama",
    json_file: JsonFile = None,
) -> None:
    """Run everything on this machine: Kafka, all roles, and the Complete Journey purchases; Ctrl-C ends it."""
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams import settings  # noqa: PLC0415
    from streams.demo import journey, made_up  # noqa: PLC0415
    from streams.demo.errors import DemoError  # noqa: PLC0415
    from streams.demo.run import Demo  # noqa: PLC0415

    screen = Console(stderr=json_file == "-", soft_wrap=True)
    with one_line_errors(), ended_in_order():
        update = {"text_encoder": text_encoder} | ({} if generated else settings.TEXT_ONLY)
        loaded = settings.load().model_copy(update=update)
        try:
            tell = made_up.load if generated else journey.load
            result = Demo(loaded, screen, tell, seconds, rate, past, with_console=console).run()
        except DemoError as exc:
            typer.echo(f"freshet: {exc}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        if json_file is not None:
            write_json(json_file, result)
    latency = result.latency_ms
    screen.print(
        f"{result.events:,} events and {result.lists:,} lists in {result.seconds:g} s over {result.items:,} items; "
        f"event to list p50 {latency['p50']} ms, p99 {latency['p99']} ms; "
        f"standing lists hit {result.standing_hit_ratio}, popularity {result.popularity_hit_ratio}"
    )
    if not result.lists:
        typer.echo("freshet: no list was seen in the live part; see the workers' log", err=True)
        raise typer.Exit(1)
