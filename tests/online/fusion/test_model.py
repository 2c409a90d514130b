"""What is learned, beside the same in torch."""

from typing import get_args

import numpy as np
import pytest
import torch

from online.fusion.axes import axes_of, turn
from online.fusion.fusions import Kind
from online.fusion.losses import aligned, sampled_softmax
from online.fusion.model import Model
from online.fusion.tower import AXES, WIDTH, Common, Made
from online.statistics.base import Floats
from tests.online.fusion import in_torch

MODALITIES, DIM, HEADS, ITEMS, USERS = 3, 8, 2, 12, 5


def model_of(kind: Kind, rng: np.random.Generator) -> Model:
    """With weights that are all somewhere."""
    model = Model(MODALITIES, DIM, HEADS, 3, kind)
    model.begin(rng)
    vector = model.weights.vector
    vector += 0.2 * normal(rng, *vector.shape)
    axes = rng.normal(0, 0.1, (MODALITIES, WIDTH, AXES)).astype(np.float32)
    model.common = Common(rng.normal(0, 0.1, (MODALITIES, WIDTH)).astype(np.float32), axes)
    return model


def made_of(rng: np.random.Generator) -> Made:
    """Items with any of the modalities but the second, one without all, one with all."""
    has = rng.random((ITEMS, MODALITIES)) < 0.5
    has[0], has[1] = False, True
    has[:, 1] = False
    vectors = []
    for modality in (0, 2):
        places = np.flatnonzero(has[:, modality])
        vectors.append((places, rng.normal(0, 0.3, (len(places), WIDTH)).astype(np.float32)))
    return Made([0, 2], vectors, has, normal(rng, ITEMS, DIM))


def normal(rng: np.random.Generator, *shape: int) -> Floats:
    return rng.normal(0, 1, shape).astype(np.float32)


def assert_gradient(found: Floats, model: Model, weights: in_torch.Weights) -> None:
    for name, part in model.weights.split(found).items():
        grad = weights[name].grad
        theirs = np.zeros(part.shape, np.float32) if grad is None else grad.numpy()
        size = max(1e-6, float(np.abs(theirs).max()))
        np.testing.assert_allclose(part / size, theirs / size, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", get_args(Kind))
def test_vectors_scores_and_gradients_are_those_of_torch(kind: Kind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, made = model_of(kind, rng), made_of(rng)
    mean, log_shares = 0.3 * normal(rng, USERS, DIM), np.log(rng.uniform(0.01, 0.2, ITEMS)).astype(np.float32)
    count = rng.integers(1, 60, (USERS, 1)).astype(np.float32)
    rows, liked = np.arange(ITEMS, dtype=np.int32), np.array([True, True, False, True, False])
    had = rng.random((USERS, ITEMS)) < 0.2
    vectors = model.vectors(made)
    found, back = model.scores(mean, count, vectors.units, log_shares)
    loss, pull = sampled_softmax(found, rows[:USERS], rows, had, liked)
    by_mean, by_vectors, by_taste = back(pull)
    by_own = vectors.by_own(by_vectors)
    gradient = model.weights.joined(by_taste, vectors.by_weights(by_own))

    weights, own = in_torch.weights_of(model), torch.from_numpy(made.own).requires_grad_()
    theirs = in_torch.vectors(weights, kind, model, made, own)
    past = torch.from_numpy(mean).requires_grad_()
    given = (past, torch.from_numpy(count), theirs, torch.from_numpy(log_shares))
    expected = in_torch.scores(weights, *given)
    excluded = had & ~np.eye(USERS, ITEMS, dtype=np.bool_)
    expected_loss = in_torch.sampled_softmax(expected, excluded, liked)
    expected_loss.backward()  # type: ignore[no-untyped-call]  # torch
    np.testing.assert_allclose(vectors.units, theirs.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-4, atol=1e-4)
    assert loss == pytest.approx(float(expected_loss.detach()), rel=1e-4)
    assert not vectors.units[0].any()
    assert_gradient(gradient, model, weights)
    assert past.grad is not None
    np.testing.assert_allclose(by_mean, past.grad.numpy(), atol=1e-5)
    assert own.grad is not None
    np.testing.assert_allclose(by_own, own.grad.numpy(), atol=1e-5)
    assert not by_own[0].any()


@pytest.mark.parametrize("kind", get_args(Kind))
def test_parts_of_items_are_drawn_together_as_by_torch(kind: Kind) -> None:
    rng = np.random.default_rng(7)
    model, parts = model_of(kind, rng), [made_of(rng), made_of(rng)]
    one, rest = (model.vectors(part) for part in parts)
    loss, by_one, by_rest = aligned(one.units, rest.units)
    of_one, of_rest = (
        model.weights.joined(vectors.by_weights(vectors.by_own(by_units)))
        for vectors, by_units in ((one, by_one), (rest, by_rest))
    )

    weights = in_torch.weights_of(model)
    theirs = [in_torch.vectors(weights, kind, model, part, torch.from_numpy(part.own)) for part in parts]
    expected = in_torch.aligned(*theirs)
    expected.backward()  # type: ignore[no-untyped-call]  # torch
    assert loss == pytest.approx(float(expected.detach()), rel=1e-4)
    assert_gradient(of_one + of_rest, model, weights)


def test_what_is_saved_is_taken_back_by_a_model_of_the_same_kind_only() -> None:
    rng = np.random.default_rng(0)
    model, other = model_of("concatenation", rng), model_of("concatenation", rng)
    assert other.fits(model.save())
    other.load(model.save())
    for name, part in model.save().items():
        np.testing.assert_array_equal(other.save()[name], part)
    assert not model_of("attention", rng).fits(model.save())
    assert not model.fits({})


def test_items_of_no_modality_have_no_vector_whatever_they_are_of_their_own() -> None:
    rng = np.random.default_rng(0)
    nothing = Made([], [], np.zeros((ITEMS, MODALITIES), np.bool_), normal(rng, ITEMS, DIM))
    vectors = model_of("concatenation", rng).vectors(nothing)
    by_own = vectors.by_own(normal(rng, ITEMS, DIM))
    assert not vectors.units.any()
    assert not by_own.any()
    assert vectors.by_weights(by_own) == {}


def test_other_axes_change_nothing_that_both_see() -> None:
    rng = np.random.default_rng(1)
    model, made = model_of("concatenation", rng), made_of(rng)
    seen = rng.normal(size=(400, 6)) @ rng.normal(size=(6, WIDTH))  # they spread over all six
    x = (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)
    for modality, (places, _) in enumerate(made.vectors):
        made.vectors[modality] = (places, x[: len(places)])
    centre, axes = np.zeros_like(model.common.centre), model.common.axes.copy()
    for modality in made.modalities:
        axes[modality] = axes_of(x[:200], centre[modality])
    model.common = Common(centre, axes)
    before = model.vectors(made).units
    others = axes.copy()
    for modality in made.modalities:
        others[modality] = axes_of(x, centre[modality])
        model.turn(modality, turn(axes[modality], others[modality]))
    assert np.abs(others - axes).max() > 0.01
    model.common = Common(centre, others)
    np.testing.assert_allclose(model.vectors(made).units, before, atol=1e-3)


def heads_of(model: Model) -> np.ndarray:
    """[modalities, heads] whether each modality is in each head, all of it."""
    projections = model.weights.parts["projections"]
    used = projections.any(axis=1).reshape(len(projections), HEADS, -1)
    assert np.all(used == used[:, :, :1])
    return used[:, :, 0]


def test_modalities_have_heads_of_their_own_as_far_as_there_are_some() -> None:
    rng = np.random.default_rng(0)
    model = Model(4, DIM, HEADS, 3, "concatenation")
    model.begin(rng)
    assert heads_of(model).all()
    model.divide([0, 2, 3], model.drawn(rng))
    np.testing.assert_array_equal(heads_of(model), [[True, False], [True, True], [False, True], [True, True]])


def test_a_modality_that_comes_later_takes_heads_from_others_which_go_on_in_theirs() -> None:
    rng = np.random.default_rng(0)
    model = Model(2, DIM, HEADS, 3, "concatenation")
    model.begin(rng)
    model.divide([1], model.drawn(rng))
    before = model.weights.save()["projections"].reshape(2, -1, HEADS, DIM // HEADS)
    drawn = model.drawn(rng)
    model.divide([1, 0], drawn)
    after = model.weights.save()["projections"].reshape(before.shape)
    np.testing.assert_array_equal(heads_of(model), [[False, True], [True, False]])
    np.testing.assert_array_equal(after[1, :, 0], before[1, :, 0])
    model.divide([1, 0], model.drawn(rng))
    np.testing.assert_array_equal(model.weights.parts["projections"].reshape(before.shape), after)


def test_modalities_keep_to_their_heads() -> None:
    rng = np.random.default_rng(0)
    model, made = Model(MODALITIES, DIM, HEADS, 3, "concatenation"), made_of(rng)
    model.common = model_of("concatenation", rng).common
    model.begin(rng)
    model.divide([0, 2], model.drawn(rng))
    by_weights = model.vectors(made).by_weights(normal(rng, ITEMS, DIM))
    # [modalities, heads, dim / heads]
    learned = np.reshape(by_weights["projections"].any(axis=1), (MODALITIES, HEADS, -1))
    assert np.all(learned == learned[:, :, :1])
    np.testing.assert_array_equal(learned[:, :, 0], [[True, False], [False, False], [False, True]])
