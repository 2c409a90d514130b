"""`freshet broker`: Apache Kafka on this machine, with nothing to install but Python."""

import signal
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deploy.embedded_kafka import EmbeddedKafka, running_bootstrap, running_state, stop_running
from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json

app = typer.Typer(no_args_is_help=True, help="A real Kafka broker on this machine: start, stop, status.")


def _default_data() -> Path:
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast

    with one_line_errors():
        return settings.load().home / "broker"


Data = Annotated[
    Path,
    typer.Option(
        "--data",
        help="The folder that keeps the broker's data and logs.",
        default_factory=_default_data,
        show_default="FRESHET_HOME/broker",
    ),
]


@app.command()
def start(
    data: Data,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Default: as before, or any free one.")
    ] = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay; the broker ends with me.")] = False,
) -> None:
    """Start the broker and print its bootstrap address, alone, on standard output, once it serves."""
    with one_line_errors():
        bootstrap = None if foreground else running_bootstrap(data)
        if bootstrap is not None:
            typer.echo(bootstrap)
        elif foreground:
            _serve(EmbeddedKafka(data, port=port))
        else:
            kafka = EmbeddedKafka(data, port=port)
            bootstrap = kafka.start()
            kafka.detach()
            typer.echo(bootstrap)


@app.command()
def stop(data: Data) -> None:
    """Stop the broker and wait until it is down."""
    with one_line_errors():
        typer.echo("stopped" if stop_running(data) else "not running")


@app.command()
def status(data: Data, json_file: JsonFile = None) -> None:
    """Print the address and the process id, or `not running` (exit code 1)."""
    with one_line_errors():
        state = running_state(data)
        if json_file is not None:
            write_json(json_file, {"running": state is not None, **(asdict(state) if state else {})})
        if json_file != "-":
            typer.echo(f"{state.bootstrap} pid {state.pid}" if state else "not running")
        if state is None:
            raise typer.Exit(1)


def _serve(kafka: EmbeddedKafka) -> None:
    """Run the broker until Ctrl-C or SIGTERM, which stop it in order, or until it ends by itself."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with kafka:
            typer.echo(kafka.bootstrap)
            kafka.wait()
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
