import math

import pytest

from streams.generated.recipe import Recipe, RecipeError


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"items": 1}, "items: expected at least 2, got 1"),
        ({"users": 0}, "users: expected at least 1, got 0"),
        ({"events": 0}, "events: expected at least 1, got 0"),
        ({"seed": -1}, "seed: expected at least 0, got -1"),
        ({"noise": 1.1}, "noise: expected 0 to 1, got 1.1"),
        ({"noise": math.nan}, "noise: expected 0 to 1, got nan"),
        ({"missing": -0.1}, "missing: expected 0 to 1, got -0.1"),
        ({"cold": 0.95}, "cold: expected 0 to 0.9, got 0.95"),
        ({"drift": "slow"}, "drift: expected none, abrupt, gradual, recurring, got 'slow'"),
        (
            {"modalities": ("text", "smell"), "shares": (1.0, 1.0)},
            "modalities: expected some of text, image, audio, video, location, got 'smell'",
        ),
        ({"modalities": (), "shares": ()}, "modalities: expected at least one, each once, got none"),
        (
            {"modalities": ("text", "text"), "shares": (1.0, 1.0)},
            "modalities: expected at least one, each once, got text,text",
        ),
        (
            {"modalities": ("text", "image")},
            "shares: expected 2, one each for text, image, got 4",
        ),
        (
            {"modalities": ("text",), "shares": (0.0,)},
            r"shares: expected numbers from 0, not all of them 0, got \(0.0,\)",
        ),
        (
            {"modalities": ("text",), "shares": (math.inf,)},
            r"shares: expected numbers from 0, not all of them 0, got \(inf,\)",
        ),
    ],
)
def test_what_is_out_of_range_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Recipe(**changed)  # type: ignore[arg-type]  # wrong on purpose


def test_the_defaults_are_a_recipe() -> None:
    assert len(Recipe().shares) == len(Recipe().modalities)
