"""An item as lists know it."""

import msgspec


class Item(msgspec.Struct, frozen=True):
    """What lists have to know of an item's document."""

    item_id: str
    title: str = ""
    category: str = ""
    tags: list[str] = []
    price: float | None = None
    available: bool = True
    available_from_ms: int = 0
    expires_ms: int | None = None
    """The item is in no list from this moment on; None: it never expires."""
    location: tuple[float, float] | None = None
    """Latitude and longitude, degrees."""
