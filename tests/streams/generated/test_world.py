import numpy as np
import pytest

from streams.generated.recipe import COLD_LIMIT
from streams.generated.world import (
    CLASSES,
    COLD_FROM,
    COLD_TO,
    POPULARITY_SD,
    SPAN_MS,
    START_MS,
    STYLES,
    TASTE_SD,
    chances,
    generator,
)
from tests.streams.generated.worlds import small_world


def test_purposes_and_indexes_have_their_own_randomness() -> None:
    draws = {
        generator(seed, purpose, index).random() for seed in (0, 1) for purpose in "ab" for index in (0, 1)
    }
    assert len(draws) == 8
    assert generator(3, "item", 5).random() == generator(3, "item", 5).random()


def test_an_item_does_not_depend_on_how_many_there_are() -> None:
    few, many = small_world(items=30), small_world(items=60)
    np.testing.assert_array_equal(few.classes, many.classes[:30])
    np.testing.assert_array_equal(few.popularity, many.popularity[:30])


def test_classes_are_independent_between_modalities() -> None:
    classes = small_world(items=4_000).classes
    for left in range(4):
        for right in range(left):
            table = np.zeros((CLASSES, CLASSES))
            np.add.at(table, (classes[:, left], classes[:, right]), 1)
            # 4,000 items in 64 cells of 62.5: five standard deviations.
            assert np.abs(table - 4_000 / CLASSES**2).max() < 5 * (4_000 / CLASSES**2) ** 0.5


def test_missing_is_the_share_of_media_that_are_not_there() -> None:
    assert small_world(missing=0.0).present.all()
    present = small_world(items=4_000, missing=0.3).present
    assert (~present).mean() == pytest.approx(0.3, abs=0.02)
    assert (small_world(items=400, missing=1.0).present.sum(axis=1) == 1).all()


def test_cold_items_come_late_and_the_others_before_the_stream() -> None:
    arrives_ms = small_world(items=100, cold=0.3).arrives_ms
    cold = arrives_ms >= START_MS
    assert cold.sum() == 30
    assert arrives_ms[cold].min() >= START_MS + COLD_FROM * SPAN_MS
    assert arrives_ms[cold].max() <= START_MS + COLD_TO * SPAN_MS
    assert len(set(arrives_ms[~cold].tolist())) == 70


@pytest.mark.parametrize("items", [2, 3, 4, 5])
def test_at_least_one_item_is_there_from_the_start(items: int) -> None:
    assert (small_world(items=items, cold=COLD_LIMIT).arrives_ms < START_MS).sum() == 1


def test_a_score_is_taste_by_class_weighted_by_share_and_popularity() -> None:
    world = small_world(modalities=("text", "image"), shares=(3.0, 1.0))
    taste = world.tastes[0, 4]
    expected = [
        TASTE_SD * (0.75**0.5 * taste[0, text] + 0.25**0.5 * taste[1, image]) + popularity
        for (text, image), popularity in zip(world.classes.tolist(), world.popularity.tolist(), strict=True)
    ]
    np.testing.assert_allclose(world.oracle_scores(4, START_MS), expected)


def test_the_spread_of_scores_does_not_depend_on_the_number_of_modalities() -> None:
    for modalities in (("text",), ("text", "image", "audio", "video", "location")):
        world = small_world(items=4_000, modalities=modalities, shares=(1.0,) * len(modalities))
        spreads = [world.oracle_scores(user, START_MS).std() for user in range(20)]
        assert np.mean(spreads) == pytest.approx(np.hypot(TASTE_SD, POPULARITY_SD), rel=0.05)


def test_a_modality_without_a_share_does_not_matter() -> None:
    world = small_world(modalities=("text", "image"), shares=(1.0, 0.0))
    scores = world.oracle_scores(0, START_MS) - world.popularity
    assert len(np.unique(scores.round(9))) == len(np.unique(world.classes[:, 0]))


def test_what_has_not_come_has_no_chance() -> None:
    world = small_world(cold=0.5)
    assert (world.oracle_scores(0, START_MS) == -np.inf).sum() == 30
    assert np.isfinite(world.oracle_scores(0, START_MS + SPAN_MS)).all()


def test_tastes_are_few_equally_strong_and_changed_by_drift_in_each_modality() -> None:
    tastes = small_world(users=200).tastes
    for modality in range(4):
        assert len(np.unique(tastes[:, :, modality].reshape(-1, CLASSES).round(9), axis=0)) == STYLES
    np.testing.assert_allclose(tastes.mean(axis=-1), 0.0, atol=1e-9)
    np.testing.assert_allclose(tastes.std(axis=-1), 1.0)
    # At right angles, which also means: never the same.
    np.testing.assert_allclose((tastes[0] * tastes[1]).sum(axis=-1), 0.0, atol=1e-9)


def test_drift_leads_from_the_first_taste_to_the_second() -> None:
    world = small_world(drift="abrupt")
    np.testing.assert_array_equal(world.taste(3, START_MS), world.tastes[0, 3])
    np.testing.assert_array_equal(world.taste(3, START_MS + SPAN_MS), world.tastes[1, 3])


def test_chances_are_softmax_mixed_with_uniform() -> None:
    scores = np.array([1000.0, 1000.0 + np.log(3.0), -np.inf])
    np.testing.assert_allclose(chances(scores, 0.0), [0.25, 0.75, 0.0])
    np.testing.assert_allclose(chances(scores, 1.0), [0.5, 0.5, 0.0])
    np.testing.assert_allclose(chances(scores, 0.5), [0.375, 0.625, 0.0])
