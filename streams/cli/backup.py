"""`freshet backup` and `freshet restore`: a whole river in a folder, and from there into empty topics."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json

Url = Annotated[str, typer.Argument(metavar="FOLDER", help="A folder, or an fsspec URL (s3://…).")]


def backup(folder: Url, json_file: JsonFile = None) -> None:
    """Copy all topics, committed offsets and the newest snapshots to an empty folder, also while workers run.

    What is restored from it is what a crash at that moment would have left: nothing is lost, nothing counts twice.
    The folder holds what people did, as the topics do.
    """
    with _errors():
        from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
        from streams.backup.write import back_up  # noqa: PLC0415
        from streams.kafka import admin_client  # noqa: PLC0415
        from streams.topics import ensure  # noqa: PLC0415

        loaded = settings.load()
        admin = admin_client(loaded)
        ensure(admin, loaded)
        made = back_up(loaded, admin, folder)
        _show(f"{folder} holds", made.records, made.snapshots)
        if json_file is not None:
            write_json(json_file, made)


def restore(folder: Url, json_file: JsonFile = None) -> None:
    """Write a backup to topics and a store that are empty: of another cluster, or under another prefix.

    Missing topics are created. Start workers afterwards: they go on from where those of the backup had been.
    """
    with _errors():
        from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
        from streams.backup.restore import restore  # noqa: PLC0415
        from streams.kafka import admin_client  # noqa: PLC0415

        loaded = settings.load()
        restored = asyncio.run(restore(loaded, admin_client(loaded), folder))
        _show("restored", restored.records, restored.snapshots)
        if restored.is_log_old:
            typer.echo(
                "examples are older than Kafka keeps them and will be removed within minutes: start the learner now, "
                "so that a snapshot has what the restored one has not",
                err=True,
            )
        if json_file is not None:
            write_json(json_file, restored)


def _show(what: str, records: dict[str, int], snapshots: list[str]) -> None:
    counts = ", ".join(f"{count:,} {base}" for base, count in records.items() if count)
    typer.echo(f"{what} {counts or 'no record'}; {len(snapshots)} snapshots", err=True)


@contextmanager
def _errors() -> Iterator[None]:
    from streams.backup import BackupError  # noqa: PLC0415  # keeps `freshet --help` fast

    with one_line_errors(BackupError):
        yield
