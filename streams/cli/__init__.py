"""The one command-line entry: `freshet VERB`, one verb a file."""

from importlib.metadata import version
from typing import Annotated

import typer

from streams.cli import (
    ask,
    audit,
    backup,
    bench,
    broker,
    compress,
    console,
    dead_letters,
    demo,
    encode,
    erase,
    evaluate,
    fuzz,
    generate,
    lists,
    model,
    probe,
    produce,
    pseudonym,
    rules,
    soak,
    status,
    topics,
    trace,
    train,
    why,
    worker,
)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(ask.app, name="ask")
app.add_typer(broker.app, name="broker")
app.add_typer(bench.app, name="bench")
app.add_typer(model.app, name="model")
app.add_typer(probe.app, name="probe")
app.add_typer(topics.app, name="topics")
app.add_typer(rules.app, name="rules")
app.command()(erase.erase)
app.command()(audit.audit)
app.command()(soak.soak)
app.command()(fuzz.fuzz)
app.command()(worker.worker)
app.command()(demo.demo)
app.command()(status.status)
app.command()(train.train)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(evaluate.evaluate)
app.command()(encode.encode)
app.command()(compress.compress)
app.command()(console.console)
app.command()(produce.produce)
app.command()(pseudonym.pseudonym)
app.command()(generate.generate)
app.command()(lists.lists)
app.command()(dead_letters.dead_letters)
app.command()(why.why)
app.command()(trace.trace)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"freshet {version('freshet')}")
        raise typer.Exit


@app.callback()
def freshet(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version, and end."),
    ] = False,
) -> None:
    """Per-user lists that are fresh within milliseconds, from Kafka to Kafka."""


def main() -> None:
    """Entry point of the `freshet` command."""
    app()
