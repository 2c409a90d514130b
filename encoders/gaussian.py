"""Standard normal numbers that stay the same for ever: encoders' versions stand for them."""

import numpy as np
from numpy.typing import NDArray


def gaussian(rows: int, columns: int, seed: int) -> NDArray[np.float64]:
    """[rows, columns] standard normal numbers, fixed by the arguments alone."""
    # numpy keeps a bit generator's stream for ever, but not what Generator.standard_normal makes of it
    # (NEP 19): hence Box and Muller (1958) by hand.
    raw = np.random.PCG64(seed).random_raw(2 * rows * columns)
    uniform = (np.asarray(raw >> np.uint64(11), np.float64) + 0.5) * 2.0**-53
    radius, angle = np.split(uniform, 2)
    normal = np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * angle)
    return np.asarray(normal.reshape(rows, columns), np.float64)
