import numpy as np
import pytest
from msgspec import structs

from online.events import Example, ExampleSet, Past
from online.fusion.examples import Drawn
from online.fusion.fusions import Kind
from online.fusion.learner import RAMP_STEPS, STEP_EXAMPLES, FusionConfig, FusionLearner
from online.fusion.model import Model
from online.fusion.own import HALF_BELIEVED
from online.fusion.step import Compared, Gradients, gradients
from online.fusion.tower import Vectors
from online.statistics.base import Floats, Rows
from tests.online.fusion.made import ITEMS, KINDS, direction_of, example_set, fill, kind_of, media_of, sets

SMALL = FusionConfig(capacity=256, replayed=16, negatives=16, dim=32)
STEPS = RAMP_STEPS + 150


def taught(config: FusionConfig = SMALL, likes: str = "image") -> FusionLearner:
    learner = FusionLearner(config)
    fill(learner, "text", "image")
    for example in sets(likes, STEPS * STEP_EXAMPLES):
        learner.learn(example)
    return learner


def served(learner: FusionLearner) -> dict[str, Floats]:
    """All vectors, from now on as learned."""
    return {item_id: vector for vectors in learner.advance() for item_id, vector in vectors.items()}


@pytest.fixture(scope="module")
def saved() -> dict[str, np.ndarray]:
    return taught().save()


@pytest.fixture
def learner(saved: dict[str, np.ndarray]) -> FusionLearner:
    made = FusionLearner(SMALL)
    assert made.load(saved)
    fill(made, "text", "image")
    return made


def hit_ratio(learner: FusionLearner, likes: str) -> float:
    """How many of the quarter of the items that come first are what is wanted, of kinds that nobody had yet."""
    vectors, taste = served(learner), learner.taste()
    assert taste is not None
    hits = []
    for kind in range(KINDS):
        had = [i for i in range(ITEMS) if kind_of(i, likes) == kind][:5]
        direction = direction_of(taste, np.stack([vectors[f"i{i}"] for i in had]))
        best = sorted(range(ITEMS), key=lambda i: -float(vectors[f"i{i}"] @ direction))[: ITEMS // KINDS]
        hits += [kind_of(i, likes) == (kind + 1) % KINDS for i in best]
    return float(np.mean(hits))


@pytest.mark.parametrize("kind", ["concatenation", "weighted_mean", "attention"])
def test_what_is_liked_is_learned_though_it_is_not_what_was_had(kind: Kind) -> None:
    config = FusionConfig(kind=kind, capacity=256, replayed=16, negatives=16, dim=32)
    assert hit_ratio(taught(config), "image") >= 0.55  # by lot .25


def test_how_far_items_own_parts_are_believed_is_learned_and_kept(learner: FusionLearner) -> None:
    assert learner._own.half_believed != HALF_BELIEVED
    other = FusionLearner(SMALL)
    assert other.load(learner.save())
    assert other._own.half_believed == learner._own.half_believed


def test_a_new_item_has_its_vector_at_once_and_is_liked_for_what_it_is_made_of(
    learner: FusionLearner,
) -> None:
    vectors, taste = served(learner), learner.taste()
    assert taste is not None
    new = learner.put("new", media_of(5, "image"))
    assert new is not None
    kind = kind_of(5, "image")
    had = [i for i in range(ITEMS) if (kind_of(i, "image") + 1) % KINDS == kind][:5]
    direction = direction_of(taste, np.stack([vectors[f"i{i}"] for i in had]))
    others = [vectors[f"i{i}"] @ direction for i in range(ITEMS) if kind_of(i, "image") != kind]
    assert new @ direction > np.mean(others) + 2 * np.std(others)


def test_vectors_have_unit_length_and_an_item_of_nothing_has_none() -> None:
    learner = FusionLearner(SMALL)
    vector = learner.put("i", media_of(1, "text"))
    assert vector is not None
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert learner.put("i", {}) is None
    assert not served(learner)


def test_what_is_served_changes_only_by_advancing(learner: FusionLearner) -> None:
    before = served(learner)
    assert not learner.moved()
    for example in sets("text", 60 * STEP_EXAMPLES, seed=1):
        learner.learn(example)
    again = learner.put("i3", media_of(3, "text", "image"))
    assert again is not None
    np.testing.assert_allclose(again, before["i3"], atol=1e-5)
    assert learner.moved()
    assert float(served(learner)["i3"] @ before["i3"]) < 0.999


def test_nothing_learned_is_served_before_the_rate_is_grown() -> None:
    learner = FusionLearner(SMALL)
    fill(learner, "text")
    for example in sets("text", (RAMP_STEPS - 1) * STEP_EXAMPLES):
        learner.learn(example)
    assert learner.taste() is None
    assert not learner.moved()


def test_what_is_saved_goes_on_as_if_nothing_had_happened() -> None:
    first, second = (FusionLearner(SMALL) for _ in range(2))
    for made in (first, second):
        fill(made, "text", "image")
    for example in sets("image", 20 * STEP_EXAMPLES):
        first.learn(example)
    assert second.load(first.save())
    assert second.step_count == first.step_count == 20
    for name, vector in served(second).items():
        np.testing.assert_allclose(vector, served(first)[name], atol=1e-6)


def test_what_another_kind_saved_is_not_taken() -> None:
    other = FusionLearner(FusionConfig(kind="attention", capacity=256, dim=32))
    learner = FusionLearner(SMALL)
    assert not learner.load(other.save())
    earlier = {name: array for name, array in learner.save().items() if name != "divided"}
    assert not learner.load(earlier)
    assert not learner.load({})


def test_refused_items_are_liked_less() -> None:
    learner = FusionLearner(SMALL)
    fill(learner, "text")
    rng = np.random.default_rng(0)
    for _ in range(STEPS * STEP_EXAMPLES // 2):
        had = rng.permutation(ITEMS)[:5].tolist()
        item = int(rng.integers(ITEMS))
        learner.learn(example_set(had, item, "skip" if kind_of(item, "text") == 0 else "click"))
    vectors, taste = served(learner), learner.taste()
    assert taste is not None
    direction = direction_of(taste, np.stack([vectors[f"i{i}"] for i in range(20)]))
    by_kind = [np.mean([vectors[f"i{i}"] @ direction for i in range(k, ITEMS, KINDS)]) for k in range(KINDS)]
    assert np.argmin(by_kind) == 0


def test_endless_new_items_make_room_and_take_no_more_memory() -> None:
    learner = FusionLearner(SMALL)
    for item in range(2_000):
        learner.put(f"i{item}", media_of(item % ITEMS, "text"))
        learner.learn(example_set([max(item - 1, 0)], item))
    assert len(served(learner)) <= 256
    assert learner.step_count > 0


def heads_of(learner: FusionLearner, modality: int) -> list[bool]:
    """In which heads a modality is, in what is learned and in what will be served."""
    saved = learner.save()
    found = [saved[f"{part}/projections"][modality].any(axis=0).reshape(4, 8) for part in ("learned", "mean")]
    np.testing.assert_array_equal(found[0], found[1])
    assert np.all(found[0] == found[0][:, :1])
    return [bool(is_there) for is_there in found[0][:, 0]]


def test_a_modality_that_comes_late_gets_heads_of_its_own_and_keeps_to_them() -> None:
    learner = FusionLearner(SMALL)
    fill(learner, "text")
    for example in sets("text", (RAMP_STEPS + 20) * STEP_EXAMPLES):
        learner.learn(example)
    assert heads_of(learner, 0) == [True] * 4
    fill(learner, "text", "image")
    for example in sets("image", 20 * STEP_EXAMPLES):
        learner.learn(example)
    assert heads_of(learner, 0) == [True, False, True, False]
    assert heads_of(learner, 1) == [False, True, False, True]
    again = FusionLearner(SMALL)
    fill(again, "image")
    assert again.load(learner.save())
    again.learn(example_set([0], 1))
    again.step()
    assert heads_of(again, 0) == [True, False, True, False], (
        "its images came first, but not to what it loaded"
    )


def test_others_make_no_room_for_what_few_items_have() -> None:
    learner = FusionLearner(SMALL)
    fill(learner, "text")
    learner.put("i0", media_of(0, "text", "image"))
    for example in sets("text", 10 * STEP_EXAMPLES):
        learner.learn(example)
    assert heads_of(learner, 0) == heads_of(learner, 1) == [True] * 4


def test_equal_seeds_learn_the_same(saved: dict[str, np.ndarray]) -> None:
    for name, array in taught().save().items():
        np.testing.assert_array_equal(array, saved[name])


def test_items_that_are_had_stay_and_those_that_came_first_make_room() -> None:
    learner = FusionLearner(SMALL)
    learner.put("had", media_of(0, "text"))
    learner.put("other", media_of(1, "text"))
    for item in range(2_000):
        learner.put(f"i{item}", media_of(item % ITEMS, "text"))
        if item % 50 == 0:
            past = [Past(f"i{item}", 0, "click")]
            example = Example("u", "had", "click", 1.0, 1, 0, 0, 0, 0, 0, None, None)
            learner.learn(ExampleSet("u", 1, past, [], [example]))
    assert {"had", "other"} & served(learner).keys() == {"had"}


def test_an_item_of_nothing_takes_no_room() -> None:
    learner = FusionLearner(SMALL)
    assert learner.put("deleted", {}) is None
    assert len(learner._media.catalogue) == 0


def test_who_takes_over_again_knows_no_example_of_before(learner: FusionLearner) -> None:
    example = next(iter(sets("image", 1)))
    for saved in (learner.save(), {}):
        learner.take(example)
        assert learner.holds(example.user_id)
        learner.load(saved)
        assert not learner.holds(example.user_id)


def test_what_came_later_is_not_refused_by_older_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[Compared, Drawn]] = []

    def noted(
        model: Model, made: Vectors, compared: Compared, drawn: Drawn, looked: Rows, bank: Floats
    ) -> Gradients:
        steps.append((compared, drawn))
        return gradients(model, made, compared, drawn, looked, bank)

    monkeypatch.setattr("online.fusion.learner.gradients", noted)
    learner = FusionLearner(structs.replace(SMALL, negatives=ITEMS))
    fill(learner, "text")
    before, after = list(sets("text", STEP_EXAMPLES)), list(sets("text", STEP_EXAMPLES, seed=1))
    for example in before:
        learner.learn(example)
    learner.put("late", media_of(ITEMS, "text"))
    learner.put("i1", media_of(1, "text"))  # again: it was there
    for example in after:
        learner.learn(example)
    compared, drawn = steps[1]
    is_older = drawn.numbers < STEP_EXAMPLES
    assert is_older.any()
    late, again = (compared.excluded[:, compared.rows == row].ravel() for row in (ITEMS, 1))
    np.testing.assert_array_equal(late, is_older)
    assert not again[is_older].all()


def test_of_nothing_no_step_is_made() -> None:
    of_nothing, forgetful = FusionLearner(SMALL), FusionLearner(SMALL)
    fill(of_nothing)
    fill(forgetful, "text")
    for example in sets("text", STEP_EXAMPLES):
        of_nothing.learn(example)
        forgetful.take(example)
    for number in range(STEP_EXAMPLES):
        forgetful.forget_user(f"u{number}")
    forgetful.step()
    assert (of_nothing.step_count, forgetful.step_count) == (0, 0)


def test_a_user_is_forgotten_and_the_next_step_is_made_of_what_is_left() -> None:
    learner = FusionLearner(SMALL)
    fill(learner, "text", "image")
    example = next(iter(sets("image", 1)))
    for _ in range(STEP_EXAMPLES - 1):
        learner.learn(example)
    assert learner.forget_user("nobody") == 0
    assert learner.holds(example.user_id)
    assert learner.forget_user(example.user_id) == STEP_EXAMPLES - 1
    assert not learner.holds(example.user_id)
    learner.learn(example)
    assert learner.step_count == 1
    assert all(np.isfinite(array).all() for array in learner.save().values() if array.dtype.kind == "f")


def test_items_of_equal_media_come_apart_by_who_had_them_and_that_outlives_a_restart() -> None:
    learner = FusionLearner(SMALL)
    fill(learner, "text")
    learner.put("twin", media_of(3, "text"))
    for place, example in enumerate(sets("text", STEPS * STEP_EXAMPLES)):
        # Who had what is before its kind has it, and never the twin, which only those have who had the kind itself.
        learner.learn(example)
        if place % 4 == 0:
            had = [i for i in range(ITEMS) if kind_of(i, "text") == kind_of(3, "text")][:5]
            twin = example_set(had, 0).examples[0]
            past = example_set(had, 0).history
            learner.learn(ExampleSet("u", 5, past, [], [structs.replace(twin, item_id="twin")]))
    vectors = served(learner)
    assert float(vectors["i3"] @ vectors["twin"]) < 0.9
    again = FusionLearner(SMALL)
    fill(again, "text")
    again.put("twin", media_of(3, "text"))
    assert again.load(learner.save())
    found = again.put("twin", media_of(3, "text"))
    assert found is not None
    np.testing.assert_allclose(found, vectors["twin"], atol=1e-5)
