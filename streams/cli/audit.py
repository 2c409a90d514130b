"""`freshet audit`: whether anything still knows somebody."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from streams.auditing.finds import Audit


def audit(
    user: Annotated[str, typer.Argument(metavar="USER", help="Who should be nowhere.")],
    workers: Annotated[
        list[str] | None,
        typer.Option("--worker", metavar="HOST:PORT", help="Metrics of a worker elsewhere; may be repeated."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Search every topic, every file of the store and the home, and every live worker for a user.

    What the receipt of the user's erasure says may still be there is listed with its until-when. The exit code is 1
    where anything else was found, or where a worker could not be asked. With pseudonyms, what the user is called under
    each key is searched for, and last their own id, which should be nowhere; JSON is an array.
    """
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.auditing.audit import audit as search  # noqa: PLC0415
    from streams.kafka import admin_client  # noqa: PLC0415
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415
    from streams.topics import ensure  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        names = load_pseudonyms(loaded)
        admin = admin_client(loaded)
        ensure(admin, loaded)
        audits = [asyncio.run(search(admin, loaded, name, workers or ())) for name in names.traces_of(user)]
        if json_file is not None:
            write_json(json_file, audits if names.are_made else audits[0])
        for found in audits if json_file != "-" else ():
            _show(found)
    if not all(found.is_clean for found in audits):
        raise typer.Exit(1)


def _show(found: "Audit") -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.table import Table  # noqa: PLC0415

    from streams.cli.times import utc  # noqa: PLC0415

    console = Console(file=sys.stdout)
    looked = ", ".join(f"{count} {name}" for name, count in found.searched.items())
    erased = "no receipt" if found.receipt is None else f"erased {utc(found.receipt.timestamp_ms)}"
    console.print(f"{found.user_id}: {erased}. Searched, records by topic first: {looked}", highlight=False)
    if found.is_item_too:
        console.print("An item has the same id: topics and statistics that are kept by item were not judged")
    if found.finds:
        table = Table("where", "found", "count", "may be there until")
        for find in sorted(found.finds, key=lambda find: find.until_ms is not None):
            until = "LEAK" if find.until_ms is None else utc(find.until_ms)
            table.add_row(find.where, find.what, str(find.count), until)
        console.print(table)
    for problem in found.problems:
        console.print(problem, highlight=False)
