import numpy as np
import pytest

from online.evaluation.evaluate import Task, evaluate
from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.reliability import BINS, calibration_error
from online.evaluation.stream import stream_of
from online.evaluation.variants import ItemContent


def test_chances_that_come_true_are_without_error() -> None:
    chances = np.repeat(np.arange(BINS) / BINS, 10)
    had = np.concatenate([np.arange(10) < number for number in range(BINS)])
    assert calibration_error(chances, had) == pytest.approx(0)


def test_the_error_is_how_far_off_the_bins_are() -> None:
    # Half of the chances are .1 too high, the others .3 too low; over all, one error would hide part of the other.
    chances = np.repeat([0.4, 0.6], 100)
    had = np.concatenate((np.arange(100) % 10 < 3, np.arange(100) % 10 < 9))
    assert calibration_error(chances, had) == pytest.approx((0.1 + 0.3) / 2)


class Coin:
    """Says of two items that they are had at seven and at three of ten times, and takes them for equally good."""

    def recommend(self, view: UserView, k: int) -> Ranked:
        return Ranked(np.arange(2, dtype=np.int32), np.array([0.501, 0.499]), np.array([0.7, 0.3]))

    def learn(self, taken: Taken) -> None:
        pass


def test_a_methods_report_says_what_its_chances_and_what_its_scores_are_worth() -> None:
    items = ["first", "second", *np.random.default_rng(0).choice(["first", "second"], 4_000, p=[0.7, 0.3])]
    stream = stream_of(["u"] * len(items), items, np.arange(len(items)) * 60_000)
    task = Task(repeats="allow", ties="set", warm_up=0.0)
    reports = evaluate(
        stream,
        task,
        ["coin", "popularity"],
        ItemContent(),
        lambda: 0.0,
        lambda _name, _done: None,
        {"coin": Coin},
    )
    figures = reports["coin"]["overall"]
    assert figures["chance@10"] == pytest.approx(0.5)
    assert figures["had@10"] == pytest.approx(0.5)
    assert figures["ece@10"] == pytest.approx(0, abs=0.02)
    assert figures["ece_of_scores@10"] == pytest.approx(0.2, abs=0.02)
    assert "ece@10" not in reports["popularity"]["overall"]
