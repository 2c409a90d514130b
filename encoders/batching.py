"""Batches of a size that fits: what is too much for a device's memory is halved until it is not."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


class Batches:
    """Runs a network over any number of entries, so many at a time; remembers what did not fit."""

    def __init__(self, size: int) -> None:
        """Starts with batches of `size` entries."""
        self.size = size

    def run(
        self, entries: Sequence[Item], forward: Callable[[Sequence[Item]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """[n, dim]: `forward` of all entries, in their order.

        Raises:
            torch.OutOfMemoryError: Not even one entry fits.
        """
        parts: list[NDArray[np.float32]] = []
        start = 0
        while start < len(entries):
            batch = entries[start : start + self.size]
            try:
                parts.append(forward(batch))
            except torch.OutOfMemoryError:
                if len(batch) == 1:
                    raise
                self.size = len(batch) // 2
                logger.warning("the device has no memory for %d entries at once: %d", len(batch), self.size)
                torch.cuda.empty_cache()
            else:
                start += len(batch)
        return np.concatenate(parts)
