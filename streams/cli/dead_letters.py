"""`freshet dead-letters`: which events were refused, and why."""

import asyncio
import sys
from base64 import b64decode
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile

if TYPE_CHECKING:
    from streams.events import DeadLetter
    from streams.letter_reader import Show

Topic = Literal["interactions", "media", "requests", "erasures"]
"""Those with events that are refused."""


def dead_letters(
    last: Annotated[int, typer.Option(min=1, help="How many of those that are there, the newest.")] = 20,
    since: Annotated[
        float | None,
        typer.Option(
            metavar="MINUTES", min=0.1, help="How far back is read; default: as far as they are kept."
        ),
    ] = None,
    topic: Annotated[Topic | None, typer.Option(help="Only events of this topic.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new ones until Ctrl-C.")] = False,
    content: Annotated[
        bool, typer.Option("--content", help="Show what was refused, too: it may say who did what.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Show the events that were refused last: when, where they lie, and which field is wrong in what way.

    `freshet trace` takes an interaction's place. As JSON, each is written as it is in the topic, one a line; without
    --content as where events are not to be kept: no key, no hash, no value. What reasons quote stays.
    """
    with one_line_errors():
        try:
            count = _show(last, since, topic, follow, content, json_file)
        except KeyboardInterrupt:
            raise typer.Exit(0 if follow else 130) from None
    if not count:
        typer.echo("freshet: no event was refused, as far as was looked", err=True)


def _show(
    last: int, since: float | None, topic: Topic | None, follow: bool, content: bool, json_file: str | None
) -> int:
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.clock import now_ms  # noqa: PLC0415
    from streams.letter_reader import Query, read_letters  # noqa: PLC0415

    loaded = settings.load()
    since_ms = None if since is None else now_ms() - int(since * 60_000)
    with ExitStack() as stack:
        shows: list[Show] = []
        if json_file != "-":
            shows.append(_lines(content))
        if json_file is not None:
            file = sys.stdout.buffer if json_file == "-" else stack.enter_context(Path(json_file).open("wb"))
            shows.append(_json_lines(file, content))

        def show(letter: "DeadLetter") -> None:
            for each in shows:
                each(letter)

        return asyncio.run(read_letters(loaded, Query(last, since_ms, topic, follow), show))


def _json_lines(out: BinaryIO, content: bool) -> "Show":
    import msgspec  # noqa: PLC0415  # keeps `freshet --help` fast

    def show(letter: "DeadLetter") -> None:
        if not content:
            left_out = {"key": None, "value_b64": "", "truncated": True, "sha256": ""}
            letter = msgspec.structs.replace(letter, **left_out)
        out.write(msgspec.json.encode(letter) + b"\n")
        out.flush()

    return show


def _lines(content: bool) -> "Show":
    from streams.cli.list_table import plain  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.cli.times import local  # noqa: PLC0415
    from streams.dead_letters import place  # noqa: PLC0415

    def show(letter: "DeadLetter") -> None:
        said = [f"{local(letter.timestamp_ms)} {place(letter)} {letter.error}"]
        if content:
            value = b64decode(letter.value_b64).decode(errors="replace")
            key = "" if letter.key is None else f"key {letter.key}: "
            said.append(f"  {key}{value}{' … (not all of it)' if letter.truncated else ''}")
        for line in said:
            typer.echo(plain(line).plain)

    return show
