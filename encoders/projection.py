"""Vectors made small enough to keep: a fixed projection to few dimensions, and half precision."""

import numpy as np
from numpy.typing import NDArray

from encoders.base import unit_rows
from encoders.gaussian import gaussian

DIMENSION_LIMIT = 384
"""Dimensions kept per modality."""
SEED = 20


class Projection:
    """Projects [n, dim] to [n, min(dim, limit)], of unit length. Fixed by its arguments and SEED alone.

    Where dim <= limit it is the identity. Otherwise its columns are an orthonormal basis of a random
    subspace, which keeps cosines to about 1 / sqrt(limit) (Johnson and Lindenstrauss, 1984; for orthonormal
    columns Dasgupta and Gupta, 2003).
    """

    def __init__(self, dim: int, limit: int = DIMENSION_LIMIT, variant: int = 0) -> None:
        """Makes the matrix; projections of different `variant` have nothing to do with each other."""
        if dim < 1 or limit < 1:
            message = f"expected at least one dimension, got dim={dim}, limit={limit}"
            raise ValueError(message)
        self.dim = min(dim, limit)
        self.input_dim = dim
        self.version = "identity" if dim <= limit else f"orthonormal-{dim}-{limit}-{SEED + variant}"
        self._matrix = None if dim <= limit else _orthonormal(dim, limit, SEED + variant)

    def project(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """[n, input_dim] -> [n, dim] float32, of unit length; a row of zeros stays zeros."""
        if vectors.ndim != 2 or vectors.shape[1] != self.input_dim:
            message = f"expected vectors of shape [n, {self.input_dim}], got {list(vectors.shape)}"
            raise ValueError(message)
        return unit_rows(vectors if self._matrix is None else vectors @ self._matrix)


def pack_half(vectors: NDArray[np.float32]) -> bytes:
    """Numbers of [n, dim] or [dim] as IEEE half precision, little-endian, row after row: 2 bytes each."""
    return vectors.astype("<f2").tobytes()


def unpack_half(data: bytes, dim: int) -> NDArray[np.float32]:
    """[n, dim] float32 from `pack_half`; lengths are off by up to .0005, so normalise where that matters.

    Raises:
        ValueError: The bytes are not a whole number of vectors.
    """
    if len(data) % (2 * dim):
        message = (
            f"expected a multiple of {2 * dim} bytes for half-precision vectors of {dim}, got {len(data)}"
        )
        raise ValueError(message)
    return unpack_one(data).reshape(-1, dim)


def unpack_one(data: bytes) -> NDArray[np.float32]:
    """[dim] float32 from `pack_half` of one vector; as `unpack_half`."""
    return np.frombuffer(data, "<f2").astype(np.float32)


def _orthonormal(dim: int, limit: int, seed: int) -> NDArray[np.float32]:
    basis, triangle = np.linalg.qr(gaussian(dim, limit, seed))
    # QR leaves each column's sign open; the same sign everywhere makes the basis the same on every machine.
    return np.asarray(basis * np.sign(np.diag(triangle)), np.float32)
