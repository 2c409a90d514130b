"""`freshet topics`: create what is missing, check what is there."""

import typer

from streams.cli.errors import one_line_errors

app = typer.Typer(no_args_is_help=True, help="The topics of the river: create, alter, check.")


@app.command()
def create() -> None:
    """Create every missing topic; what exists is left alone. Prints the names of those created."""
    from streams import settings, topics  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.kafka import admin_client  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        admin = admin_client(loaded)
        for name in topics.create(admin, loaded):
            typer.echo(name)
        _report(topics.differences(admin, loaded))


@app.command()
def alter() -> None:
    """Give topics that exist the configuration they should have, as after an upgrade; names what is left."""
    from streams import settings, topics  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.kafka import admin_client  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        _report(topics.alter(admin_client(loaded), loaded))


@app.command()
def check() -> None:
    """Name every difference between the topics that should be and those that are; exit code 1 if any."""
    from streams import settings, topics  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.kafka import admin_client  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        _report(topics.differences(admin_client(loaded), loaded))


def _report(differences: list[str]) -> None:
    for difference in differences:
        typer.echo(difference, err=True)
    if differences:
        raise typer.Exit(1)
