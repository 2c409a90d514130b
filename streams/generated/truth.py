"""The truth as a file, for whoever wants to compare lists with an oracle's."""

from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from encoders.modalities import Modality
from streams.generated.recipe import Recipe
from streams.generated.world import CLASSES, POPULARITY_SD, SPAN_MS, START_MS, TASTE_SD, World

SCORES = (
    "utility(user, item, time) = sum over modalities m of sqrt(share[m] / sum(shares)) * taste_sd "
    "* taste[user, m, time][class of item in m] + popularity[item]; "
    "taste[user, m, time] = a * first + b * second, where with progress p = (time - start_ms) / span_ms, "
    "drift none: a, b = 1, 0; abrupt: 1, 0 before p = .5, then 0, 1; gradual: cos(p * pi / 2), sin(p * pi / 2); "
    "recurring: 1, 0 where floor(6 p) is even, else 0, 1. "
    "A choice is softmax(utility) with probability 1 - noise, else uniform, over the items that have come "
    "and are not among the user's latest half of them."
)
"""What of the truth is not a table."""


class ItemTruth(Struct):
    """What an item is."""

    item_id: str
    classes: dict[Modality, int]
    """Also of modalities that it has no medium of."""
    media: list[Modality]
    popularity: float
    arrives_ms: int


class UserTruth(Struct):
    """What a user likes."""

    user_id: str
    activity: float
    first: dict[Modality, list[float]]
    """Taste by modality and class, before drift."""
    second: dict[Modality, list[float]]
    """What drift leads to."""


class Truth(Struct):
    """The file."""

    recipe: Recipe
    scores: str
    class_count: int
    taste_sd: float
    popularity_sd: float
    start_ms: int
    span_ms: int
    items: list[ItemTruth]
    users: list[UserTruth]


def write_truth(world: World, path: Path) -> None:
    """Writes all there is to know about a world.

    Raises:
        OSError: The file cannot be written.
    """
    names = world.recipe.modalities
    items = [
        ItemTruth(
            world.item_id(item),
            dict(zip(names, world.classes[item].tolist(), strict=True)),
            [name for name, there in zip(names, world.present[item].tolist(), strict=True) if there],
            float(world.popularity[item]),
            int(world.arrives_ms[item]),
        )
        for item in range(world.recipe.items)
    ]
    users = [
        UserTruth(
            world.user_id(user),
            float(world.activity[user]),
            *(dict(zip(names, taste[user].tolist(), strict=True)) for taste in world.tastes),
        )
        for user in range(world.recipe.users)
    ]
    truth = Truth(world.recipe, SCORES, CLASSES, TASTE_SD, POPULARITY_SD, START_MS, SPAN_MS, items, users)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1) + b"\n")


def read_truth(path: Path) -> World:
    """The world that `write_truth` wrote.

    Raises:
        OSError: The file cannot be read.
        msgspec.ValidationError: It is not such a file.
    """
    truth = msgspec.json.decode(path.read_bytes(), type=Truth)
    names = truth.recipe.modalities
    tastes = [
        [[taste[name] for name in names] for taste in (user.first, user.second)] for user in truth.users
    ]
    return World(
        recipe=truth.recipe,
        classes=np.array([[item.classes[name] for name in names] for item in truth.items]),
        present=np.array([[name in item.media for name in names] for item in truth.items]),
        popularity=np.array([item.popularity for item in truth.items]),
        arrives_ms=np.array([item.arrives_ms for item in truth.items]),
        tastes=np.array(tastes).swapaxes(0, 1),
        activity=np.array([user.activity for user in truth.users]),
    )
