import random

import pytest

from online.arms import BUCKETS, ArmHits, Arms

SHARES = {"control": 3.0, "varied": 1.0}


def test_users_are_split_by_their_shares_and_always_the_same() -> None:
    arms = Arms(SHARES)
    found = [arms.arm_of(f"user-{number}") for number in range(4_000)]
    assert found.count("varied") / len(found) == pytest.approx(0.25, abs=0.03)
    assert found == [Arms(SHARES).arm_of(f"user-{number}") for number in range(4_000)]
    assert Arms({}).arm_of("anybody") == "default"


def test_another_comparison_splits_users_anew() -> None:
    first, second = Arms({"a": 1, "b": 1}), Arms({"a": 1, "c": 1})
    both = [(first.arm_of(f"u{n}") == "a", second.arm_of(f"u{n}") == "a") for n in range(2_000)]
    assert sum(one == other for one, other in both) / len(both) == pytest.approx(0.5, abs=0.05)


def test_the_interval_covers_the_truth_although_users_differ() -> None:
    rng, covered, trials = random.Random(5), 0, 200
    for trial in range(trials):
        hits = ArmHits(Arms({"only": 1}))
        for user in range(300):
            taste = rng.choice((0.1, 0.5))  # a user's sets are alike
            for _ in range(5):
                hits.score(f"{trial}-{user}", is_hit=rng.random() < taste)
        result = hits.results()[0]
        covered += abs(result.hit_ratio - 0.3) <= result.half_width
    assert 0.88 <= covered / trials <= 0.99
    assert BUCKETS > 30


def test_counts_go_on_for_the_same_arms_only() -> None:
    before = ArmHits(Arms(SHARES))
    for number in range(100):
        before.score(f"u{number}", is_hit=number % 4 == 0)
    same, other = ArmHits(Arms(SHARES)), ArmHits(Arms({"control": 1, "bold": 1}))
    same.load(before.save())
    other.load(before.save())
    assert same.results() == before.results()
    assert [result.sets for result in other.results()] == [0, 0]
