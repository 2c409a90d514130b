"""A world as a folder of files: what `freshet produce` sends, what `freshet evaluate` reads, and the truth."""

import csv
import errno
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from streams.events import Interaction, Media, Medium
from streams.generated.behaviour import interactions
from streams.generated.media import Place, inline, media_events
from streams.generated.recipe import Recipe
from streams.generated.truth import write_truth
from streams.generated.world import make_world

MEDIA_FOLDER = "media"

Event = TypeVar("Event", Media, Interaction)

_encode = msgspec.json.Encoder().encode


class Track(Protocol):
    """Passes events on, and may watch them go by."""

    def __call__(self, events: Iterable[Event], count: int, kind: str, /) -> Iterable[Event]:
        """Of `count` events of this kind."""


def write_world(folder: Path, recipe: Recipe, track: Track, *, files: bool) -> None:
    """Makes a world and writes `media.jsonl`, `interactions.jsonl`, `items.csv`, `interactions.csv`, `truth.json`.

    Args:
        folder: Where to; made if it does not exist.
        recipe: What is made.
        track: Sees every event.
        files: Whether pictures, sounds and clips become files in the folder `media`, named by absolute `file:`
            addresses, rather than parts of the events.

    Raises:
        FileExistsError: There is something in the folder already.
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        msg = "expected an empty folder, or none yet"
        raise FileExistsError(errno.EEXIST, msg, str(folder))
    place = _in_files(folder / MEDIA_FOLDER) if files else inline
    world = make_world(recipe)
    write_truth(world, folder / "truth.json")
    _write(
        folder / "media.jsonl",
        track(media_events(world, place), recipe.items, "media"),
        folder / "items.csv",
        ("item_id", "title", "text"),
        _item_row,
    )
    _write(
        folder / "interactions.jsonl",
        track(interactions(world), recipe.events, "interactions"),
        folder / "interactions.csv",
        ("user_id", "item_id", "timestamp"),
        _interaction_row,
    )


def _write(
    lines: Path,
    events: Iterable[Event],
    table: Path,
    header: Iterable[str],
    row: Callable[[Event], Iterable[str]],
) -> None:
    """Each event as a line of JSON and as a row of the table."""
    with lines.open("wb") as json_file, table.open("w", encoding="utf-8", newline="") as csv_file:
        rows = csv.writer(csv_file, lineterminator="\n")
        rows.writerow(header)
        for event in events:
            json_file.write(_encode(event) + b"\n")
            rows.writerow(row(event))


def _item_row(media: Media) -> Iterable[str]:
    return (media.item_id, *(value if isinstance(value, str) else "" for value in (media.title, media.text)))


def _interaction_row(interaction: Interaction) -> Iterable[str]:
    moment = datetime.fromtimestamp((interaction.timestamp_ms or 0) / 1000, UTC)
    return interaction.user_id, interaction.item_id, moment.isoformat(timespec="milliseconds")


def _in_files(folder: Path) -> Place:
    folder.mkdir()

    def place(name: str, data: bytes) -> Medium:
        path = folder.absolute() / name
        path.write_bytes(data)
        return Medium(url=path.as_uri(), format=path.suffix[1:])

    return place
