"""Machine-readable results: `--json FILE`, where `-` is standard output."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

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
