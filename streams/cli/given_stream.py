"""The stream that a person names on the command line: a known one, or files of interactions and items."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from online.evaluation.stream import Stream

COMPLETE_JOURNEY = "complete-journey"
COLUMNS = "user_id=user_id,item_id=item_id,timestamp=timestamp"
SEED_LIMIT = 2**32 - 1
"""The largest seed of a replay, whose hashes have eight bytes for it; an ablation takes those after it too."""

Dataset = Annotated[
    str | None, typer.Argument(help=f"{COMPLETE_JOURNEY}, or a folder that `freshet generate` wrote.")
]
Interactions = Annotated[
    Path | None,
    typer.Option(
        help="Interactions, CSV or Parquet, in any order. Every row is something that was had: leave out impressions, "
        "skips and hides."
    ),
]
ColumnNames = Annotated[
    str,
    typer.Option(
        help="Which column is what, where the names differ from these; value=column, if there is one, is a rating. "
        "What `freshet produce` calls timestamp_ms is timestamp here."
    ),
]
TimestampUnit = Annotated[
    Literal["s", "ms"],
    typer.Option(
        help="What timestamps that are numbers count; for `freshet produce` that is ms unless said."
    ),
]
Items = Annotated[Path | None, typer.Option(help="Items, CSV or Parquet; the id's column as above.")]
TextColumns = Annotated[
    str, typer.Option(help="Columns of the items' text, the title first: title,genres,plot.")
]
CategoryColumn = Annotated[str | None, typer.Option(help="Column of categories; several are separated by |.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N events.")]


def read_given(
    dataset: str | None,
    interactions: Path | None,
    columns: str,
    unit: Literal["s", "ms"],
    items: Path | None,
    text: str,
    category: str | None,
    images: str | None,
) -> "Stream":
    """Reads what the options of these names say, and says in a line what that is.

    Raises:
        InputError: The options do not fit together, or a file is not as they say.
    """
    from online.evaluation.loading import parse_columns, read_items, read_stream  # noqa: PLC0415  # keeps `freshet --help` fast
    from online.evaluation.tables import InputError  # noqa: PLC0415

    if dataset is not None:
        of_files = {
            "--interactions": interactions,
            "--items": items,
            "--columns": columns if columns != COLUMNS else "",
            "--text": text,
            "--category": category,
            "--images": images,
        }
        if used := [name for name, value in of_files.items() if value]:
            msg = f"{', '.join(used)}: the stream {dataset!r} has its own; leave one or the other out"
            raise InputError(msg)
        return _described(_known_stream(dataset))
    if interactions is None:
        msg = f"nothing to replay; give a stream's name ({COMPLETE_JOURNEY}) or --interactions F"
        raise InputError(msg)
    if items is None and (text or category or images):
        msg = "--text, --category and --images need --items F"
        raise InputError(msg)
    mapped = parse_columns(columns)
    catalogue = (
        read_items(items, mapped.item_id, [name for name in text.split(",") if name], category, images)
        if items
        else {}
    )
    return _described(read_stream(interactions, mapped, unit, catalogue))


def _described(stream: "Stream") -> "Stream":
    """Says what there is and of when: a wrong unit shows, as do rows that were taken for text."""
    times_s = stream.timestamps_ms // 1000
    first, last = (
        datetime.fromtimestamp(int(s), UTC).strftime("%Y-%m-%d %H:%M") for s in (times_s.min(), times_s.max())
    )
    had = {stream.item_ids[code] for code in set(stream.items.tolist())}
    known = f", {len(had & stream.catalogue.keys()):,} of them described" if stream.catalogue else ""
    users, items = len(stream.user_ids), len(had)
    typer.echo(
        f"{stream.event_count:,} events from {first} to {last} UTC, {users:,} users, {items:,} items{known}",
        err=True,
    )
    return stream


def _known_stream(dataset: str) -> "Stream":
    from online.evaluation.loading import read_complete_journey  # noqa: PLC0415  # keeps `freshet --help` fast
    from online.evaluation.tables import InputError  # noqa: PLC0415

    if is_world(dataset):
        from streams.generated.read import read_stream_of_world  # noqa: PLC0415  # as above

        return read_stream_of_world(Path(dataset))
    if dataset != COMPLETE_JOURNEY:
        msg = (
            f"got the stream {dataset!r}; expected {COMPLETE_JOURNEY} or a generated folder alone, "
            "or --interactions F instead"
        )
        raise InputError(msg)
    return read_complete_journey()


def is_world(dataset: str) -> bool:
    """Whether it is a folder that `freshet generate` wrote, whose truth is known."""
    return (Path(dataset) / "truth.json").is_file()
