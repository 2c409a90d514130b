"""Logs of lists whose best candidate is known by construction."""

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from online.catalogue import item_hash
from online.events import ListLog
from online.ranking.evidence import LEARNED, LOGGED
from online.ranking.features import REQUEST
from online.ranking.list_log import log_of

Floats = NDArray[np.float32]


def log_with(columns: dict[int, Floats], count: int) -> ListLog:
    """A list of candidates i0, i1, ... with these columns; the others are 0."""
    evidence = np.zeros((count, LEARNED), np.float32)
    for column, values in columns.items():
        evidence[:, column] = values
    means = evidence[:, :LOGGED].sum(axis=0) / np.float32(max(count, 1))
    request = np.zeros(len(REQUEST), np.float32)
    request[REQUEST.index("candidates")] = np.log1p(count)
    return log_of(hashes(count), evidence, means, request)


def with_head(log: ListLog, shares: Floats) -> ListLog:
    """The log of a list whose first items were i0, i1, ..., with these shares."""
    return replace(log, head=hashes(len(shares)).tobytes() + shares.astype(np.float32).tobytes())


def hashes(count: int) -> NDArray[np.uint32]:
    return np.array([item_hash(f"i{n}") for n in range(count)], np.uint32)


def random_log(rng: np.random.Generator, count: int) -> ListLog:
    """A list with noise in every column."""
    return log_with({c: rng.random(count, dtype=np.float32) for c in range(LEARNED)}, count)
