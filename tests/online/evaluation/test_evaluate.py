"""The whole evaluator on streams whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online.evaluation.evaluate import DEFAULT_METHODS, Task, chosen_methods
from online.evaluation.replay import Delays
from online.evaluation.report import Report
from online.evaluation.stream import ItemText, stream_of
from online.evaluation.tables import InputError
from tests.online.evaluation.streams import (
    BASELINES,
    cycle,
    news,
    permuted,
    random_baskets,
    run,
    sittings,
    sorted_ties,
)

DAY_MS = 86_400_000


def without_speed(report: Report) -> Report:
    return {
        name: {k: v for k, v in figures.items() if k != "events_per_s"} for name, figures in report.items()
    }


def test_the_forward_graph_is_worth_its_place_where_one_thing_follows_another() -> None:
    methods = ["freshet", "freshet_without_sequence"]
    reports = run(cycle(users=60), Task(repeats="allow"), methods)
    with_it, without = (reports[method]["overall"]["ndcg@10"] for method in methods)
    assert with_it > 0.9
    assert without < with_it - 0.04


def test_a_stream_of_a_few_users_a_month_is_learned_as_well_as_one_of_a_few_an_hour() -> None:
    task = Task(repeats="hide")
    quick, slow = (
        run(sittings(apart_s), task, ["freshet"])["freshet"]["overall"]["hr@10"]
        for apart_s in (1_000, 10 * 86_400)
    )
    assert quick > 0.2
    assert slow > quick - 0.02


def test_news_are_found_while_they_are_news() -> None:
    """Who knew when articles come would list the ten newest, and hit about half of what is read."""
    methods = ["freshet", "popularity_recent", "symmetric_graph"]
    figures = run(news(), Task(repeats="hide"), methods)
    hit_rate = {method: figures[method]["overall"]["hr@10"] for method in methods}
    assert hit_rate["freshet"] > 0.37
    assert max(hit_rate["popularity_recent"], hit_rate["symmetric_graph"]) < 0.1


def test_what_stands_is_worth_less_and_refreshed_nearly_as_much_as_what_is_made_at_once() -> None:
    """Everybody comes every third day, and has the day's item: at the last visit nobody knew it."""
    rng = np.random.default_rng(0)
    rows = [
        (user, day, int(day * DAY_MS + rng.integers(DAY_MS)))
        for day in range(45)
        for user in range(day % 3, 60, 3)
    ]
    stream = stream_of([f"u{u}" for u, _, _ in rows], [f"i{d}" for _, d, _ in rows], [t for *_, t in rows])
    figures = run(stream, Task(repeats="hide"), ["freshet", "freshet_refreshed", "freshet_standing"])
    at_once, refreshed, standing = (figures[name]["overall"]["hr@10"] for name in figures)
    assert standing < 0.1 < refreshed - 0.2
    assert refreshed < at_once


def test_transitions_know_the_next_step_of_a_circle() -> None:
    figures = run(cycle(), Task(), ["transitions", "popularity"])
    assert figures["transitions"]["overall"]["mrr"] > 0.95
    assert figures["popularity"]["overall"]["mrr"] < 0.5


def test_personal_knows_who_always_takes_the_same() -> None:
    rows = [(user, step * 1_000 + user) for step in range(30) for user in range(25)]
    stream = stream_of([f"u{u}" for u, _ in rows], [f"i{u}" for u, _ in rows], [t for _, t in rows])
    figures = run(stream, Task(), ["personal", "popularity"])
    assert figures["personal"]["overall"]["hr@10"] == 1.0
    assert figures["personal"]["overall"]["ndcg@10"] == 1.0
    assert figures["popularity"]["overall"]["hr@10"] < 0.6


@pytest.mark.parametrize("method", ["transitions", "symmetric_graph", "freshet"])
def test_the_file_order_of_equal_timestamps_tells_nothing(method: str) -> None:
    """In file order the next item is always a higher one: who could see it would reach nearly twice chance."""
    task = Task(repeats="hide", ties="shuffle")
    figures = run(sorted_ties(seed=1), task, [method])[method]["overall"]
    mean_left = float(np.mean([10 / (40 - had) for had in range(8)]))
    assert figures["hr@10"] == pytest.approx(mean_left, abs=0.04)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
@pytest.mark.parametrize("repeats", ["allow", "hide"])
def test_a_permuted_file_gives_the_same_figures(repeats: str, seed: int) -> None:
    task = Task(repeats="hide" if repeats == "hide" else "allow")
    stream = random_baskets(seed)
    before, after = (run(s, task, BASELINES) for s in (stream, permuted(stream, seed)))
    for method in BASELINES:
        assert without_speed(before[method]) == without_speed(after[method])


def test_late_weights_and_a_late_history_both_cost() -> None:
    stream = cycle()
    fresh, late_weights, late_history = (
        run(stream, Task(delays=delays), ["transitions"])["transitions"]["overall"]["mrr"]
        for delays in (Delays(), Delays(weights_events=400), Delays(history_events=60))
    )
    assert late_weights < fresh
    assert late_history < fresh


def test_an_item_never_seen_is_a_miss() -> None:
    stream = stream_of(["a"] * 12, [f"i{n}" for n in range(12)], list(range(12)))
    for figures in run(stream, Task(), BASELINES).values():
        assert figures["overall"]["hr@100"] == 0.0
        assert figures["cold_items"]["targets"] == figures["overall"]["targets"]


def test_every_slice_adds_up() -> None:
    report = run(random_baskets(3), Task(), ["personal"])["personal"]
    for kind in ("history", "basket"):
        parts = [figures["lists"] for name, figures in report.items() if name.startswith(kind)]
        assert sum(parts) == report["overall"]["lists"]


def test_cold_items_are_also_ranked_among_themselves() -> None:
    """A hundred favourites of everybody keep the newest item out of the list, but not out of the cold ones'."""
    rng = np.random.default_rng(0)
    rows = [(f"u{n}", f"i{i:03d}", n * 1_000) for n in range(60) for i in rng.permutation(120)]
    rows += [("x", "new", 60_000), ("y", "new", 61_000), ("z", "new", 62_000)]
    stream = stream_of([u for u, _, _ in rows], [i for _, i, _ in rows], [t for _, _, t in rows])
    cold = run(stream, Task(), ["popularity"])["popularity"]["cold_items"]
    assert cold["hr@10"] == 0.0
    assert cold["among_cold_hr@10"] == pytest.approx(2 / 3)


def test_modality_slices_follow_the_catalogue() -> None:
    catalogue = {"i1": ItemText(text="words"), "i2": ItemText(text="words", media={"image": b"picture"})}
    stream = stream_of(["a"] * 9, ["i1", "i2", "i3"] * 3, list(range(9)), catalogue=catalogue)
    report = run(stream, Task(), ["popularity"])["popularity"]
    assert {name for name in report if name.startswith("modality")} == {
        "modality_text", "modality_text+image", "modality_none",
    }  # fmt: skip


def test_methods_are_chosen_by_name() -> None:
    assert chosen_methods("transitions, freshet") == ["transitions", "freshet"]
    assert chosen_methods("implicit_als,river_mf") == ["implicit_als", "river_mf"]
    with pytest.raises(InputError, match="'nonsense' is unknown; known are freshet, popularity"):
        chosen_methods("nonsense")


def test_what_needs_a_package_of_its_own_runs_only_by_name() -> None:
    assert chosen_methods("") == list(DEFAULT_METHODS)
    assert set(BASELINES) - set(DEFAULT_METHODS) == {"implicit_als"}


@pytest.mark.parametrize(("method", "package"), [("implicit_als", "implicit")])
def test_a_missing_package_is_named_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, method: str, package: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(InputError, match=f"{method} needs the package {package}; try: pip install {package}"):
        chosen_methods(f"freshet,{method}")
