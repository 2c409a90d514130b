"""A generated world's folder as a stream for the evaluator."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from encoders.modalities import MODALITY_BITS
from online.evaluation.loading import Columns, read_items, read_stream
from online.evaluation.stream import Raw, Stream
from online.evaluation.tables import InputError
from streams.events import Location, Media, Medium

COLUMNS = Columns("user_id", "item_id", "timestamp")


def read_stream_of_world(folder: Path) -> Stream:
    """The interactions of a world, and its items with all of their media.

    Raises:
        InputError: It is not a folder that `freshet generate` wrote.
        OSError: A file cannot be read.
    """
    catalogue = read_items(folder / "items.csv", COLUMNS.item_id, ["title", "text"], None, None)
    decoder = msgspec.json.Decoder(Media)
    with (folder / "media.jsonl").open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                media = decoder.decode(line)
            except msgspec.DecodeError as exc:
                msg = f"{lines.name}, line {number}: {exc}"
                raise InputError(msg) from None
            catalogue[media.item_id] = replace(
                catalogue[media.item_id], media=dict(_media(media)), arrives_ms=media.timestamp_ms or 0
            )
    return read_stream(folder / "interactions.csv", COLUMNS, "ms", catalogue)


def _media(media: Media) -> Iterator[tuple[str, Raw]]:
    for modality in MODALITY_BITS:
        medium = getattr(media, modality)
        if isinstance(medium, Medium):
            yield modality, _read(medium)
        elif isinstance(medium, Location):
            yield modality, (medium.lat, medium.lon)


def _read(medium: Medium) -> bytes:
    if isinstance(medium.data, str):
        return base64.b64decode(medium.data)
    return Path(unquote(urlsplit(str(medium.url)).path)).read_bytes()
