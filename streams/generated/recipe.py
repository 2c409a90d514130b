"""What a world is made from: its size, its modalities and its dials."""

import math
from typing import Literal, get_args

from msgspec import Struct

from encoders.modalities import MODALITY_BITS, Modality

Drift = Literal["none", "abrupt", "gradual", "recurring"]
COLD_LIMIT = 0.9
"""The largest share of cold items: somebody has to click on something before they come."""


class RecipeError(ValueError):
    """No world can be made from this; the message is one line that says what to change."""


class Recipe(Struct, frozen=True, kw_only=True):
    """Equal recipes make equal worlds, byte for byte.

    Raises:
        RecipeError: Something is out of its range, or does not fit the rest.
    """

    items: int = 400
    users: int = 200
    events: int = 20_000
    modalities: tuple[Modality, ...] = ("text", "image", "audio", "video")
    shares: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    """How much of a user's taste each modality carries, in any unit: shares of the variance of what items
    are worth to a user."""
    noise: float = 0.1
    """Share of choices made at random, and how much media are spoilt."""
    missing: float = 0.0
    """Probability that an item lacks one of the modalities; it always keeps at least one. What is missing is the
    medium: users know the item all the same."""
    cold: float = 0.0
    """Share of items that come in the last part of the stream; at least one is there from the start."""
    drift: Drift = "none"
    """How tastes change: abruptly at the half, gradually from start to end, or to and fro between two."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("items", 2), ("users", 1), ("events", 1), ("seed", 0)):
            given = getattr(self, name)
            if given < least:
                msg = f"{name}: expected at least {least}, got {given}"
                raise RecipeError(msg)
        for name, most in (("noise", 1.0), ("missing", 1.0), ("cold", COLD_LIMIT)):
            given = getattr(self, name)
            if not 0.0 <= given <= most:
                msg = f"{name}: expected 0 to {most:g}, got {given:g}"
                raise RecipeError(msg)
        if self.drift not in get_args(Drift):
            msg = f"drift: expected {', '.join(get_args(Drift))}, got {self.drift!r}"
            raise RecipeError(msg)
        self._check_modalities()

    def _check_modalities(self) -> None:
        for name in self.modalities:
            if name not in MODALITY_BITS:
                msg = f"modalities: expected some of {', '.join(MODALITY_BITS)}, got {name!r}"
                raise RecipeError(msg)
        if not self.modalities or len(set(self.modalities)) < len(self.modalities):
            msg = f"modalities: expected at least one, each once, got {','.join(self.modalities) or 'none'}"
            raise RecipeError(msg)
        if len(self.shares) != len(self.modalities):
            msg = (
                f"shares: expected {len(self.modalities)}, one each for {', '.join(self.modalities)}, "
                f"got {len(self.shares)}"
            )
            raise RecipeError(msg)
        if not all(math.isfinite(share) and share >= 0 for share in self.shares) or not any(self.shares):
            msg = f"shares: expected numbers from 0, not all of them 0, got {self.shares}"
            raise RecipeError(msg)
