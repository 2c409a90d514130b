import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online.ranking.chances import AS_THEY_ARE, Platt

SHARES = np.array([1e-6, 0.01, 0.2, 0.5, 0.9], np.float32)


def test_shares_as_they_are_stay_what_they_are() -> None:
    np.testing.assert_allclose(AS_THEY_ARE.chances(SHARES), SHARES, rtol=1e-4, atol=1e-7)


def test_a_chance_is_the_logistic_of_a_line_in_the_shares_logit() -> None:
    # Odds of 1 : 4, raised to the second power and times e**1.
    odds = np.e * (1 / 4) ** 2
    assert Platt(1.0, 2.0).chances(SHARES)[2] == pytest.approx(odds / (1 + odds), rel=1e-5)


@given(st.floats(-20, 20), st.floats(0.1, 10))
def test_chances_are_in_the_order_of_shares_and_none_is_certain_without_cause(
    intercept: float, slope: float
) -> None:
    found = Platt(intercept, slope).chances(np.concatenate(([0], SHARES, [1])).astype(np.float32))
    assert (np.diff(found) >= 0).all()
    assert (found >= 0).all()
    assert (found <= 1).all()
