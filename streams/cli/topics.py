"""`freshet topics`: create what is missing, check what is there, say who may do what."""

from collections.abc import Collection
from typing import Annotated

import typer

from streams.cli.errors import one_line_errors

app = typer.Typer(
    no_args_is_help=True, help="The topics of the river: create, alter, check, who may do what."
)


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


Grants = Annotated[
    list[str] | None,
    typer.Option(
        "--grant",
        metavar="ROLE=PRINCIPAL",
        help="Grant this principal (User:NAME) what the role needs, instead of printing; may be given again.",
    ),
]


@app.command()
def acls(grant: Grants = None) -> None:
    """Print what each role needs as arguments of kafka-acls.sh, or grant it, which only an admin may."""
    from streams import access, settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.kafka import admin_client  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        chosen = [_parsed(pair, access.NEEDS) for pair in grant or ()]
        if not chosen:
            for role in access.NEEDS:
                for command in access.commands(loaded, role, access.usual_principal(role)):
                    typer.echo(command)
            return
        admin = admin_client(loaded)
        for role, principal in chosen:
            access.grant(admin, loaded, role, principal)


def _parsed(pair: str, roles: Collection[str]) -> tuple[str, str]:
    role, _, principal = pair.partition("=")
    if role not in roles or not principal.startswith("User:"):
        msg = f"{pair!r} is not ROLE=User:NAME with a role of {', '.join(roles)}"
        raise typer.BadParameter(msg, param_hint="--grant")
    return role, principal


def _report(differences: list[str]) -> None:
    for difference in differences:
        typer.echo(difference, err=True)
    if differences:
        raise typer.Exit(1)
