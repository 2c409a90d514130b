"""The truth: what each item is, what each user likes and when, and so what an oracle would list."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streams.generated.drift import taste_weights
from streams.generated.recipe import Recipe

CLASSES = 8
"""Perceptual classes in each modality: topics, drawings, sounds, movements, cities."""
STYLES = 4
"""Kinds of taste in each modality. A user has one in each, independently, so there are as many kinds of users as
STYLES to the power of modalities: few enough to be learned from a stream, too many to be told apart by clicks alone."""
TASTE_SD = 5.0
"""Standard deviation, over items, of what taste adds to an item's utility: high, so that truth can be found."""
POPULARITY_SD = 0.5
"""Standard deviation of what an item is worth to everybody."""
START_MS = 1_735_689_600_000
"""2025-01-01, when the first interaction may happen. A fixed date: equal recipes give equal bytes."""
SPAN_MS = 30 * 86_400_000
COLD_FROM, COLD_TO = 0.6, 0.9
"""Between which shares of the span cold items come."""

Floats: TypeAlias = NDArray[np.float64]


def generator(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """A source of randomness of its own for each purpose and index, so things can be made in any order."""
    return np.random.default_rng([seed, index, *purpose.encode()])


@dataclass(frozen=True)
class World:
    """Items, users and tastes; arrays are in the order of the ids `item-0`, `item-1`, … and `user-0`, ….

    The utility of an item is Σ_m √share_m · TASTE_SD · taste[m, class_m(item)] + popularity(item), shares summing
    to 1. A user chooses by softmax over it, among what is there and was not had lately; see `chances`.
    """

    recipe: Recipe
    classes: NDArray[np.int64]
    """[items, modalities] the class of each item in each modality of the recipe, drawn independently."""
    present: NDArray[np.bool_]
    """[items, modalities] whether the item has the medium."""
    popularity: Floats
    """[items]"""
    arrives_ms: NDArray[np.int64]
    """[items] when the item's media event comes."""
    tastes: Floats
    """[2, users, modalities, CLASSES] the two tastes of each user that drift moves between. Each is one of the
    modality's STYLES; over classes, its mean is 0 and its deviation 1."""
    activity: Floats
    """[users] the chance that an interaction is this user's; sums to 1."""

    def item_id(self, item: int) -> str:
        """The id of the item at this place."""
        return f"item-{item}"

    def user_id(self, user: int) -> str:
        """The id of the user at this place."""
        return f"user-{user}"

    def taste(self, user: int, timestamp_ms: int) -> Floats:
        """[modalities, CLASSES] what this user likes at that time."""
        first, second = taste_weights(self.recipe.drift, (timestamp_ms - START_MS) / SPAN_MS)
        moved: Floats = first * self.tastes[0, user] + second * self.tastes[1, user]
        return moved

    def utilities(self, taste: Floats) -> Floats:
        """[items] what each item is worth to who likes [modalities, CLASSES], whether it has come or not."""
        shares = np.array(self.recipe.shares)
        liked = taste * (TASTE_SD * np.sqrt(shares / shares.sum()))[:, None]
        of_taste = np.take_along_axis(liked, self.classes.T, axis=1).sum(axis=0, dtype=np.float64)
        return np.asarray(of_taste + self.popularity)

    def oracle_scores(self, user: int, timestamp_ms: int) -> Floats:
        """[items] the utility of each item to this user at that time; -inf where it has not come yet."""
        utilities = self.utilities(self.taste(user, timestamp_ms))
        return np.where(self.arrives_ms < timestamp_ms, utilities, -np.inf)


def chances(scores: Floats, noise: float) -> Floats:
    """[…, items] the probability that each item is chosen: (1 - noise) · softmax(scores) + noise · uniform.

    Args:
        scores: […, items] utilities; -inf where an item cannot be chosen.
        noise: Share of choices made at random.
    """
    choosable = np.isfinite(scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares, evenly = (of / of.sum(axis=-1, keepdims=True) for of in (weights, choosable))
    mixed: Floats = (1.0 - noise) * shares + noise * evenly
    return mixed


def make_world(recipe: Recipe) -> World:
    """The world of a recipe."""
    items, modalities = recipe.items, len(recipe.modalities)
    drawn = [generator(recipe.seed, "item", item) for item in range(items)]
    classes = np.array([rng.integers(0, CLASSES, modalities) for rng in drawn])
    present = np.array([_present(rng, modalities, recipe.missing) for rng in drawn])
    popularity = np.array([rng.normal(0.0, POPULARITY_SD) for rng in drawn])
    likers = [generator(recipe.seed, "user", user) for user in range(recipe.users)]
    chosen = np.stack([_styles_of_user(rng, modalities) for rng in likers], axis=1)
    styles = np.stack([_styles(generator(recipe.seed, "styles", column)) for column in range(modalities)])
    activity = np.array([rng.lognormal(0.0, 0.7) for rng in likers])
    return World(
        recipe=recipe,
        classes=classes,
        present=present,
        popularity=popularity,
        arrives_ms=_arrivals(recipe),
        tastes=styles[np.arange(modalities), chosen],
        activity=activity / activity.sum(),
    )


def _styles(rng: np.random.Generator) -> Floats:
    """[STYLES, CLASSES] at right angles, so that what lies between two of them is as strong a taste as they are."""
    raw = rng.normal(size=(CLASSES, STYLES))
    directions, _ = np.linalg.qr(raw - raw.mean(axis=0))
    return np.asarray(directions.T * np.sqrt(CLASSES), np.float64)


def _styles_of_user(rng: np.random.Generator, modalities: int) -> NDArray[np.int64]:
    """[2, modalities] the first style and the second, which is another."""
    first = rng.integers(0, STYLES, modalities)
    return np.stack([first, (first + rng.integers(1, STYLES, modalities)) % STYLES])


def _present(rng: np.random.Generator, modalities: int, missing: float) -> NDArray[np.bool_]:
    present = rng.random(modalities) >= missing
    present[rng.integers(modalities)] |= not present.any()
    return present


def _arrivals(recipe: Recipe) -> NDArray[np.int64]:
    """Most items, at least one, come before the first interaction, a millisecond apart; the cold ones late."""
    arrives_ms = START_MS - recipe.items + np.arange(recipe.items, dtype=np.int64)
    rng = generator(recipe.seed, "cold")
    cold = rng.permutation(recipe.items)[: min(round(recipe.cold * recipe.items), recipe.items - 1)]
    arrives_ms[cold] = START_MS + rng.integers(int(COLD_FROM * SPAN_MS), int(COLD_TO * SPAN_MS), len(cold))
    return arrives_ms
