"""`freshet trace`: one event, or one item, followed through topics and roles."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, folding_table, widen, write_json

if TYPE_CHECKING:
    from rich.text import Text

    from streams.tracing import Step, Trace

EXIT_CODES = {"answered": 0, "unlisted": 0, "deleted": 0, "waiting": 1, "refused": 1, "not found": 2}


def trace(
    event: Annotated[
        str | None,
        typer.Argument(help="An interaction's event_id; without one, its place: interactions-3-17-0."),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", help="Whose event: only that user's partition is searched.")
    ] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="Follow this item's newest media event instead.")
    ] = None,
    since: Annotated[
        float, typer.Option("--since", metavar="MINUTES", min=0.1, help="How far back is read, in minutes.")
    ] = 60.0,
    json_file: JsonFile = None,
) -> None:
    """Follow one event: where it lies, what was made of it, the first list that knows it, whether it is learned.

    Times are Kafka's. States, lists and progress are compacted: of an old event, a later one may be the first that
    is left. The exit code is 0 if the event is in a list, or the item can be listed or is deleted, 1 if it is not yet
    or was refused, 2 if it was not found.
    """
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.clock import now_ms  # noqa: PLC0415
    from streams.kafka import admin_client  # noqa: PLC0415
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415
    from streams.trace_reader import trace_event, trace_item  # noqa: PLC0415

    if (event is None) == (item is None):
        message = "give an event_id, or --item and an item's id"
        raise typer.BadParameter(message)
    with one_line_errors():
        loaded = settings.load()
        users = [] if user is None else load_pseudonyms(loaded).all_of(user)
        admin = admin_client(loaded)
        since_ms = now_ms() - int(since * 60_000)
        if item is not None:
            found = asyncio.run(trace_item(loaded, admin, item, since_ms, _reading))
        else:
            found = asyncio.run(trace_event(loaded, admin, event or "", users, since_ms, _reading))
        if json_file is not None:
            write_json(json_file, found)
        if json_file != "-":
            _show(found, since)
    if code := EXIT_CODES[found.outcome]:
        raise typer.Exit(code)


def _reading(topic: str) -> None:
    """Says on a terminal what takes its time."""
    if sys.stderr.isatty():
        typer.echo(f"reading {topic} …", err=True)


def _show(found: "Trace", since_min: float) -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    if found.outcome == "not found":
        typer.echo(
            f"freshet: {found.id} is in no record of the last {since_min:g} minutes: is it older (--since), "
            "or has its producer not delivered it?",
            err=True,
        )
        return
    table = folding_table("after ms", "time", "role", "what", "where", "")
    for one in found.steps:
        table.add_row(f"{one.after_ms:,}", *_cells(one))
    console = Console()
    widen(console)
    console.print(table)
    more = ", it has its vectors; no list made since has it" if found.outcome == "unlisted" else ""
    typer.echo(f"{found.id}: {found.outcome}{more}")


def _cells(one: "Step") -> "list[Text]":
    from streams.cli.list_table import plain  # noqa: PLC0415  # keeps `freshet --help` fast

    at = datetime.fromtimestamp(one.timestamp_ms / 1000, UTC).astimezone()
    where = f"{one.topic} {one.partition}@{one.offset}"
    return [plain(text) for text in (f"{at:%H:%M:%S.%f}"[:-3], one.role, one.what, where, one.note)]
