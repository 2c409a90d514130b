"""Media events: what an item shows and sounds like, made of its classes."""

import base64
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from streams.events import Media, Medium
from streams.generated.clips import make_clip
from streams.generated.pictures import make_picture
from streams.generated.places import make_place
from streams.generated.sounds import make_sound
from streams.generated.texts import make_text
from streams.generated.world import World, generator

Place = Callable[[str, bytes], Medium]
"""Puts a file of this name somewhere, and says where it is; is called by several threads."""

AHEAD_COUNT = 64
"""Items made at a time: bounds the memory, however large the world."""

FILE_MAKERS = MappingProxyType(
    {"image": (make_picture, "jpg"), "audio": (make_sound, "mp3"), "video": (make_clip, "mp4")}
)
"""The modalities that are files: what makes one, and its format."""


def inline(name: str, data: bytes) -> Medium:
    """The file inside the event."""
    return Medium(data=base64.b64encode(data).decode(), format=name.rpartition(".")[2])


def make_media(world: World, item: int, place: Place = inline) -> Media:
    """The media event of one item."""
    fields: dict[str, Any] = {}
    for column, modality in enumerate(world.recipe.modalities):
        if world.present[item, column]:
            rng = generator(world.recipe.seed, modality, item)
            fields |= _fields(rng, modality, int(world.classes[item, column]), world, item, place)
    return Media(item_id=world.item_id(item), timestamp_ms=int(world.arrives_ms[item]), **fields)


def media_events(world: World, place: Place = inline) -> Iterator[Media]:
    """The media events of all items in the order of time, made on all cores, a few ahead of what is asked for."""
    order = np.argsort(world.arrives_ms, kind="stable").tolist()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(order), AHEAD_COUNT):
            chunk = order[start : start + AHEAD_COUNT]
            yield from pool.map(partial(make_media, world, place=place), chunk)


def _fields(
    rng: np.random.Generator, modality: str, kind: int, world: World, item: int, place: Place
) -> dict[str, Any]:
    noise = world.recipe.noise
    if modality == "text":
        return make_text(rng, kind, noise)._asdict()
    if modality == "location":
        return {"location": make_place(rng, kind, noise)}
    make, suffix = FILE_MAKERS[modality]
    return {modality: place(f"{world.item_id(item)}.{suffix}", make(rng, kind, noise))}
