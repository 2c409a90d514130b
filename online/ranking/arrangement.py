"""How a list is made of its candidates: what may differ between the arms of a comparison."""

import msgspec

from online.ranking.diversity import Diversifier


class Arrangement(msgspec.Struct, frozen=True):
    """What decides beside the candidates' chances."""

    diversity: float = 0.0
    """How much a list's variety counts beside its items' chances: 0 not at all, below 1."""
    diversifier: Diversifier = "dpp"
    """How the items of a varied list are chosen."""
    places: int = 10
    """How many places a list has: what is asked for beyond them is neither varied nor explored."""
    explore: int = 0
    """Last of those places that go to new items which few were shown yet, at most half of the list."""
    is_learned: bool = True
    """Whether the learned ranking ranks, once there is one; otherwise the fixed blend does."""


PLAIN = Arrangement()
