from dataclasses import asdict

import numpy as np
import pytest

from encoders.probes.errors import ProbeError
from encoders.probes.labels import chance_fit, label_fit

RNG = np.random.Generator(np.random.PCG64(3))


def bundles(count: int, size: int) -> np.ndarray:
    """`size` entries around each of `count` axes."""
    return np.repeat(np.eye(count, 8, dtype=np.float32), size, axis=0) + 0.01 * RNG.standard_normal(
        (count * size, 8)
    ).astype(np.float32)


def test_neighbours_with_the_very_same_labels_fit_by_every_measure() -> None:
    labels = [["war", "drama"]] * 5 + [["comedy"]] * 5
    assert set(asdict(label_fit(bundles(2, 5), labels, 4)).values()) == {1.0}


def test_neighbours_with_other_labels_fit_by_none() -> None:
    vectors = bundles(3, 2)
    labels = [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]
    assert set(asdict(label_fit(vectors, labels, 1)).values()) == {0.0}


def test_each_measure_on_neighbours_known_by_construction() -> None:
    # Four entries, each the neighbour of all others: what is left out is the only difference.
    labels = [["a", "b"], ["a", "b"], ["b", "c"], ["b"]]
    found = label_fit(np.ones((4, 2), np.float32), labels, 3)
    assert found.precision_at_1 == 1.0  # b for all
    assert found.first_shared == pytest.approx((1 / 3 + 1 / 3 + 2 / 3 * 0 + 1 / 3 + 1 / 3) / 4)
    assert found.any_shared == 1.0
    # Of the neighbours' labels: 4 of 5, 4 of 5, 3 of 5, 3 of 6.
    assert found.labels_fit == pytest.approx((4 / 5 + 4 / 5 + 3 / 5 + 3 / 6) / 4)
    # Voted: b alone for the first two (a has one vote of three), a and b for the others.
    assert found.jaccard == pytest.approx((1 / 2 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert found.micro_f1 == pytest.approx(2 * 4 / (6 + 7))


def test_of_equally_frequent_labels_the_nearer_ones_is_voted() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.1], [1.0, 0.9]], np.float32)
    assert label_fit(vectors, [["a"], ["a"], ["b"]], 2).precision_at_1 == pytest.approx(2 / 3)


def test_with_one_label_each_precision_is_accuracy() -> None:
    found = label_fit(bundles(4, 5), [[str(n // 5)] for n in range(20)], 3)
    assert found.precision_at_1 == found.first_voted == found.micro_f1 == 1.0


def test_chance_knows_nothing_and_stays_the_same() -> None:
    labels = [[str(n % 4)] for n in range(400)]
    found = chance_fit(labels, 5)
    assert found.first_shared == pytest.approx(0.25, abs=0.05)
    assert found == chance_fit(labels, 5)


def test_entries_need_labels() -> None:
    with pytest.raises(ProbeError, match="1 have none, the first is row 1"):
        label_fit(bundles(1, 3), [["a"], [], ["b"]], 1)
