"""What can be asked for in an address's query, and what is answered: the structs that /openapi.json is made from."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.console.items import Brief
from streams.events import Id, ListItem, Recommendation

Count = Annotated[int, Meta(ge=1, le=100, description="Items wanted; default: FRESHET_LIST_LENGTH.")]


class Page(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of what is found, and for whom."""

    k: Count | None = None
    skip: Annotated[int, Meta(ge=0, le=1000, description="Places left out at the top: the next page.")] = 0
    user_id: Annotated[Id, Meta(description="What this user hid is left out.")] | None = None
    category: Annotated[str, Meta(min_length=1, description="Only items of this category.")] | None = None
    tag: Annotated[list[str], Meta(max_length=32, description="Only items with all of these tags.")] = []
    max_price: Annotated[float, Meta(ge=0, description="Only items up to this price.")] | None = None

    new: Annotated[bool, Meta(description="Only what hardly anybody had yet.")] = False


class SimilarPage(Page, forbid_unknown_fields=True, kw_only=True):
    """As Page, and by what items are compared."""

    modality: (
        Annotated[
            Literal["text", "image", "audio", "video", "location"],
            Meta(description="By this alone; default: by all."),
        ]
        | None
    ) = None


class TrendingPage(Page, forbid_unknown_fields=True, kw_only=True):
    """As Page, and how long what was had counts."""

    window: (
        Annotated[
            Literal["day", "week", "ever"],
            Meta(description="To the half after a day, after a week, or for ever; default: a week."),
        ]
        | None
    ) = None


class TextPage(Page, forbid_unknown_fields=True, kw_only=True):
    """As Page, and what is looked for."""

    text: Annotated[str, Meta(min_length=1, max_length=20_000, description="What is looked for, in words.")]


class Whom(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which users are wanted."""

    contains: Annotated[str, Meta(max_length=256, description="Only ids that contain this.")] = ""
    limit: Annotated[int, Meta(ge=1, le=100, description="So many at most.")] = 20


class Users(Struct):
    """Ids of users who have a list."""

    user_ids: list[str]


class Place(Struct):
    """Where a record lies in Kafka, and when it was written there."""

    partition: int
    offset: int
    timestamp_ms: int


class UserList(Struct):
    """A user's list as it was published, its record, and what is needed to show its items and reasons."""

    recommendation: Recommendation
    record: Place
    items: dict[str, Brief]


class PastEvent(Struct):
    """Something that a user did."""

    item_id: str
    action: str
    timestamp_ms: int
    """By the event's own clock, in whole seconds."""
    value: float


class History(Struct):
    """What is remembered of a user, the newest first."""

    user_id: str
    events: list[PastEvent]
    hidden: list[str]
    """Items that they never want to see again."""
    items: dict[str, Brief]


class Found(Struct):
    """Items that were looked for, best first."""

    places: list[ListItem]
    items: dict[str, Brief]
    model_version: int
    took_ms: int


class Accepted(Struct):
    """Where an event lies now; the list whose `through` reaches it knows it."""

    event_id: str
    record: Place


class Health(Struct):
    """Whether the console can answer."""

    status: Literal["ok", "loading", "failed"]
