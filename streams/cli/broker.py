"""`freshet broker`: Apache Kafka on this machine, with nothing to install but Python."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deploy.embedded_kafka import BrokerError, EmbeddedKafka, running_bootstrap, running_state, stop_running

app = typer.Typer(no_args_is_help=True, help="A real Kafka broker on this machine: start, stop, status.")

Data = Annotated[Path, typer.Option("--data", help="The folder that keeps the broker's data and logs.")]
_DEFAULT_DATA = Path(".freshet/broker")


@app.command()
def start(
    data: Data = _DEFAULT_DATA,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Default: as before, or any free one.")
    ] = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay; the broker ends with me.")] = False,
) -> None:
    """Start the broker and print its bootstrap address, alone, on standard output, once it serves."""
    with _one_line_errors():
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
def stop(data: Data = _DEFAULT_DATA) -> None:
    """Stop the broker and wait until it is down."""
    with _one_line_errors():
        typer.echo("stopped" if stop_running(data) else "not running")


@app.command()
def status(
    data: Data = _DEFAULT_DATA,
    json_file: Annotated[
        typer.FileTextWrite | None,
        typer.Option("--json", help="Write it as JSON here; - is standard output."),
    ] = None,
) -> None:
    """Print the address and the process id, or `not running` (exit code 1)."""
    state = running_state(data)
    if json_file is not None:
        json_file.write(json.dumps({"running": state is not None, **(asdict(state) if state else {})}) + "\n")
    if json_file is None or json_file.name != "<stdout>":
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


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except BrokerError as error:
        typer.echo(f"freshet broker: {error}", err=True)
        raise typer.Exit(1) from error
