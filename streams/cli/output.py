"""Results for machines, `--json FILE`, where `-` is standard output; and tables with room for their figures."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

TABLE_WIDTH = 140
"""Narrower terminals fold the table's lines; figures are never cut off."""


def _writable(target: str | None) -> str | None:
    """Refuses a file that cannot be written, before what it is for has taken its minutes."""
    if target is not None and target != "-":
        path = Path(target)
        if path.is_dir():
            message = f"{target} is a folder"
            raise typer.BadParameter(message)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            message = f"{target} cannot be written"
            raise typer.BadParameter(message)
    return target


JsonFile = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        callback=_writable,
        help="Write the result as JSON here; - is standard output.",
    ),
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
