import math
from unittest.mock import patch

import pytest
from dp_accounting import GaussianDpEvent, SelfComposedDpEvent
from dp_accounting.pld import PLDAccountant

from online.learning.privacy import STEPS_PER_USER, Accounts, Budget, epsilon_of


def normal(x: float) -> float:
    """The standard normal distribution function."""
    return (1 + math.erf(x / math.sqrt(2))) / 2


def test_one_step_costs_what_is_worked_out_by_hand() -> None:
    # Noise as large as what it hides, epsilon 1: normal(-.5) - e * normal(-1.5) = .30854 - 2.71828 * .06681 = .12694.
    assert epsilon_of(1.0, 0.12694) == pytest.approx(1.0, abs=1e-4)
    assert epsilon_of(0.0, 1e-6) == 0.0


@pytest.mark.parametrize("noise", [0.5, 2.0, 10.0])
def test_the_figure_solves_the_analytic_formula(noise: float) -> None:
    epsilon = epsilon_of(noise**-2, 1e-6)
    # Balle and Wang, 2018, theorem 8.
    delta = normal(0.5 / noise - epsilon * noise) - math.exp(epsilon) * normal(-0.5 / noise - epsilon * noise)
    assert delta == pytest.approx(1e-6, rel=1e-3)


@pytest.mark.parametrize("epsilon", [0.5, 8.0])
def test_all_steps_together_cost_the_budget_by_another_way_of_accounting(epsilon: float) -> None:
    budget = Budget(epsilon, 1e-5)
    accountant = PLDAccountant()
    accountant.compose(SelfComposedDpEvent(GaussianDpEvent(budget.noise()), STEPS_PER_USER))
    assert accountant.get_epsilon(budget.delta) == pytest.approx(epsilon, rel=0.01)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0, 100.0])
def test_nobody_spends_more_than_the_budget_and_everybody_can_spend_it(epsilon: float) -> None:
    accounts = Accounts(Budget(epsilon))
    steps = 0
    while accounts.has_room("a"):
        accounts.charge(["a", "b"] if steps == 0 else ["a"])
        steps += 1
        assert accounts.epsilon() <= epsilon
    assert steps == STEPS_PER_USER
    assert accounts.epsilon() == pytest.approx(epsilon)
    assert accounts.exhausted_ratio() == 0.5
    assert accounts.has_room("b")


def test_what_is_spent_stays_spent_under_another_budget() -> None:
    accounts = Accounts(Budget(4.0))
    while accounts.has_room("a"):
        accounts.charge(["a"])
    accounts.charge(["b"])
    same, smaller, larger = Accounts(Budget(4.0)), Accounts(Budget(1.0)), Accounts(Budget(8.0))
    for other in (same, smaller, larger):
        other.load(accounts.save())
        assert other.epsilon() == pytest.approx(4.0)
    assert [other.has_room("a") for other in (same, smaller, larger)] == [False, False, True]
    assert [other.has_room("b") for other in (same, smaller, larger)] == [True, False, True]
    while larger.has_room("a"):
        larger.charge(["a"])
    assert 7 < larger.epsilon() <= 8


def test_who_is_forgotten_has_no_account() -> None:
    accounts = Accounts(Budget(1.0))
    accounts.charge(["a", "b"])
    accounts.forget(["a", "nobody"])
    assert (accounts.holds("a"), accounts.holds("b")) == (False, True)
    assert len(accounts.save()["users"]) == 1


def test_where_no_account_can_be_opened_any_more_those_that_are_open_go_on() -> None:
    accounts = Accounts(Budget(1.0))
    with patch("online.learning.privacy.CAPACITY", 2):
        accounts.charge(["a", "b"])
        assert [accounts.has_room(user_id) for user_id in "abc"] == [True, True, False]
