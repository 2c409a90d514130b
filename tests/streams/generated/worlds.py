"""Small worlds for the tests of this folder."""

from streams.generated.recipe import Recipe
from streams.generated.world import World, make_world


def small_world(**changed: object) -> World:
    """60 items, 20 users, 1,000 events, changed as given."""
    defaults: dict[str, object] = {"items": 60, "users": 20, "events": 1_000}
    return make_world(Recipe(**{**defaults, **changed}))  # type: ignore[arg-type]  # any field may be changed


def place_of(identifier: str) -> int:
    """The number in `user-7` or `item-7`."""
    return int(identifier.rpartition("-")[2])
