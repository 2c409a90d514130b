"""The order in which a stream is replayed, and what is a target: decided before any method runs.

The file's order never matters. Events with equal timestamps are ordered by a seeded hash of user, item and
timestamp: many data sets sort equal timestamps by item id, and a model would learn that.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from online.evaluation.jit import compiled
from online.evaluation.stream import BoolArray, FloatArray, IntArray, LongArray, Stream

Ties = Literal["set", "shuffle"]
Repeats = Literal["allow", "hide"]


@dataclass(frozen=True)
class Timeline:
    """Events in replay order, grouped into sets. A set is scored once and learned once.

    With ties "set" it holds all events of a user with one timestamp, with "shuffle" a single event.
    """

    users: IntArray
    """[events]."""
    items: IntArray
    """[events]."""
    values: FloatArray
    """[events]."""
    event_ms: LongArray
    """[events]; strictly rising within a user from set to set, so that serving code sees the sets as such."""
    set_of: LongArray
    """[events], the set's number."""
    set_start: LongArray
    """[sets + 1], places in the event arrays."""
    is_scored: BoolArray
    """[sets], false during the warm-up."""
    is_distinct: BoolArray
    """[events], the first event of its item within its set."""
    is_new: BoolArray
    """[events], whether the user had the item in no earlier set."""
    is_target: BoolArray
    """[events], what a scored list should have contained."""
    earlier_count: LongArray
    """[events], events of the item (by anybody) in sets before this one."""
    histories: "Histories"

    @property
    def set_count(self) -> int:
        """Number of sets."""
        return len(self.set_start) - 1


@dataclass(frozen=True)
class Histories:
    """All users' items one after another, each user's oldest first: any history is a slice.

    An item that a set holds twice is there once.
    """

    items: IntArray
    """[distinct events]."""
    set_ordinal: IntArray
    """[distinct events], how many sets of the same user came before the event's."""
    event: LongArray
    """[distinct events], the place in the timeline."""
    user_start: LongArray
    """[users + 1]."""
    end_before: LongArray
    """[sets], where the history of the set's user ends before the set."""


def timeline(
    stream: Stream, ties: Ties, repeats: Repeats, warm_up: float, seed: int, limit: int | None = None
) -> Timeline:
    """Orders and groups a stream.

    Args:
        stream: In any order.
        ties: Whether equal timestamps of a user form one set.
        repeats: With "hide", items that the user had are no targets.
        warm_up: Share that is learned and not scored: of time for sets, of events for "shuffle".
        seed: Decides the order of equal timestamps.
        limit: Only the first so many events, in replay order.
    """
    order = _replay_order(stream, ties, seed)[:limit]
    users, items = stream.users[order], stream.items[order]
    event_ms = stream.timestamps_ms[order]
    set_start = _set_starts(users, event_ms, ties)
    set_of = np.repeat(np.arange(len(set_start) - 1), np.diff(set_start))
    is_distinct, is_new, earlier_count = _facts(items, set_of, users, len(stream.item_ids))
    is_scored = _scored(event_ms[set_start[:-1]], ties, warm_up)
    is_target = is_distinct & is_scored[set_of]
    if repeats == "hide":
        is_target &= is_new
    if ties == "shuffle":
        event_ms = _spread(users, event_ms, len(stream.user_ids))
    return Timeline(
        users, items, stream.values[order], event_ms, set_of, set_start, is_scored,
        is_distinct, is_new, is_target, earlier_count,
        _histories(np.flatnonzero(is_distinct), users, items, set_of, len(stream.user_ids)),
    )  # fmt: skip


def _replay_order(stream: Stream, ties: Ties, seed: int) -> LongArray:
    user_hash = _id_hashes(stream.user_ids, seed)[stream.users]
    item_hash = _id_hashes(stream.item_ids, seed)[stream.items]
    of_visit = _mixed(user_hash ^ _mixed(stream.timestamps_ms.astype(np.uint64)))
    of_event = _mixed(of_visit ^ item_hash)
    keys = (stream.values, of_event, of_visit, stream.timestamps_ms)
    return np.lexsort(keys if ties == "set" else (stream.values, of_event, stream.timestamps_ms))


def _id_hashes(ids: list[str], seed: int) -> NDArray[np.uint64]:
    salt = seed.to_bytes(8, "little", signed=True)
    digests = b"".join(hashlib.blake2b(i.encode(), digest_size=8, salt=salt).digest() for i in ids)
    return np.frombuffer(digests, dtype=np.uint64)


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele et al., 2014): every bit of the input moves every bit of the output."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _set_starts(users: IntArray, event_ms: LongArray, ties: Ties) -> LongArray:
    if ties == "shuffle":
        return np.arange(len(users) + 1)
    changes = (users[1:] != users[:-1]) | (event_ms[1:] != event_ms[:-1])
    return np.concatenate(([0], np.flatnonzero(changes) + 1, [len(users)])).astype(np.int64)


def _scored(set_ms: LongArray, ties: Ties, warm_up: float) -> BoolArray:
    if ties == "shuffle":
        return np.arange(len(set_ms)) >= int(len(set_ms) * warm_up)
    first_ms, last_ms = int(set_ms[0]), int(set_ms[-1])
    return np.asarray(set_ms >= first_ms + (last_ms - first_ms) * warm_up)


def _facts(
    items: IntArray, set_of: LongArray, users: IntArray, item_count: int
) -> tuple[BoolArray, BoolArray, LongArray]:
    """Whether each event is distinct in its set and new to its user, and the item's events in earlier sets."""
    pair = users.astype(np.int64) * item_count + items
    by_pair = np.argsort(pair, kind="stable")
    same_pair = pair[by_pair][1:] == pair[by_pair][:-1]
    same_set = same_pair & (set_of[by_pair][1:] == set_of[by_pair][:-1])
    is_distinct, is_new = np.ones((2, len(items)), dtype=np.bool_)
    is_distinct[by_pair[1:]] = ~same_set
    first_set = np.minimum.reduceat(set_of[by_pair], np.flatnonzero(np.append(True, ~same_pair)))
    is_new[by_pair] = set_of[by_pair] == np.repeat(
        first_set, np.diff(np.flatnonzero(np.concatenate(([True], ~same_pair, [True]))))
    )
    return is_distinct, is_new, _earlier_counts(items, set_of, item_count)


@compiled
def _earlier_counts(items: IntArray, set_of: LongArray, item_count: int) -> LongArray:
    counts = np.zeros(item_count, dtype=np.int64)
    earlier = np.empty(len(items), dtype=np.int64)
    start = 0
    for place in range(len(items)):
        if set_of[place] != set_of[start]:
            for seen in range(start, place):
                counts[items[seen]] += 1
            start = place
        earlier[place] = counts[items[place]]
    return earlier


@compiled
def _spread(users: IntArray, event_ms: LongArray, user_count: int) -> LongArray:
    """Moves equal times of a user apart by a millisecond each, keeping the order."""
    last = np.full(user_count, -(2**62), dtype=np.int64)
    spread = np.empty_like(event_ms)
    for place in range(len(users)):
        spread[place] = max(event_ms[place], last[users[place]] + 1)
        last[users[place]] = spread[place]
    return spread


def _histories(
    distinct: LongArray, users: IntArray, items: IntArray, set_of: LongArray, user_count: int
) -> Histories:
    event = distinct[np.argsort(users[distinct], kind="stable")]
    owner, sets = users[event], set_of[event]
    user_start = np.searchsorted(owner, np.arange(user_count + 1))
    starts_set = np.append(True, sets[1:] != sets[:-1])
    sets_so_far = np.cumsum(starts_set) - 1
    # A user whose events the limit cut off owns no place: the clipped index is never read.
    ordinal = sets_so_far - sets_so_far[np.minimum(user_start[:-1], len(event) - 1)][owner]
    end_before = np.empty(set_of[-1] + 1, dtype=np.int64)
    end_before[sets[starts_set]] = np.flatnonzero(starts_set)
    return Histories(items[event], ordinal.astype(np.int32), event, user_start, end_before)
