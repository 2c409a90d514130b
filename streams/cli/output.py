"""Results for machines, `--json FILE`, where `-` is standard output; and tables with room for their figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from rich.console import Console

TABLE_WIDTH = 140
"""Narrower terminals fold the table's lines; figures are never cut off."""
JsonFile = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="Write the result as JSON here; - is standard output."),
]


def write_json(target: str, result: object) -> None:
    """Writes the result, indented, to a file or to standard output.

    Raises:
        OSError: The file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(result)).decode()
    if target == "-":
        typer.echo(text)
    else:
        Path(target).write_text(text + "\n")


def widen(console: "Console") -> None:
    """Makes room for a wide table, however narrow the terminal is."""
    console.width = max(console.width, TABLE_WIDTH)
