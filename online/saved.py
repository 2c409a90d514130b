"""What learners and statistics save: arrays and bytes by name, where what each part saved begins with its prefix."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

Saved = dict[str, np.ndarray | bytes]
Value = TypeVar("Value")


class CapacityError(ValueError):
    """More rows were saved than a catalogue has room for."""

    def __init__(self, needed: int, capacity: int) -> None:
        """Keeps how many there are."""
        super().__init__(f"the snapshot has {needed} rows, this catalogue has room for {capacity}")
        self.needed = needed


def as_part(prefix: str, saved: Mapping[str, Value]) -> dict[str, Value]:
    """What a part saved, by the names that it has among others."""
    return {prefix + name: value for name, value in saved.items()}


def part_of(saved: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """What `as_part` was given, found among others."""
    return {name.removeprefix(prefix): value for name, value in saved.items() if name.startswith(prefix)}


def arrays_of(saved: Mapping[str, np.ndarray | bytes], prefix: str) -> dict[str, np.ndarray]:
    """As `part_of`, of a part that saves arrays alone."""
    return {name: value for name, value in part_of(saved, prefix).items() if isinstance(value, np.ndarray)}
