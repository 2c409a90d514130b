"""The snapshot of what is a count and a sum of each item, and of all of them.

In double precision: in single, one more is none beyond 2**24, and the sum would go on without its count.
"""

import numpy as np
from numpy.typing import NDArray

from online.statistics.base import used_end


def save_sums(sums: NDArray[np.float64], total: NDArray[np.float64]) -> dict[str, np.ndarray]:
    """[capacity, 2] up to the last row with a count, and [2]."""
    return {"sums": sums[: used_end(sums[:, 0])].copy(), "total": total.copy()}


def load_sums(saved: dict[str, np.ndarray], sums: NDArray[np.float64], total: NDArray[np.float64]) -> None:
    """Takes back what `save_sums` gave."""
    sums[:] = 0.0
    sums[: len(saved["sums"])] = saved["sums"]
    total[:] = saved["total"]
