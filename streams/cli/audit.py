"""`freshet audit`: whether anything still knows somebody, or has an item that was deleted."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from streams.auditing.finds import Audit, DeletedItem, ErasedUser


def audit(
    users: Annotated[
        list[str] | None, typer.Argument(metavar="USER...", help="Who should be nowhere.", show_default=False)
    ] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="Look for this deleted item instead.", show_default=False)
    ] = None,
    workers: Annotated[
        list[str] | None,
        typer.Option("--worker", metavar="HOST:PORT", help="Metrics of a worker elsewhere; may be repeated."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Search every topic, every file of the store and the home, and every live worker for users, or for an item.

    What the receipt of a user's erasure says may still be there is listed with its until-when; of an item, what its
    deletion leaves. The exit code is 1 where anything else was found, or where a worker could not be asked. With
    pseudonyms, what a user is called under each key is searched for, and last their own id, which should be nowhere.
    """
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.auditing.items import audit_item  # noqa: PLC0415
    from streams.auditing.users import audit_users  # noqa: PLC0415
    from streams.kafka import admin_client  # noqa: PLC0415
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415
    from streams.topics import ensure  # noqa: PLC0415

    if bool(users) == bool(item):
        message = "give one user or several, or --item and an item's id"
        raise typer.BadParameter(message)
    with one_line_errors():
        loaded = settings.load()
        names = load_pseudonyms(loaded)
        admin = admin_client(loaded)
        ensure(admin, loaded)
        if item:
            found = asyncio.run(audit_item(admin, loaded, item, workers or ()))
        else:
            traces = [trace for user in users or () for trace in names.traces_of(user)]
            found = asyncio.run(audit_users(admin, loaded, traces, workers or ()))
        if json_file is not None:
            write_json(json_file, found)
        if json_file != "-":
            _show(found)
    if not found.is_clean:
        raise typer.Exit(1)


def _show(found: "Audit") -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams.cli.list_table import plain  # noqa: PLC0415

    console = Console(file=sys.stdout)
    looked = ", ".join(f"{count} {name}" for name, count in found.searched.items())
    console.print(f"Searched, records by topic first: {looked}", highlight=False)
    for subject in found.subjects:
        _show_subject(console, subject)
    for problem in found.problems:
        console.print(plain(problem))


def _show_subject(console: "Console", subject: "ErasedUser | DeletedItem") -> None:
    from rich.table import Table  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams.auditing.finds import ErasedUser  # noqa: PLC0415
    from streams.cli.list_table import plain  # noqa: PLC0415
    from streams.cli.times import utc  # noqa: PLC0415

    if isinstance(subject, ErasedUser):
        receipt = subject.receipt
        gone = "no receipt" if receipt is None else f"erased {utc(receipt.timestamp_ms)}"
    else:
        gone = "no tombstone" if subject.deleted_ms is None else f"deleted {utc(subject.deleted_ms)}"
    console.print(plain(f"{subject.id}: {gone}, {len(subject.leaks)} leaks"))
    if isinstance(subject, ErasedUser) and subject.is_item_too:
        console.print("An item has the same id: topics and statistics that are kept by item were not judged")
    if subject.finds:
        table = Table("where", "found", "count", "may be there until")
        for find in sorted(subject.finds, key=lambda find: not find.is_leak):
            until = "no time is stated" if find.until_ms is None else utc(find.until_ms)
            cells = (find.where, find.what, str(find.count), "LEAK" if find.is_leak else until)
            table.add_row(*map(plain, cells))
        console.print(table)
