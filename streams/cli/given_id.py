"""An id that somebody gives on the command line."""

import typer

from streams.cli.errors import EXIT_CONFIGURATION


def check_id(name: str, given: str) -> None:
    """Ends the command, with one line, where workers would refuse the id: it is empty, blank or too long.

    Args:
        name: What the id is, as the command's help calls it.
        given: The id.
    """
    import msgspec  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams.events import Id  # noqa: PLC0415

    try:
        msgspec.convert(given, Id)
    except msgspec.ValidationError as exc:
        typer.echo(f"freshet: {name}: {exc}, its length is {len(given)}", err=True)
        raise typer.Exit(EXIT_CONFIGURATION) from None
