"""Records of the public topics. Schemas are generated from these structs, never written by hand."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

SCHEMA_VERSION = 1

Id = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"\S")]
TimestampMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
SchemaVersion = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Action = Literal[
    "impression", "view", "click", "play", "like", "save", "share", "cart", "purchase", "rate", "skip",
    "dislike", "hide",
]  # fmt: skip
Scalar = str | int | float | bool | None


class Interaction(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a user did with an item."""

    user_id: Id
    """Who; also the record's key."""
    item_id: Id
    """With what. It need not be known: an item may come after its events."""
    action: Action
    """What they did. `hide` and `dislike` keep the item out of the user's lists until the user has it again, be it a
    `view` (of very many, the last: 6,000 bytes of ids are remembered); `impression` and `skip` change no history."""
    event_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    """Unique among the user's events: one that is produced twice counts once. Without it the record's place
    in this very topic stands in, and a producer's retry counts twice."""
    value: Annotated[float, Meta(ge=-1e12, le=1e12)] = 1.0
    """How much: a quantity, or the stars of a `rate`."""
    timestamp_ms: TimestampMs | None = None
    """When, in milliseconds since the epoch; without it, when Kafka got the record. Events of a user with
    one timestamp are one set, such as a basket."""
    list_id: Annotated[str, Meta(max_length=256)] | None = None
    """The list that it was chosen from."""
    context: dict[str, Scalar] | None = None
    """Surroundings, for rules: device, shop, …; `lat` and `lon` are where the user is."""
    schema_version: SchemaVersion = SCHEMA_VERSION
    """A record of a later one is read as far as its fields are known."""


class Medium(Struct, forbid_unknown_fields=True):
    """A picture, sound or video: by address or inline."""

    url: Annotated[str, Meta(min_length=1, max_length=4096)] | UnsetType | None = UNSET
    """`https:`, `http:`, or `file:` below `FRESHET_MEDIA_FOLDER`. Where `data` is given with it, that counts; that of
    an earlier event does not any more. A file is known by its address: another file needs another. One that could not
    be had is tried again if an event names it again."""
    data: str | UnsetType | None = UNSET
    """Base64."""
    format: Annotated[str, Meta(max_length=32)] | UnsetType | None = UNSET
    """Such as `jpeg`; a hint, what it is shows in the bytes."""


class Location(Struct, forbid_unknown_fields=True):
    """A place on Earth, in degrees."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]


class Media(Struct, forbid_unknown_fields=True):
    """A merge patch (RFC 7396) of an item's document: null removes a field, one that is left out stays as it is."""

    item_id: Id
    """Which; also the record's key."""
    timestamp_ms: TimestampMs | UnsetType | None = UNSET
    """When it was said, in milliseconds since the epoch."""
    title: str | UnsetType | None = UNSET
    text: str | UnsetType | None = UNSET
    """A description; encoded together with the title."""
    category: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    """Words that filters and rules ask for."""
    image: Medium | UnsetType | None = UNSET
    audio: Medium | UnsetType | None = UNSET
    video: Medium | UnsetType | None = UNSET
    location: Location | UnsetType | None = UNSET
    price: Annotated[float, Meta(ge=0)] | UnsetType | None = UNSET
    """In one currency for all items."""
    attributes: dict[str, Scalar] | UnsetType | None = UNSET
    """Anything else that rules ask for."""
    available: bool | UnsetType | None = UNSET
    """Whether the item may be listed; true unless said."""
    available_from_ms: TimestampMs | UnsetType | None = UNSET
    """Before that it is in no list."""
    expires_ms: TimestampMs | UnsetType | None = UNSET
    """From then on it is in no list."""
    schema_version: SchemaVersion = SCHEMA_VERSION


class Near(Struct, forbid_unknown_fields=True):
    """A circle on Earth: its centre in degrees, its radius along the surface."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    km: Annotated[float, Meta(gt=0, le=20_038)]


class Filter(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What an item of an answer must be: all of what is given. Without a price or place, it fits no limit of these."""

    category: Annotated[str, Meta(min_length=1)] | None = None
    """Exactly this one."""
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
    """Comes back in the answer."""
    kind: Literal["recommend", "similar", "search", "trending"] = "recommend"
    """A list for somebody, items like one, items for a query, or what is had most just now."""
    user_id: Id | None = None
    """Whose list; also the record's key, so that the user's worker answers."""
    item_id: Id | None = None
    """`similar`: to which item."""
    recent_item_ids: Annotated[list[Id], Meta(max_length=60)] | None = None
    """`recommend`, instead of a user: what a session had, the most recent last. Nothing of it is kept."""
    modality: Literal["text", "image", "audio", "video", "location"] | None = None
    """`similar`: by this alone; None: by all that is known of the items' content."""
    query: Query | None = None
    """`search`: for what."""
    window: Literal["day", "week", "ever"] | None = None
    """`trending`: how long what was had counts: to the half after a day, after a week, or for ever; None: a week. A day
    has at least a hundred events on the whole, on a stream of fewer it is longer."""
    k: Annotated[int, Meta(ge=1, le=100)] | None = None
    """How many items; the deployment's list length unless said."""
    skip: Annotated[int, Meta(ge=0, le=1000)] = 0
    """Places left out at the top: `skip` += `k` is the next page."""
    filter: Filter | None = None
    """What every item of the answer must be."""
    exclude: list[Id] = []
    """Items that are not in the answer."""
    deadline_ms: TimestampMs | None = None
    """When an answer is of no use any more, milliseconds since the epoch: then the answer is an error, at once."""
    timestamp_ms: TimestampMs | None = None
    schema_version: SchemaVersion = SCHEMA_VERSION

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
    """`because_of_item`, `modality` (a search) or `rule`."""
    item_id: str | None = None
    """The item of the user's history that speaks for this one."""
    modality: str | None = None
    """By which of their media they are alike."""
    weight: float = 0.0
    """Share of the score."""
    rule: str | None = None
    """The business rule's name."""


class ListItem(Struct):
    """One place of a list. `rank` is the order; scores need not fall where a rule, variety or exploration did."""

    item_id: str
    rank: int
    score: float
    """In a user's list the chance that the user has the item next, from the first learned ranking on; with
    differential privacy, and before, a share of all candidates' scores. 0 of what only fills the list up or is
    explored. Of what is similar or searched for the cosine, of trends the share of all that was had."""
    propensity: float | None
    """The chance that it had of this place where chance decides (see `FRESHET_EXPLORE`); else null."""
    source: str
    """What spoke most for it: `graph`, `sequence`, `content`, `repeat` or `trending`; or `explore`, or `rule`."""
    reasons: list[Reason]


class Cause(Struct, omit_defaults=True):
    """What made this list."""

    kind: Literal["interaction", "item", "erasure", "schedule"]
    """An event of the user's, an item that came or went, or the worker itself. `erasure` is not in use: an erased
    user's list is deleted."""
    event_id: str
    """The interaction's event id, or its place if it has none; or the item's id; empty for `schedule`."""
    topic: str
    """Where the record lies that caused it, with the next two; without one, as for `schedule`, they say nothing."""
    partition: int
    offset: int
    timestamp_ms: int
    """Kafka's timestamp of that record; without one, when the list was due."""


class Through(Struct):
    """Up to which event the list knows the user."""

    partition: int
    offset: int
    index: int
    """Within a packed message; 0 otherwise."""


class Recommendation(Struct):
    """A user's list. The newest record of a key *is* the user's list."""

    user_id: str
    list_id: str
    """Give it back in the interactions that come from the list."""
    generated_ms: int
    """When its items were ranked, milliseconds since the epoch; one that leaves a list later changes nothing of it."""
    model_version: int
    """Of the learner's publications, the one that it was made with."""
    cause: Cause
    """Why it was made."""
    through: Through
    """The place in `interactions` up to which it knows the user's events."""
    arm: str
    """Of `FRESHET_ARMS`, the user's."""
    items: list[ListItem]
    """Best first."""
    schema_version: int = SCHEMA_VERSION


class Response(Struct, omit_defaults=True):
    """The answer to a request."""

    request_id: str
    items: list[ListItem]
    generated_ms: int
    model_version: int
    error: str | None = None
    """Why there is no answer; absent if there is one."""


class Erasure(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody is to be forgotten; `erasure-receipts` says when that is done."""

    user_id: Id
    """Whom."""
    request_id: Id
    """Comes back in the receipt."""
    timestamp_ms: TimestampMs | None = None
    """When it was asked for, milliseconds since the epoch."""
    schema_version: SchemaVersion = SCHEMA_VERSION


class Receipt(Struct, omit_defaults=True):
    """Nobody remembers the user any more; what Kafka still holds, and until when."""

    request_id: str
    """Of the erasure."""
    user_id: str
    """Who is forgotten."""
    erased: dict[str, int | str]
    """By store: how much was removed of it; or, in words, why a single user cannot be read from what stays."""
    held_until_ms: dict[str, int | None]
    """By topic: until when records that name the user may still be there; None: nobody can say."""
    broker_retention_until_ms: int | None
    """The latest of these; None: nobody can say."""
    timestamp_ms: int
    """When the last of it was forgotten, milliseconds since the epoch."""
    schema_version: int = SCHEMA_VERSION


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
    """Why a modality that was given has no vector, or still that of an earlier file, by modality."""
    schema_version: int = SCHEMA_VERSION


class RefusalError(Struct):
    """Why an event was refused: a short code, the field's path and a sentence."""

    code: str
    """`empty`, `malformed`, `invalid`, `unknown_field`, `packed_size`, `too_large`, `too_many`, `no_pseudonym` or
    `internal`."""
    path: str
    """Where in the record: `$.action`, `$[3].value`."""
    message: str

    def __str__(self) -> str:
        """All of it in one line."""
        return f"{self.code} at {self.path}: {self.message}"


class DeadLetter(Struct):
    """An event that could not be used, kept with the reason."""

    topic: str
    """Where the refused event lies, with the next three."""
    partition: int
    offset: int
    index: int
    """Within a packed message; 0 otherwise."""
    key: str | None
    """The record's key, its first 1,024 bytes; null where the event is left out."""
    value_b64: str
    """The event as it was, in base64; empty where it is left out (`FRESHET_DEAD_LETTERS`)."""
    truncated: bool
    """Whether that is not all of it: cut at 256 KiB, left out, or not read (`too_large`)."""
    sha256: str
    """Of the whole event, in hexadecimal; empty where it was not read, or left out: who guesses it could tell."""
    error: RefusalError
    """Why."""
    timestamp_ms: int
    """When it was refused."""
    size_bytes: int | None = None
    """Of the whole event; null where it was not read, and in letters of older versions."""
