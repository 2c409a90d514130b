"""Small streams whose answer is known."""

import numpy as np

from online.evaluation.evaluate import Task, evaluate
from online.evaluation.report import Report
from online.evaluation.stream import Stream, stream_of
from online.evaluation.variants import ItemContent

BASELINES = [
    "popularity",
    "popularity_recent",
    "popularity_first_time",
    "personal",
    "transitions",
    "symmetric_graph",
    "item_knn",
    "mf_isgd",
    "tifu_knn",
    "river_mf",
    "implicit_als",
]


def run(stream: Stream, task: Task, methods: list[str]) -> dict[str, Report]:
    return evaluate(stream, task, methods, ItemContent(), lambda: 0.0, lambda _name, _done: None)


def cycle(users: int = 20, length: int = 40, items: int = 30) -> Stream:
    """Every user goes round the same circle of items, each from a place of its own, one step a minute."""
    rows = [(u, (u * 7 + step) % items, step * 60_000 + u) for step in range(length) for u in range(users)]
    return stream_of([f"u{u}" for u, _, _ in rows], [f"i{i}" for _, i, _ in rows], [t for _, _, t in rows])


def sittings(apart_s: int, users: int = 150, kinds: int = 4, items: int = 40, size: int = 12) -> Stream:
    """One user after the other takes random items of one kind, one a minute."""
    rng = np.random.default_rng(0)
    taken: list[str] = []
    for _ in range(users):
        kind, chosen = rng.integers(kinds), rng.choice(items, size, replace=False)
        taken += [f"{kind} {item}" for item in chosen]
    ids = [f"u{user}" for user in range(users) for _ in range(size)]
    times_ms = [(user * apart_s + step * 60) * 1_000 for user in range(users) for step in range(size)]
    return stream_of(ids, taken, times_ms)


def news(events: int = 6_000) -> Stream:
    """A new article every six minutes, which is read twenty times in all, half of them within an hour."""
    rng = np.random.default_rng(0)
    seconds = np.arange(events) * 20
    articles = np.maximum(seconds - rng.exponential(5_400, events).astype(np.int64), 0) // 360
    readers = rng.integers(0, 300, events)
    return stream_of([f"u{u}" for u in readers], [f"i{i}" for i in articles], seconds * 1_000)


def sorted_ties(seed: int, sessions: int = 400, items: int = 40, size: int = 8) -> Stream:
    """Each user takes random items in one moment; the file sorts them, so the next line is above this one."""
    rng = np.random.default_rng(seed)
    baskets = [np.sort(rng.choice(items, size, replace=False)) for _ in range(sessions)]
    users = [f"u{session}" for session in range(sessions) for _ in range(size)]
    taken = [f"i{item:02d}" for basket in baskets for item in basket]
    return stream_of(users, taken, [session * 1_000 for session in range(sessions) for _ in range(size)])


def permuted(stream: Stream, seed: int) -> Stream:
    order = np.random.default_rng(seed).permutation(stream.event_count)
    return stream_of(
        [stream.user_ids[u] for u in stream.users[order]],
        [stream.item_ids[i] for i in stream.items[order]],
        stream.timestamps_ms[order],
        stream.values[order],
    )


def random_baskets(seed: int, events: int = 300) -> Stream:
    rng = np.random.default_rng(seed)
    return stream_of(
        [f"u{u}" for u in rng.integers(0, 6, events)],
        [f"i{i}" for i in rng.geometric(0.15, events)],
        rng.integers(0, 60, events) * 3_600_000,
        rng.integers(1, 4, events).astype(float),
    )
