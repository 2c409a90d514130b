from collections import defaultdict

import numpy as np
import pytest

from streams.events import Interaction
from streams.generated.behaviour import interactions
from streams.generated.media import media_events
from streams.generated.world import SPAN_MS, START_MS, World
from tests.streams.generated.worlds import place_of, small_world


def top_class_ratio(world: World, events: list[Interaction], taste: int) -> float:
    """How often users choose what, by one of their tastes, is their dearest class in the first modality."""
    dearest = world.tastes[taste, :, 0].argmax(axis=1)
    return float(
        np.mean([world.classes[place_of(e.item_id), 0] == dearest[place_of(e.user_id)] for e in events])
    )


def hit_ratios(world: World) -> tuple[float, float]:
    """HR@10 of the oracle and of popularity so far, over items that the user has not had."""
    counts = np.zeros(world.recipe.items)
    had: dict[int, list[int]] = defaultdict(list)
    hits = [0, 0]
    for event in interactions(world):
        user, item = place_of(event.user_id), place_of(event.item_id)
        for method, scores in enumerate((world.oracle_scores(user, event.timestamp_ms or 0), counts.copy())):
            scores[had[user]] = -np.inf
            hits[method] += item in np.argsort(-scores, kind="stable")[:10]
        counts[item] += 1
        had[user].append(item)
    return hits[0] / world.recipe.events, hits[1] / world.recipe.events


def test_events_are_in_the_order_of_time_within_the_span() -> None:
    times_ms = [event.timestamp_ms or 0 for event in interactions(small_world())]
    assert len(times_ms) == 1_000
    assert (np.diff(times_ms) > 0).all()
    assert times_ms[0] > START_MS
    assert times_ms[-1] <= START_MS + SPAN_MS
    # Spread over the whole of it.
    assert times_ms[500] == pytest.approx(START_MS + SPAN_MS / 2, abs=SPAN_MS / 10)


def test_event_ids_differ() -> None:
    assert len({event.event_id for event in interactions(small_world())}) == 1_000


def test_the_same_world_behaves_the_same_and_another_seed_does_not() -> None:
    events = list(interactions(small_world()))
    assert events == list(interactions(small_world()))
    assert events != list(interactions(small_world(seed=1)))


def test_users_choose_their_classes_far_more_often_than_chance() -> None:
    world = small_world(items=400, modalities=("text",), shares=(1.0,), noise=0.0)
    assert top_class_ratio(world, list(interactions(world)), 0) > 4 / 8


def test_noise_is_the_share_of_choices_that_know_no_taste() -> None:
    ratios = []
    for noise in (0.0, 0.5, 1.0):
        world = small_world(items=400, modalities=("text",), shares=(1.0,), noise=noise)
        ratios.append(top_class_ratio(world, list(interactions(world)), 0))
    assert ratios[2] == pytest.approx(1 / 8, abs=0.06)
    assert ratios[1] == pytest.approx((ratios[0] + ratios[2]) / 2, abs=0.08)


def test_drift_changes_what_is_chosen() -> None:
    world = small_world(items=400, modalities=("text",), shares=(1.0,), noise=0.0, drift="abrupt")
    events = list(interactions(world))
    halves = events[:400], events[600:]
    before, after = ([top_class_ratio(world, half, taste) for taste in (0, 1)] for half in halves)
    assert before[0] > before[1] + 0.3
    assert after[1] > after[0] + 0.3


def test_nobody_chooses_what_has_not_come() -> None:
    world = small_world(cold=0.5)
    chosen = set()
    for event in interactions(world):
        item = place_of(event.item_id)
        chosen.add(item)
        assert world.arrives_ms[item] < (event.timestamp_ms or 0)
    assert any(world.arrives_ms[item] >= START_MS for item in chosen)


def test_no_interaction_comes_before_its_items_media() -> None:
    world = small_world(cold=0.3, modalities=("text",), shares=(1.0,))
    came_ms = {event.item_id: event.timestamp_ms or 0 for event in media_events(world)}
    events = list(interactions(world))
    assert all(came_ms[event.item_id] <= (event.timestamp_ms or 0) for event in events)
    assert max(came_ms.values()) > (events[0].timestamp_ms or 0)


def test_nothing_is_chosen_again_before_half_of_what_is_there() -> None:
    latest: dict[str, list[str]] = defaultdict(list)
    again = 0
    for event in interactions(small_world(items=20)):
        mine = latest[event.user_id]
        assert event.item_id not in mine[-10:]
        again += event.item_id in mine
        mine.append(event.item_id)
    assert again


@pytest.mark.parametrize("cold", [0.0, 0.9])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_two_items_are_enough(noise: float, cold: float) -> None:
    events = list(interactions(small_world(items=2, events=50, noise=noise, cold=cold)))
    assert [event.item_id for event in events].count("item-0") in range(1, 50)
    assert {event.item_id for event in events} == {"item-0", "item-1"}


def test_the_oracle_is_far_better_than_popularity() -> None:
    oracle, popularity = hit_ratios(small_world(items=400, users=40, events=2_000))
    assert oracle > 0.4
    assert oracle > 3 * popularity
