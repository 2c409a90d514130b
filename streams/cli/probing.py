"""What all probes share: media encoded with a bar on standard error, and measures as a table and as JSON."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streams.cli.media_files import MediaError
from streams.cli.output import write_json

if TYPE_CHECKING:
    from encoders.base import Encoder
    from encoders.probes.spaces import Spaces

LEFT_OUT_SHOWN = 5
"""Entries that are named with their reason; the others are in the JSON."""


def encode_with_bar(
    encoder: "Encoder[Any]",
    raw: "Encoder[Any]",
    names: Sequence[str],
    entries: Callable[[], Iterable[object]],
) -> "Spaces":
    """As `encoders.probes.spaces.encode_spaces`, with a bar; what is left out is said on standard error.

    Args:
        encoder: The encoder that is judged.
        raw: The baseline.
        names: [n], for messages.
        entries: Gives the n raw entries anew at each call.
    """
    from encoders.probes.spaces import encode_spaces  # noqa: PLC0415  # keeps `freshet --help` fast

    with _bar(len(names)) as advance:
        spaces = encode_spaces(encoder, raw, entries, advance)
    _say_left_out(names, spaces.errors)
    return spaces


@contextmanager
def _bar(total: int) -> Iterator[Callable[[str, int], None]]:
    from rich.progress import TaskID  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams.cli.progress import Bars  # noqa: PLC0415

    rows: dict[str, TaskID] = {}
    with Bars() as bar:

        def advance(name: str, count: int) -> None:
            if name not in rows:
                rows[name] = bar.add_task(name, total=total)
            bar.advance(rows[name], count)

        yield advance


def _say_left_out(names: Sequence[str], errors: Mapping[int, str]) -> None:
    import typer  # noqa: PLC0415

    for place, reason in sorted(errors.items())[:LEFT_OUT_SHOWN]:
        typer.echo(f"left out: {names[place]}: {reason}", err=True)
    if len(errors) > LEFT_OUT_SHOWN:
        typer.echo(f"left out: {len(errors)} entries in all", err=True)


def class_of(path: Path, pattern: re.Pattern[str] | None) -> str:
    """A file's class: what a pattern finds in its name, its first group if it has one; else its folder's name.

    Raises:
        MediaError: The pattern finds nothing.
    """
    if pattern is None:
        return path.parent.name
    found = pattern.search(path.name)
    if found is None:
        message = f"{pattern.pattern!r} finds nothing in {path.name}"
        raise MediaError(message)
    return found[1] if pattern.groups else found[0]


def parse_pattern(given: str) -> re.Pattern[str]:
    """A regular expression.

    Raises:
        MediaError: It is none.
    """
    try:
        return re.compile(given)
    except re.error as exc:
        message = f"{given!r} is no regular expression: {exc}"
        raise MediaError(message) from None


def report(
    measured: Mapping[str, Mapping[str, float]], setup: Mapping[str, object], json_file: str | None
) -> None:
    """Prints measures by space, and writes them with what they were measured on.

    Args:
        measured: Name of a space to its measures; all have the same.
        setup: The task, its options, what was left out.
        json_file: As `streams.cli.output.JsonFile`.
    """
    from rich.box import SIMPLE  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415

    measures = next(iter(measured.values()))
    columns = (Column(name.replace("_", " "), justify="right") for name in measures)
    table = Table(Column(f"{setup['task']}, n = {setup['entries']}", no_wrap=True), *columns, box=SIMPLE)
    for name, values in measured.items():
        table.add_row(name, *(f"{value:.4f}" for value in values.values()))
    console = Console(stderr=json_file == "-")
    console.width = max(console.width, 100)
    console.print(table)
    if json_file is not None:
        write_json(json_file, {**setup, "measures": measured})
