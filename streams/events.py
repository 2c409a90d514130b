"""Records of the public topics. Schemas are generated from these structs, never written by hand."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

SCHEMA_VERSION = 1

Id = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"\S")]
TimestampMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
Action = Literal[
    "impression", "view", "click", "play", "like", "save", "share", "cart", "purchase", "rate", "skip",
    "dislike", "hide",
]  # fmt: skip
Scalar = str | int | float | bool | None


class Interaction(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a user did with an item."""

    user_id: Id
    item_id: Id
    action: Action
    event_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    value: Annotated[float, Meta(ge=-1e12, le=1e12)] = 1.0
    timestamp_ms: TimestampMs | None = None
    list_id: Annotated[str, Meta(max_length=256)] | None = None
    context: dict[str, Scalar] | None = None
    schema_version: Annotated[int, Meta(ge=1)] = SCHEMA_VERSION


class Medium(Struct, forbid_unknown_fields=True):
    """A picture, sound or video: by address or inline."""

    url: Annotated[str, Meta(min_length=1, max_length=4096)] | UnsetType | None = UNSET
    data: str | UnsetType | None = UNSET
    """Base64."""
    format: Annotated[str, Meta(max_length=32)] | UnsetType | None = UNSET


class Location(Struct, forbid_unknown_fields=True):
    """A place on Earth, in degrees."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]


class Media(Struct, forbid_unknown_fields=True):
    """A merge patch (RFC 7396) of an item's document: None removes a field, UNSET leaves it as it is."""

    item_id: Id
    timestamp_ms: TimestampMs | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    text: str | UnsetType | None = UNSET
    category: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    image: Medium | UnsetType | None = UNSET
    audio: Medium | UnsetType | None = UNSET
    video: Medium | UnsetType | None = UNSET
    location: Location | UnsetType | None = UNSET
    price: Annotated[float, Meta(ge=0)] | UnsetType | None = UNSET
    attributes: dict[str, Scalar] | UnsetType | None = UNSET
    available: bool | UnsetType | None = UNSET
    available_from_ms: TimestampMs | UnsetType | None = UNSET
    expires_ms: TimestampMs | UnsetType | None = UNSET
    schema_version: Annotated[int, Meta(ge=1)] = SCHEMA_VERSION


class Near(Struct, forbid_unknown_fields=True):
    """A circle on Earth: its centre in degrees, its radius along the surface."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    km: Annotated[float, Meta(gt=0, le=20_038)]


class Filter(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What an item of an answer must be: all of what is given. Without a price or place, it fits no limit of these."""

    category: Annotated[str, Meta(min_length=1)] | None = None
    tags: Annotated[list[str], Meta(max_length=32)] = []
    """All of them."""
    max_price: Annotated[float, Meta(ge=0)] | None = None
    near: Near | None = None
    new: bool = False
    """Only what hardly anybody had yet: fewer than five times."""


class Query(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is searched for: exactly one of these. Files by address or, as far as a request has room, inline."""

    text: Annotated[str, Meta(min_length=1, max_length=20_000)] | None = None
    image: Medium | None = None
    audio: Medium | None = None

    def __post_init__(self) -> None:
        """Checks that one is given."""
        if sum(given is not None for given in (self.text, self.image, self.audio)) != 1:
            msg = "a query has one of text, image and audio: give one"
            raise ValueError(msg)


class Request(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A question for a list, answered on `responses`. What the user hid, if one is named, is in no answer."""

    request_id: Id
    kind: Literal["recommend", "similar", "search", "trending"] = "recommend"
    user_id: Id | None = None
    item_id: Id | None = None
    """`similar`: to which item."""
    recent_item_ids: Annotated[list[Id], Meta(max_length=60)] | None = None
    """`recommend`, instead of a user: what a session had, the most recent last. Nothing of it is kept."""
    modality: Literal["text", "image", "audio", "video", "location"] | None = None
    """`similar`: by this alone; None: by all that is known of the items' content."""
    query: Query | None = None
    """`search`: for what."""
    window: Literal["day", "week", "ever"] | None = None
    """`trending`: how long what was had counts: to the half after a day, after a week, or for ever; None: a week."""
    k: Annotated[int, Meta(ge=1, le=100)] | None = None
    skip: Annotated[int, Meta(ge=0, le=1000)] = 0
    """Places left out at the top: `skip` += `k` is the next page."""
    filter: Filter | None = None
    exclude: list[Id] = []
    deadline_ms: TimestampMs | None = None
    """When an answer is of no use any more, milliseconds since the epoch: then the answer is an error, at once."""
    timestamp_ms: TimestampMs | None = None
    schema_version: Annotated[int, Meta(ge=1)] = SCHEMA_VERSION

    def __post_init__(self) -> None:
        """Checks that there is what this kind needs, and nothing that only another would look at."""
        for name, kind in _OF_KIND.items():
            given = getattr(self, name) is not None
            if given and kind != self.kind:
                msg = f"`{name}` is for `kind: {kind}`, this is `{self.kind}`: leave it out - at `$.{name}`"
                raise ValueError(msg)
            if not given and kind == self.kind and name in ("item_id", "query"):
                msg = f"`kind: {kind}` needs `{name}`: give it - at `$.{name}`"
                raise ValueError(msg)
        if self.recent_item_ids is not None and self.user_id is not None:
            msg = "`recent_item_ids` is for a session without `user_id`: give one of them - at `$.recent_item_ids`"
            raise ValueError(msg)


_OF_KIND = {
    "item_id": "similar",
    "modality": "similar",
    "query": "search",
    "recent_item_ids": "recommend",
    "window": "trending",
}
"""The only kind of request that looks at a field."""


class Reason(Struct, omit_defaults=True):
    """Why an item is in a list; the weights of an item's reasons are shares of its score."""

    kind: str
    item_id: str | None = None
    modality: str | None = None
    weight: float = 0.0
    rule: str | None = None


class ListItem(Struct):
    """One place of a list. `rank` is the order; scores need not fall where a rule moved an item."""

    item_id: str
    rank: int
    score: float
    propensity: float | None
    source: str
    reasons: list[Reason]


class Cause(Struct, omit_defaults=True):
    """What made this list."""

    kind: Literal["interaction", "item", "erasure", "schedule"]
    event_id: str
    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class Through(Struct):
    """Up to which event the list knows the user."""

    partition: int
    offset: int
    index: int


class Recommendation(Struct):
    """A user's list. The newest record of a key *is* the user's list."""

    user_id: str
    list_id: str
    generated_ms: int
    model_version: int
    cause: Cause
    through: Through
    arm: str
    items: list[ListItem]
    schema_version: int = SCHEMA_VERSION


class Response(Struct, omit_defaults=True):
    """The answer to a request."""

    request_id: str
    items: list[ListItem]
    generated_ms: int
    model_version: int
    error: str | None = None


class ItemDocument(Struct, omit_defaults=True):
    """An item: the fields of its media events, merged, and which modalities have a vector."""

    item_id: str
    title: str | None = None
    text: str | None = None
    category: str | None = None
    tags: list[str] | None = None
    image: Medium | None = None
    audio: Medium | None = None
    video: Medium | None = None
    location: Location | None = None
    price: float | None = None
    attributes: dict[str, Scalar] | None = None
    available: bool = True
    available_from_ms: int | None = None
    expires_ms: int | None = None
    timestamp_ms: int | None = None
    modalities: int = 0
    """Bit mask of the modalities that have a vector: text 1, image 2, audio 4, video 8, location 16."""
    encode_errors: dict[str, str] | None = None
    """Why a modality that was given has no vector, by modality."""
    schema_version: int = SCHEMA_VERSION


class RefusalError(Struct):
    """Why an event was refused: a short code, the field's path and a sentence."""

    code: str
    path: str
    message: str


class DeadLetter(Struct):
    """An event that could not be used, kept with the reason."""

    topic: str
    partition: int
    offset: int
    index: int
    key: str | None
    value_b64: str
    truncated: bool
    sha256: str
    error: RefusalError
    timestamp_ms: int
