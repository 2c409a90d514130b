"""The one command-line entry: `freshet VERB`, one verb a file."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """Entry point of the `freshet` command."""
    app()
