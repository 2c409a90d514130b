"""Whether the default encoders tell the classes apart: without that, nothing could be learned from media."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from encoders.modalities import Modality
from encoders.registry import load
from streams.generated.clips import make_clip
from streams.generated.pictures import make_picture
from streams.generated.places import make_place
from streams.generated.sounds import make_sound
from streams.generated.texts import make_text
from streams.generated.world import CLASSES, generator

ITEMS = 6 * CLASSES
NOISE = 0.1

Make = Callable[[np.random.Generator, int], object]


def place(rng: np.random.Generator, kind: int) -> object:
    found = make_place(rng, kind, NOISE)
    return found.lat, found.lon


DEFAULTS: Mapping[Modality, tuple[str, Make]] = {
    "text": ("minilm", lambda rng, kind: " ".join(make_text(rng, kind, NOISE))),
    "image": ("efficientnet", lambda rng, kind: make_picture(rng, kind, NOISE)),
    "audio": ("speech", lambda rng, kind: make_sound(rng, kind, NOISE)),
    "video": ("frames", lambda rng, kind: make_clip(rng, kind, NOISE)),
    "location": ("sphere", place),
}


@pytest.mark.parametrize("modality", DEFAULTS)
def test_an_items_nearest_neighbour_is_of_its_class(modality: Modality) -> None:
    name, make = DEFAULTS[modality]
    kinds = np.arange(ITEMS) % CLASSES
    made = [make(generator(9, modality, item), int(kind)) for item, kind in enumerate(kinds)]
    encoded = load(modality, name, "cpu").encode(made)
    assert encoded.errors == {}
    likeness = encoded.vectors @ encoded.vectors.T - 2 * np.eye(ITEMS)
    assert (kinds[likeness.argmax(axis=1)] == kinds).mean() >= 0.8
