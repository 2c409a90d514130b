"""What is kept of a list to learn from: a sample of its candidates, with their features as they were."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from online.catalogue import item_hash
from online.events import ListLog
from online.ranking.candidates import Best
from online.ranking.evidence import LEARNED, LOGGED
from online.ranking.features import REQUEST, features_of
from online.statistics.base import Floats

CANDIDATES = 128
"""Candidates of a list that are kept: those known to be had, and a sample of the others."""
HAD_LIMIT = CANDIDATES // 2
"""Of those that were had; beyond it they are left to the lot."""
HEAD = 10
"""So many of a list's first items are kept as they were served: what is shown has to be right of their chances."""
_HASH_BYTES, _COLUMN_BYTES, _MEAN_BYTES = 4, 2, 4


def log_of(
    hashes: NDArray[np.uint32], columns: Floats, means: Floats, request: Floats, listed: Best | None = None
) -> ListLog:
    """The log of a list with all of its candidates; see ListLog for the shapes. `listed`: its best by a network."""
    head = b""
    if listed is not None:
        head = hashes[listed.places[:HEAD]].tobytes() + listed.scores[:HEAD].astype(np.float32).tobytes()
    return ListLog(
        hashes.tobytes(), columns.astype(np.float16).tobytes(), means.tobytes(), request.tobytes(), head
    )


def is_readable(log: ListLog) -> bool:
    """Whether the log has this version's columns: while workers are updated, one may read what an older one wrote."""
    count = len(log.hashes) // _HASH_BYTES
    sizes = (len(log.columns), len(log.means), len(log.request))
    return sizes == (count * LEARNED * _COLUMN_BYTES, LOGGED * _MEAN_BYTES, len(REQUEST) * _MEAN_BYTES)


def features_of_log(log: ListLog) -> Floats:
    """[n, FEATURES] of the candidates that were kept."""
    columns = np.frombuffer(log.columns, np.float16).reshape(-1, LEARNED).astype(np.float32)
    means, request = np.frombuffer(log.means, np.float32), np.frombuffer(log.request, np.float32)
    return features_of(columns, np.zeros(len(columns), np.int32), means[None], request[None])


def had_of_log(log: ListLog, item_ids: Collection[str]) -> NDArray[np.bool_]:
    """[n] which of the candidates that were kept are among the items."""
    return _among(log.hashes, item_ids)


def head_of_log(log: ListLog, item_ids: Collection[str]) -> tuple[Floats, NDArray[np.bool_]]:
    """[k] shares of the list's first, best first, and [k] which of them are among the items."""
    half = len(log.head) // 2
    return np.frombuffer(log.head[half:], np.float32), _among(log.head[:half], item_ids)


def _among(hashes: bytes, item_ids: Collection[str]) -> NDArray[np.bool_]:
    wanted = np.array([item_hash(item_id) for item_id in item_ids], np.uint32)
    return np.isin(np.frombuffer(hashes, np.uint32), wanted)


def sampled(log: ListLog, item_ids: Collection[str], salt: int) -> ListLog:
    """At most CANDIDATES of the candidates: those among the items, and others by lot.

    The lot is drawn by hash, so that the same list gives the same sample; each salt gives another. An item that is
    had after this was made may be missing, never taken for one that was not had.
    """
    hashes = np.frombuffer(log.hashes, np.uint32)
    if len(hashes) <= CANDIDATES:
        return log
    chosen = np.flatnonzero(had_of_log(log, item_ids))[:HAD_LIMIT]
    others = np.delete(np.arange(len(hashes)), chosen)
    count = CANDIDATES - len(chosen)
    lot = _mixed(hashes[others] ^ np.uint32(salt & 0xFFFFFFFF))
    chosen = np.concatenate((chosen, others[np.argpartition(lot, count - 1)[:count]]))
    columns = np.frombuffer(log.columns, np.float16).reshape(-1, LEARNED)
    return ListLog(hashes[chosen].tobytes(), columns[chosen].tobytes(), log.means, log.request, log.head)


def _mixed(x: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The finaliser of MurmurHash3: every bit of the input moves every bit of the output."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))
