"""`freshet rules`: check a file of business rules, put it into force while workers run, show what is in force."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.errors import EXIT_UNAVAILABLE, one_line_errors

app = typer.Typer(no_args_is_help=True, help="Business rules: check, put into force, show.")

DELIVERY_S = 30.0

File = Annotated[Path, typer.Argument(help=r"TOML, a [\[rule]] each.", exists=True, dir_okay=False)]


@app.command()
def check(file: File) -> None:
    """Say how many rules the file has; an error names its line, and the exit code is 2."""
    from online.rules.rule import parse, read  # noqa: PLC0415  # keeps `freshet --help` fast

    with one_line_errors():
        typer.echo(f"{len(parse(read(file)))} rules")


@app.command()
def put(file: File) -> None:
    """Put the file's rules into force, unless one of them is wrong: every list made from then on follows them."""
    from confluent_kafka import KafkaException, Producer  # noqa: PLC0415  # keeps `freshet --help` fast

    from online.rules.rule import parse, read  # noqa: PLC0415
    from streams import settings, topics  # noqa: PLC0415
    from streams.kafka import admin_client, client_config, produce_one  # noqa: PLC0415

    with one_line_errors():
        text = read(file)
        count = len(parse(text))
        loaded = settings.load()
        topics.partition_count(admin_client(loaded), loaded, "rules")
        producer, topic = Producer(client_config(loaded)), topics.full_name(loaded, "rules")
        try:
            produce_one(producer, topic, b"rules", text.encode(), 0, DELIVERY_S)
        except KafkaException as exc:
            typer.echo(f"freshet: the rules were not put: {exc.args[0].str()}", err=True)
            raise typer.Exit(EXIT_UNAVAILABLE) from None
        typer.echo(f"{count} rules are in force")


@app.command()
def show() -> None:
    """Print the rules in force: what was put last, or else the settings' file."""
    import asyncio  # noqa: PLC0415  # keeps `freshet --help` fast

    from online.rules.rule import read  # noqa: PLC0415
    from streams import settings, topics  # noqa: PLC0415
    from streams.follower import read_all  # noqa: PLC0415
    from streams.kafka import admin_client  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        topics.partition_count(admin_client(loaded), loaded, "rules")
        records = asyncio.run(read_all(loaded, "rules"))
        newest = records[-1].value if records else None
        if newest is not None:
            typer.echo(newest.decode(), nl=False)
        elif loaded.rules:
            typer.echo(read(loaded.rules), nl=False)
        else:
            typer.echo(
                "freshet: no rules are in force: neither `freshet rules put` nor FRESHET_RULES", err=True
            )
