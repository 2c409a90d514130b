from collections.abc import Sequence
from itertools import count
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder
from encoders.compression.comparing import ROUNDS, likeness, speed
from encoders.compression.folder import CompressionError
from encoders.modalities import Modality


class Turned(Encoder[float]):
    """An angle as a vector, turned further by `by`; takes so many seconds of a clock for each batch."""

    name = "turned"
    version = "1"
    modality: ClassVar[Modality] = "text"
    dim = 2

    def __init__(self, by: float, takes_s: float = 0.0) -> None:
        self.by, self.takes_s, self.now = by, takes_s, [0.0]

    def prepare(self, entry: object) -> float:
        if not isinstance(entry, float):
            message = "no angle"
            raise BadEntryError(message)
        return entry

    def embed(self, prepared: Sequence[float]) -> NDArray[np.float32]:
        self.now[0] += self.takes_s
        angles = np.array(prepared) + self.by
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


ANGLES = [0.0, 0.1, 0.2, 0.3, 3.0, 3.1, 3.2, 3.3]
CLASSES = ["east"] * 4 + ["west"] * 4


def test_cosines_are_those_of_the_angle_between() -> None:
    found = likeness(Turned(0.0), Turned(0.5), lambda: [*ANGLES, "none"])
    assert found.entries == len(ANGLES)
    assert found.mean_cosine == pytest.approx(np.cos(0.5), abs=1e-6)
    assert found.min_cosine == pytest.approx(np.cos(0.5), abs=1e-6)
    assert found.original_accuracy is found.compressed_accuracy is None


def test_accuracy_by_the_neighbours() -> None:
    class Blind(Turned):
        """Sees one thing in every entry of a batch, so each has the first ones as its neighbours."""

        def embed(self, prepared: Sequence[float]) -> NDArray[np.float32]:
            return super().embed([0.0] * len(prepared))

    found = likeness(Turned(0.0), Blind(0.0), lambda: ["none", *ANGLES], ["", *CLASSES])
    # Of five neighbours, three are of the entry's own class and two of the other.
    assert found.original_accuracy == 1.0
    # The first five others, whoever asks: four, or three of them, are east.
    assert found.compressed_accuracy == 0.5


@pytest.mark.parametrize(("angles", "classes"), [(ANGLES, ["one"] * 8), (ANGLES[:5], CLASSES[:5])])
def test_no_accuracy_of_one_class_or_too_few(angles: list[float], classes: list[str]) -> None:
    assert likeness(Turned(0.0), Turned(0.0), lambda: angles, classes).original_accuracy is None


def test_speed_is_of_rounds_in_turn() -> None:
    original, smaller = Turned(0.0, takes_s=2.0), Turned(0.0, takes_s=1.0)
    smaller.now = original.now
    found = speed(original, smaller, ["none", *ANGLES], clock=lambda: original.now[0])
    assert (found.original, found.compressed) == (4.0, 8.0)
    assert original.now[0] == 3.0 * (ROUNDS + 1)


def test_one_slow_round_does_not_count() -> None:
    reads = count()
    # Every reading a second after the one before, but once an hour: the first reading's end.
    found = speed(Turned(0.0), Turned(0.0), ANGLES, clock=lambda: (n := next(reads)) + 3600.0 * (n > 0))
    assert (found.original, found.compressed) == (8.0, 8.0)


def test_nothing_to_compare_on() -> None:
    expected = "none of 2 entries can be encoded; .*no angle"
    with pytest.raises(CompressionError, match=expected):
        likeness(Turned(0.0), Turned(0.0), lambda: [1, 2])
    with pytest.raises(CompressionError, match=expected):
        speed(Turned(0.0), Turned(0.0), [1, 2])
