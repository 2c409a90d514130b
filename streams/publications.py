"""Records of the internal `model` topic: the learner's progress, item vectors by item, and what fits them."""

import msgspec

from online.arms import ArmResult
from online.fold import Learned
from online.learning.alarm import Alarm

PROGRESS_KEY = b"progress"
ITEM_PREFIX = b"item/"
SPACES_KEY = b"spaces"
RANKING_KEY = b"ranking"


class Progress(msgspec.Struct):
    """Where the learner is. A lower epoch is a former learner's and is ignored."""

    epoch: int
    version: int
    """Grows with every publication, also across epochs."""
    examples_offset: int
    """Offset of the log of examples up to which the learner has folded."""
    snapshot: str
    """Name of its newest snapshot, empty if there is none yet."""
    learned: list[Learned]
    standing_hit_ratio: float | None
    """Share of recent sets that the list standing before them hit with its top 10; None before any."""
    popularity_hit_ratio: float | None
    """The same for the most popular items at that moment."""
    sets_scored: int
    timestamp_ms: int
    ranking_steps: int = 0
    """Steps that the ranking network has made; see Ranking for whether it is served."""
    items_behind: dict[str, int] = {}
    """By modality whose encoder is changing: items that have yet to get a vector of the new one."""
    arms: list[ArmResult] = []
    """How the arms of a comparison do; empty where nothing is compared."""
    drift_alarm_count: int = 0
    """How often the ranking was found to get worse all of a sudden."""
    drift_alarms: list[Alarm] = []
    """The last of them, and what the learner did."""


class ItemVector(msgspec.Struct):
    """An item's vector for retrieval, as served."""

    epoch: int
    vector: bytes
    """[dim] float16, unit length."""
    generation: int = 0
    """Vectors of different generations are never compared."""
    media_ms: int = 0
    """Kafka's timestamp of the media event that it came from."""


class Ranking(msgspec.Struct):
    """The network that ranks candidates."""

    epoch: int
    step_count: int
    network: bytes
    """See `online.ranking.network.pack`; empty: the fixed blend ranks."""


class Spaces(msgspec.Struct):
    """From here on this generation of item vectors is served; all of them were published before."""

    epoch: int
    generation: int
    served: dict[str, str]
    """The name of each modality's encoder and projection."""
    tower: str = ""
    """Which learned tower made the vectors; empty: fixed projections did."""
    taste: bytes = msgspec.field(default=b"", name="taste_by_kinds")
    """What is learned of histories, and fits these vectors; see `online.fusion.taste.pack`. Earlier versions, whose
    taste was of another form, called it "taste": theirs and ours pass over each other's."""


encode_progress = msgspec.msgpack.Encoder().encode
decode_progress = msgspec.msgpack.Decoder(Progress).decode
encode_spaces = msgspec.msgpack.Encoder().encode
decode_spaces = msgspec.msgpack.Decoder(Spaces).decode
encode_vector = msgspec.msgpack.Encoder().encode
decode_vector = msgspec.msgpack.Decoder(ItemVector).decode
encode_ranking = msgspec.msgpack.Encoder().encode
decode_ranking = msgspec.msgpack.Decoder(Ranking).decode
