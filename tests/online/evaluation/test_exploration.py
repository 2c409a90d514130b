import numpy as np
import pytest

from online.evaluation.exploration import Policy, explore


def chances(good: float) -> np.ndarray:
    """Twenty items, two of which are good."""
    found = np.full((5, 20), 0.02)
    found[:, [4, 11]] = good
    return found


def test_the_bandit_finds_good_items_and_shows_them_while_greed_stays_with_what_it_took_first() -> None:
    runs = {policy: [explore(chances(0.3), 600, policy, seed) for seed in range(8)] for policy in policies()}
    found = {policy: np.mean([run.good_found for run in some]) for policy, some in runs.items()}
    taken = {policy: np.mean([run.taken for run in some]) for policy, some in runs.items()}
    assert found["thompson"] > max(found["random"], found["greedy"]) - 1e-9
    assert found["thompson"] > 0.9
    assert taken["thompson"] > 2 * taken["random"]


def policies() -> list[Policy]:
    return ["thompson", "greedy", "random"]


@pytest.mark.parametrize("policy", policies())
def test_the_same_seed_gives_the_same_run(policy: Policy) -> None:
    assert explore(chances(0.2), 100, policy, 3) == explore(chances(0.2), 100, policy, 3)
