"""`freshet train`: a first model from what happened before the stream."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.given_stream import (
    COLUMNS,
    SEED_LIMIT,
    CategoryColumn,
    ColumnNames,
    Dataset,
    Interactions,
    Items,
    Limit,
    TextColumns,
    TimestampUnit,
    read_given,
)
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from online.evaluation.stream import Stream
    from streams.history_to_model import Trained


def train(  # noqa: PLR0913, PLR0917  # one parameter an option: that is how typer reads them
    dataset: Dataset = None,
    interactions: Interactions = None,
    columns: ColumnNames = COLUMNS,
    timestamp_unit: TimestampUnit = "s",
    items: Items = None,
    text: TextColumns = "",
    category: CategoryColumn = None,
    limit: Limit = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=SEED_LIMIT, help="Decides the order of equal timestamps, and the first weights."
        ),
    ] = 0,
    json_file: JsonFile = None,
) -> None:
    """Learn a history before the first event, by the code that serves: the stream goes on from there.

    Writes the users' states and the ranking to Kafka and the statistics as a snapshot to the store; workers started
    afterwards answer requests from them, and publish every user's list, at once. Refuses while workers run,
    and once the river has learned an event. Events of the history count again if they are produced too. Send media
    first, with encode and learn workers, and stop these: then ranking and item vectors are learned with the items'
    documents and media.
    """
    from online.evaluation.tables import InputError  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.history_to_model import NotFirstError  # noqa: PLC0415

    with one_line_errors(InputError, NotFirstError):
        stream = read_given(dataset, interactions, columns, timestamp_unit, items, text, category, None)
        trained = _train(stream, limit, seed)
        ranks = "the learned ranking" if trained.is_ranking_served else "the fixed blend, as yet"
        typer.echo(
            f"{trained.events:,} events of {trained.users:,} users learned in {trained.ranking_steps:,} ranking "
            f"steps and {trained.fusion_steps:,} of items' vectors; lists are ranked by {ranks}; "
            f"snapshot {trained.snapshot}",
            err=True,
        )
        if json_file is not None:
            write_json(json_file, trained)


def _train(stream: "Stream", limit: int | None, seed: int) -> "Trained":
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.cli.progress import Bars  # noqa: PLC0415
    from streams.history_to_model import train  # noqa: PLC0415
    from streams.kafka import admin_client  # noqa: PLC0415
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415
    from streams.topics import ensure  # noqa: PLC0415

    loaded = settings.load()
    stream = stream.renamed(load_pseudonyms(loaded).of_row)
    admin = admin_client(loaded)
    ensure(admin, loaded)
    total = min(stream.event_count, limit or stream.event_count)
    with Bars() as bar:
        row = bar.add_task("events", total=total)
        return asyncio.run(
            train(loaded, admin, stream, limit, seed, lambda done: bar.update(row, completed=done))
        )
