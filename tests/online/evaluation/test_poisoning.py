import numpy as np

from online.evaluation.poisoning import PUSHED, Harm, harm_of, poisoned
from online.evaluation.stream import Stream, stream_of
from online.evaluation.variants import FRESHET, TAUGHT_SELDOM


def circles(users: int = 120, length: int = 14, items: int = 60) -> Stream:
    """Every user goes some way round the same circle of items, with a leap now and then."""
    rng = np.random.default_rng(1)
    rows = []
    for user in range(users):
        item = int(rng.integers(items))
        for step in range(length):
            rows.append((f"u{user:03d}", f"i{item:02d}", step * 3_600_000 + user * 1_000_000))
            item = int(rng.integers(items)) if rng.random() < 0.3 else (item + 1) % items
    users_, items_, times = zip(*rows, strict=True)
    return stream_of(users_, items_, times)


def test_bots_push_after_each_of_their_events_and_everything_else_stays() -> None:
    stream = circles()
    attack = poisoned(stream, 0.05, 2, seed=3)
    assert attack.is_bot.sum() == 6
    assert attack.pushes == 2 * 6 * 14 == attack.stream.event_count - stream.event_count
    pushed = attack.stream.items == attack.item
    assert attack.stream.item_ids[attack.item] == PUSHED
    assert set(attack.stream.users[pushed].tolist()) == set(np.flatnonzero(attack.is_bot).tolist())
    assert sorted(attack.stream.item_ids[i] for i in attack.stream.items[~pushed]) == sorted(
        stream.item_ids[i] for i in stream.items
    )
    assert poisoned(stream, 0.05, 2, seed=3).stream.digest() == attack.stream.digest()


def test_only_so_many_events_are_there_before_the_pushes() -> None:
    attack = poisoned(circles(), 0.05, 0, seed=3, limit=100)
    assert (attack.stream.event_count, attack.pushes) == (100, 0)


def test_an_item_of_a_user_that_counts_once_a_week_stays_out_of_honest_lists_at_no_cost() -> None:
    def harm(pushes: int, method: str) -> Harm:
        attack = poisoned(circles(), 0.03, pushes, seed=0)
        return harm_of(attack, method, "allow", 7.0, lambda: 0.0, lambda _: None)

    undefended, defended = harm(3, FRESHET), harm(3, TAUGHT_SELDOM)
    assert undefended.lists == defended.lists
    assert undefended.pushed_share > 3 * defended.pushed_share
    assert harm(0, FRESHET).pushed_share == 0
    # Nobody here has the same item twice within hours but by chance.
    assert harm(0, TAUGHT_SELDOM).hr > 0.98 * harm(0, FRESHET).hr
