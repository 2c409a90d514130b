"""`freshet lists`: the users' lists, as they stand and as they come."""

import asyncio
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile

if TYPE_CHECKING:
    from streams.follower import Record
    from streams.list_reader import Show
    from streams.newest import Titles


def lists(
    users: Annotated[
        list[str] | None, typer.Option("--user", help="Whose list; may be repeated. Default: everybody's.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new lists until Ctrl-C.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="How many lists in all, the newest; default: every one.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Show each user's newest list: its items and their reasons, what made it, which event it knows.

    As JSON, each list is written as it was published, one a line. The exit code is 1 where a user asked for
    has no list, or where there is none at all.
    """
    with one_line_errors():
        try:
            complete = _show(users or [], follow, limit, json_file)
        except KeyboardInterrupt:
            raise typer.Exit(0 if follow else 130) from None
    if not complete and not follow:
        raise typer.Exit(1)


def _show(users: list[str], follow: bool, limit: int | None, json_file: str | None) -> bool:
    """Shows the lists; returns whether everybody asked for, or anybody, has one."""
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.list_reader import Query, read_lists  # noqa: PLC0415
    from streams.newest import Titles  # noqa: PLC0415
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415

    loaded = settings.load()
    names = load_pseudonyms(loaded)
    called = {user: names.all_of(user) for user in users}
    wanted = Query([name for every in called.values() for name in every], limit, follow)
    without: list[str] = []

    def missing(some: list[str]) -> None:
        without.extend(user for user in called if not set(called[user]).difference(some))
        for user in without:
            typer.echo(f"freshet: user {user} has no list yet", err=True)

    with ExitStack() as stack:
        shows: list[Show] = []
        titles = None
        if json_file != "-":
            titles = Titles()
            shows.append(_tables(titles))
        if json_file is not None:
            file = sys.stdout.buffer if json_file == "-" else stack.enter_context(Path(json_file).open("wb"))
            shows.append(_json_lines(file))
        show = _each(shows)
        count = asyncio.run(read_lists(loaded, wanted, titles, show, missing))
    if not count and not without:
        typer.echo(
            "freshet: no list has been published yet: each user's comes with their first event, from a running "
            "recommend worker",
            err=True,
        )
    return count > 0 and not without


def _each(shows: "list[Show]") -> "Show":
    def show(record: "Record") -> None:
        for each in shows:
            each(record)

    return show


def _json_lines(out: BinaryIO) -> "Show":
    def show(record: "Record") -> None:
        out.write((record.value or b"") + b"\n")
        out.flush()

    return show


def _tables(titles: "Titles") -> "Show":
    import msgspec  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.console import Console  # noqa: PLC0415

    from streams.cli.list_table import list_table  # noqa: PLC0415
    from streams.events import Recommendation  # noqa: PLC0415

    console = Console()
    decode = msgspec.json.Decoder(Recommendation).decode

    def show(record: "Record") -> None:
        try:
            found = decode(record.value or b"")
        except msgspec.DecodeError as exc:
            typer.echo(f"freshet: recommendations {record.partition}@{record.offset}: {exc}", err=True)
        else:
            console.print(list_table(found, titles, time.time_ns() // 1_000_000))

    return show
