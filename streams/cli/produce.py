"""`freshet produce`: a file of interactions or media into its topic."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from streams.loading.load import Outcome
    from streams.loading.rows import BadRow, Row, RowFile

SHOWN_REFUSALS = 10
_SHOW_EVERY_S = 0.1


def produce(  # noqa: PLR0913, PLR0917  # the options of a command line
    kind: Annotated[Literal["interactions", "media"], typer.Argument(help="What the rows are.")],
    file: Annotated[str, typer.Argument(help="JSON lines, CSV or Parquet; - is JSON lines from stdin.")],
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help="field=column,… where the names differ; location.lat=column fills a nested field. The time is "
            "timestamp_ms here (in `freshet evaluate` and `train` it is timestamp)."
        ),
    ] = None,
    constants: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A value for every row; may be repeated."),
    ] = None,
    timestamp_unit: Annotated[
        Literal["s", "ms"],
        typer.Option(
            help="What numbers in the time fields (…_ms) count in the file; for `freshet evaluate` and `train` "
            "that is s unless said."
        ),
    ] = "ms",
    packed: Annotated[
        int, typer.Option(min=1, max=10_000, help="Events in a message, at most; all of one home partition.")
    ] = 1,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Events a second; default: all it can.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many rows.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Send a file's rows to the topic `interactions` or `media`; done when Kafka has acknowledged them all.

    Every row is checked against the contract before it is sent. A bad one is reported with its line, column
    and value, the others are sent all the same, and the exit code is 1. In CSV, tags are split at |, an
    empty cell is an absent field, and times may be ISO 8601. An interaction's action is one of impression,
    view, click, play, like, save, share, cart, purchase, rate, skip, dislike and hide.

    An interaction without event_id gets one that follows from the file's name, the line and what the row
    says, so that producing the same file twice counts once.
    """
    with one_line_errors():
        from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
        from streams.loading import load  # noqa: PLC0415
        from streams.loading.fields import FieldMap  # noqa: PLC0415

        given = FieldMap(
            _pairs("--columns", (pair for several in columns or [] for pair in several.split(","))),
            _pairs("--set", constants or []),
            1000 if timestamp_unit == "s" else 1,
        )
        refusals = _Refusals(file)
        options = load.Options(given, packed, rate, limit)
        outcome = load.produce_file(settings.load(), kind, file, options, refusals.add, _shown)
        _report(kind, file, outcome, refusals)
        if json_file is not None:
            counts = {"sent": outcome.event_count, "refused": refusals.count}
            write_json(json_file, counts | {"messages": outcome.message_count, "seconds": outcome.seconds})
    if outcome.interrupted:
        raise typer.Exit(130)
    if refusals.count:
        raise typer.Exit(1)


class _Refusals:
    """Counts the refused rows and shows the first."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.count = 0

    def add(self, line: int, reason: str) -> None:
        self.count += 1
        if self.count <= SHOWN_REFUSALS:
            typer.echo(f"{self._file}:{line}: {reason}", err=True)


def _pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    from streams.loading.fields import MappingError  # noqa: PLC0415  # keeps `freshet --help` fast

    pairs: dict[str, str] = {}
    for text in texts:
        field, _, value = text.partition("=")
        if not field or not value or field in pairs:
            wrong = "a second value for a field" if field in pairs else f"{text!r}"
            msg = f"{option}: expected field={'column' if option == '--columns' else 'value'}, got {wrong}"
            raise MappingError(msg)
        pairs[field] = value
    return pairs


def _shown(rows: "RowFile") -> Iterator["Row | BadRow"]:
    """Passes the rows on, and shows how many."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams.cli.progress import Bars  # noqa: PLC0415

    with Bars(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task("0 rows", total=1.0)
        shown_s = time.monotonic()
        for count, row in enumerate(rows, 1):
            yield row
            if time.monotonic() - shown_s > _SHOW_EVERY_S:
                shown_s = time.monotonic()
                ratio = rows.read_ratio()
                progress.update(
                    task, total=None if ratio is None else 1.0, completed=ratio, description=f"{count:,} rows"
                )


def _report(kind: str, file: str, outcome: "Outcome", refusals: _Refusals) -> None:
    """The last lines on standard error."""
    if refusals.count > SHOWN_REFUSALS:
        typer.echo(f"{file}: {refusals.count - SHOWN_REFUSALS:,} more rows refused", err=True)
    if outcome.ignored:
        typer.echo(f"{file}: columns that fill no field: {', '.join(outcome.ignored)}", err=True)
    typer.echo(
        f"{file}: {outcome.event_count:,} {kind} sent in {outcome.message_count:,} messages, "
        f"{refusals.count:,} rows refused, {outcome.seconds:.2f} s "
        f"({outcome.event_count / max(outcome.seconds, 0.001):,.0f} events/s)",
        err=True,
    )
