"""`freshet erase`: somebody is to be forgotten."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.given_id import check_id
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.events import Erasure, Receipt


def erase(
    user: Annotated[str | None, typer.Argument(metavar="USER", help="Whom to erase.")] = None,
    of_key: Annotated[
        str | None,
        typer.Option(
            "--of-key", metavar="ID", help="Instead: everybody by a pseudonym of a key that is given up."
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the receipt, and show it.")] = False,
    wait_s: Annotated[float, typer.Option(min=1, help="With --wait: how long, in seconds.")] = 120.0,
    json_file: JsonFile = None,
) -> None:
    """Erase a user: state, list, what the learner remembers, what snapshots name. What comes later is a new user.

    The receipt says what was removed, and until when Kafka still holds raw records: `freshet audit USER` checks it.
    With pseudonyms, what the user is called under each key is erased, and JSON is an array.
    """
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.erasing import Eraser  # noqa: PLC0415
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415

    if (user is None) == (of_key is None):
        message = "give a user, or --of-key and the id of a key"
        raise typer.BadParameter(message)
    with one_line_errors():
        loaded = settings.load()
        names = load_pseudonyms(loaded)
        called = [] if user is None else names.all_of(user)
        for name in called:
            check_id("USER", name)
        eraser = Eraser(loaded)
        try:
            if of_key is not None:
                called = eraser.users_of(of_key)
            erasures = [eraser.ask(name) for name in called]
            receipts = eraser.receipts({one.request_id for one in erasures}, wait_s) if wait else []
        finally:
            eraser.close()
        if json_file is not None:
            answers = receipts or erasures
            write_json(json_file, answers if names.are_made or user is None else answers[0])
        if json_file != "-":
            _show(receipts if user is not None else [], [] if receipts else erasures)
        if of_key is not None:
            typer.echo(f"{len(receipts)} of {len(erasures)} users of key {of_key} are erased", err=True)


def _show(receipts: "Sequence[Receipt]", erasures: "Sequence[Erasure]") -> None:
    for receipt in receipts:
        _show_receipt(receipt)
    removed = [count for receipt in receipts for count in receipt.erased.values() if isinstance(count, int)]
    if receipts and not any(removed):
        typer.echo("freshet: nothing was known of such a user: is the id right?", err=True)
    for erasure in erasures:
        typer.echo(erasure.request_id)


def _show_receipt(receipt: "Receipt") -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.table import Table  # noqa: PLC0415

    from streams.cli.list_table import plain  # noqa: PLC0415
    from streams.cli.times import utc  # noqa: PLC0415

    console = Console(file=sys.stdout)
    title = plain(f"{receipt.user_id} is erased ({receipt.request_id})")
    removed = Table("store", "removed", title=title)
    for store, count in receipt.erased.items():
        removed.add_row(store, str(count) if isinstance(count, int) else f"stays: {count}")
    console.print(removed)
    held = Table("topic", "Kafka may hold records that name the user until")
    for topic, until_ms in receipt.held_until_ms.items():
        held.add_row(topic, "nobody can say" if until_ms is None else utc(until_ms))
    console.print(held)
