"""A catalogue whose items are of one of a few kinds in each modality, and users who like one kind of each."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from online.events import Example, ExampleSet, Past
from online.fusion.learner import FusionLearner
from online.fusion.taste import Taste

KINDS = 4
ITEMS = 64
WIDTH = 16

Floats = NDArray[np.float32]


def kind_of(item: int, modality: str) -> int:
    return item % KINDS if modality == "text" else item // KINDS % KINDS


def media_of(item: int, *modalities: str) -> dict[str, Floats]:
    """Unit vectors near the centre of their kind, all with much in common."""
    rng = np.random.default_rng([item, 7])
    made = {}
    for modality in modalities:
        vector = rng.normal(0.0, 0.1, WIDTH) + 1.0
        vector[kind_of(item, modality)] += 2.0
        made[modality] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return made


def direction_of(taste: Taste, units: Floats) -> Floats:
    """[dim] of one user's history."""
    found: Floats = taste.directions(units, np.array([len(units)]))[0]
    return found


def fill(learner: FusionLearner, *modalities: str) -> None:
    for item in range(ITEMS):
        learner.put(f"i{item}", media_of(item, *modalities))


def example_set(history: list[int], item: int, action: str = "click", user: str = "u") -> ExampleSet:
    past = [Past(f"i{i}", place, "click") for place, i in enumerate(history)]
    example = Example(user, f"i{item}", action, 1.0, len(history), 0, 0, 0, 0, 0, None, None)
    return ExampleSet(user, len(history), past, [], [example])


def sets(likes: str, count: int, seed: int = 0) -> Iterator[ExampleSet]:
    """Users who take what is of the kind after that of what they had in one modality: similar is not liked."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        kind = int(rng.integers(KINDS))
        had = [i for i in rng.permutation(ITEMS).tolist() if kind_of(i, likes) == kind][:5]
        wanted = [i for i in range(ITEMS) if kind_of(i, likes) == (kind + 1) % KINDS]
        yield example_set(had, int(rng.choice(wanted)), user=f"u{number}")
