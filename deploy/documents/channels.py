"""The public topics: which records are in them, who writes them, and what their keys are."""

from typing import Literal

from msgspec import Struct

from streams import events
from streams.settings import Settings
from streams.topics import Topic, table


class Channel(Struct, frozen=True):
    """A public topic."""

    name: str
    record: type[Struct]
    writer: Literal["client", "freshet"]
    key: str
    about: str
    packed: bool = False
    """Whether a message may hold an array of records."""
    tombstone: str = ""
    """What a record without a value means; empty where there are none."""

    @property
    def topic(self) -> Topic:
        """Its row of the table, as with the settings' defaults."""
        return table(Settings.model_construct())[self.name]


CHANNELS = (
    Channel("interactions", events.Interaction, "client", "user_id", "What users do.", packed=True),
    Channel(
        "media", events.Media, "client", "item_id", "What items are, as patches of their documents.",
        packed=True, tombstone="The item is deleted.",
    ),
    Channel(
        "requests", events.Request, "client", "user_id, or else request_id",
        "Questions; headers come back with the answer.", packed=True,
    ),
    Channel(
        "responses", events.Response, "freshet", "as in the request",
        "Answers, each on the partition number of its request.",
    ),
    Channel(
        "erasures", events.Erasure, "client", "user_id",
        "Who is to be forgotten; what such a user does later is a new user's.", packed=True,
    ),
    Channel(
        "erasure-receipts", events.Receipt, "freshet", "user_id",
        "Who is forgotten, and what Kafka holds until when; one may come twice.",
    ),
    Channel(
        "recommendations", events.Recommendation, "freshet", "user_id",
        "Lists: the newest record of a key is the user's list.", tombstone="The user has no list any more.",
    ),
    Channel(
        "items", events.ItemDocument, "freshet", "item_id", "Items as they are now.",
        tombstone="The item was deleted.",
    ),
    Channel("dead-letters", events.DeadLetter, "freshet", "as in the refused record", "What was refused, and why."),
)  # fmt: skip
INTERNAL = frozenset({"queries", "embeddings", "users", "examples", "model", "rules"})
"""Topics that nobody but Freshet reads or writes; what is in them may change with every version."""
