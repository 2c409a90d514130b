"""Bots that push an item: into how many honest lists it gets, and what a defence costs honest users.

A share of the users are bots: after each of their ordinary events they also push one item that nobody else knows, so
every honest list that has it is the bots' doing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from online.evaluation.measures import Judged
from online.evaluation.replay import Delays, Replay
from online.evaluation.stream import BoolArray, Stream
from online.evaluation.timeline import Repeats, timeline
from online.evaluation.variants import FIXED, ItemContent, Setting, variant

PUSHED = "pushed"
"""Id of the item."""
WARM_UP = 0.2
PAUSE_MS = 1_000
"""Between an event and the push after it: sets of their own."""


@dataclass(frozen=True)
class Attack:
    """A stream with bots in it."""

    stream: Stream
    is_bot: BoolArray
    """[users]"""
    item: int
    """Code of the pushed item."""
    pushes: int
    """Events that push it."""


@dataclass(frozen=True)
class Harm:
    """What honest users got."""

    lists: int
    """Scored lists of honest users."""
    pushed_share: float
    """Of those lists, that had the pushed item in the first ten."""
    hr: float
    """HR@10 over what honest users did."""
    ndcg: float
    """NDCG@10, as `hr`."""


def poisoned(stream: Stream, share: float, pushes: int, seed: int, limit: int | None = None) -> Attack:
    """Turns users, drawn by lot, into bots.

    Args:
        stream: What users did, bots too; it stays in.
        share: Of the users, at least one of them.
        pushes: How often a bot pushes the item after each of its ordinary events; 0: never.
        seed: Draws the bots.
        limit: Only the first so many events, by time, before the bots' pushes.
    """
    order = np.argsort(stream.timestamps_ms, kind="stable")[:limit]
    users, times_ms = stream.users[order], stream.timestamps_ms[order]
    is_bot = _bots(len(stream.user_ids), share, seed)
    of_bots = np.repeat(np.flatnonzero(is_bot[users]), pushes)
    delays_ms = PAUSE_MS * (1 + np.arange(len(of_bots)) % max(pushes, 1))
    item_ids = sorted({*stream.item_ids, PUSHED})
    item = item_ids.index(PUSHED)
    moved = np.array([code + (code >= item) for code in range(len(stream.item_ids))], np.int32)
    made = replace(
        stream,
        users=np.concatenate((users, users[of_bots])),
        items=np.concatenate((moved[stream.items[order]], np.full(len(of_bots), item, np.int32))),
        timestamps_ms=np.concatenate((times_ms, times_ms[of_bots] + delays_ms)),
        values=np.concatenate((stream.values[order], np.ones(len(of_bots)))),
        item_ids=item_ids,
    )
    return Attack(made, is_bot, item, len(of_bots))


def _bots(users: int, share: float, seed: int) -> BoolArray:
    is_bot = np.zeros(users, np.bool_)
    is_bot[np.random.default_rng(seed).choice(users, max(1, round(share * users)), replace=False)] = True
    return is_bot


def harm_of(
    attack: Attack,
    name: str,
    repeats: Repeats,
    taught_days: float,
    clock: Callable[[], float],
    progress: Callable[[int], None],
) -> Harm:
    """Replays an attack with Freshet or one of its variants, and looks at honest users' lists only."""
    stream = attack.stream
    replayed = timeline(stream, "set", repeats, WARM_UP, 0)
    method = variant(name, stream, replayed, Setting(repeats, FIXED, 0, Delays(), taught_days), ItemContent())
    outcome = Replay(replayed, len(stream.item_ids), repeats, Delays(), clock).run(method, progress)
    is_honest = ~attack.is_bot[replayed.users[replayed.set_start[:-1]]]
    targets = np.flatnonzero(is_honest[replayed.set_of] & replayed.is_target)
    lists = np.unique(replayed.set_of[targets])
    has_it = (outcome.heads[lists] == attack.item).any(axis=1)
    judged = Judged.grouped(outcome.ranks[targets], replayed.set_of[targets])
    return Harm(len(lists), float(has_it.mean()), judged.hit_rate(10), judged.ndcg(10))
