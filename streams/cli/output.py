"""Results for machines, `--json FILE`, where `-` is standard output; and tables with room for their figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

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


def folding_table(*headers: str) -> "Table":
    """A table without lines whose cells are folded where there is no room, and never cut: ids are to be copied."""
    from rich.table import Column, Table  # noqa: PLC0415  # keeps `freshet --help` fast

    return Table(*(Column(header, overflow="fold") for header in headers), box=None, pad_edge=False)


def widen(console: "Console") -> None:
    """Makes room for a wide table, however narrow the terminal is."""
    console.width = max(console.width, TABLE_WIDTH)
