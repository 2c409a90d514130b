import numpy as np
import pytest

from encoders.gaussian import gaussian


def test_numbers_are_standard_normal_and_the_same_for_ever() -> None:
    numbers = gaussian(100, 200, 7)
    assert numbers.shape == (100, 200)
    assert numbers.mean() == pytest.approx(0, abs=0.02)
    assert numbers.std() == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(gaussian(1, 3, 7), [FIRST], rtol=1e-12)
    assert not np.allclose(gaussian(1, 3, 8), [FIRST])


FIRST = [0.15039823515226958, -0.14438709403072972, 0.4993904215846324]
