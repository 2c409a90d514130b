"""The workers of every role on Kafka in memory: started, fed, dropped and started again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec

from encoders.text_hashing import HashingEncoder
from online import example_codec
from online.events import ExampleRun
from online.fold import ExampleFold, Learned
from online.learning.ranking import RankingLearner
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState
from online.state_codec import unpack
from streams.encoding.embedder import Embedder
from streams.encoding.rows import RowMaker
from streams.encoding.spaces import Space, Spaces
from streams.erasures_to_receipts import ErasuresToReceipts
from streams.events import DeadLetter, Recommendation
from streams.examples_to_model import ExamplesToModel
from streams.identity import LogIdentity
from streams.interactions_to_lists import InteractionsToLists
from streams.item_changes import ItemChanges
from streams.items_to_lists import ItemsToLists
from streams.learned_fusion import LearnedFusion
from streams.learned_ranking import LearnedRanking
from streams.lists import ListMaker
from streams.liveness import Liveness
from streams.media_to_items import MediaToItems
from streams.model_to_lists import ModelToLists
from streams.newcomers import Newcomers
from streams.producer import Outgoing
from streams.settings import Settings
from streams.stale_lists import StaleLists
from streams.stores.documents import DocumentStore
from streams.stores.lists import PublishedLists
from streams.stores.users import UserStore
from tests.flow.memory import Group, MemoryKafka, MemoryProducer

PARTITIONS = 3
NOBODY: Any = None
"""In the place of an admin client: nothing is asked of it."""


def settings(home: Path, **more: Any) -> Settings:  # noqa: ANN401  # settings
    return Settings(home=home, partitions=PARTITIONS, item_capacity=1024, live_users=1, **more)


def new_recommender() -> Recommender:
    return Recommender(RecommenderConfig(capacity=1024))


class MemoryRiver:
    """One deployment. Workers live as long as a `with` block; logs and offsets outlive them."""

    def __init__(self, home: Path, **more: Any) -> None:  # noqa: ANN401  # settings
        self.settings = settings(home, **more)
        self.kafka = MemoryKafka(self.settings)
        self.interactions = Group(self.kafka, "interactions")
        self.erasures = Group(self.kafka, "erasures")
        self.requests = Group(self.kafka, "requests")
        self.media = Group(self.kafka, "media")
        self.examples = Group(self.kafka, "examples")
        self.encoded: list[str] = []
        """Every text that was encoded, in order."""

    @asynccontextmanager
    async def recommend(self, crash_after: int | None = None) -> AsyncIterator["Recommend"]:
        """A new recommend worker that owns every partition."""
        worker = Recommend(self, crash_after)
        try:
            await worker.model.load()
            await worker.users.load(set(range(PARTITIONS)))
            yield worker
        finally:
            await worker.users.close()

    @asynccontextmanager
    async def learn(
        self,
        crash_after: int | None = None,
        fusion: LearnedFusion | None = None,
        ranking: LearnedRanking | None = None,
    ) -> AsyncIterator[ExamplesToModel]:
        """A new learner that has taken over."""
        producer = MemoryProducer(self.kafka, crash_after)
        learner = ExamplesToModel(
            self.settings,
            NOBODY,
            lambda: ExampleFold(new_recommender()),
            LearnedRanking(RankingLearner()) if ranking is None else ranking,
            cast(Any, producer),
            alive(),
            fusion,
        )
        await learner.load({0})
        yield learner

    @asynccontextmanager
    async def encode(
        self, crash_after: int | None = None, more: Spaces | None = None
    ) -> AsyncIterator[MediaToItems]:
        """A new encode worker that owns every partition; `more`: what it encodes beside texts."""
        store = DocumentStore(self.settings)
        producer: Any = MemoryProducer(self.kafka, crash_after)
        log = LogIdentity(NOBODY, "media")
        spaces: Spaces = {"text": Space(Counting(self.encoded)), **(more or {})}
        worker = MediaToItems(
            self.settings, store, RowMaker(spaces), Embedder(spaces, 32), producer, alive(), log
        )
        await store.load(set(range(self.kafka.partitions["media"])))
        yield worker

    async def learn_all(self, learner: ExamplesToModel) -> None:
        """Hands the learner what it has not acknowledged, without acknowledging: a snapshot does."""
        for run in self.examples.fetch(1_000):
            await learner.work([run], partial(self.examples.ack, [run]))

    def produce(self, topic: str, value: object, partition: int = -1, key: str = "?") -> None:
        """What a client does; bytes and None are written as they are."""
        data = value if value is None or isinstance(value, bytes) else msgspec.json.encode(value)
        self.kafka.append(Outgoing(topic, key.encode(), data, partition))

    def states(self) -> dict[str, UserState]:
        return {user_id: unpack(value) for user_id, value in self.kafka.newest("users").items()}

    def lists(self) -> dict[str, Recommendation]:
        decode = msgspec.json.Decoder(Recommendation).decode
        return {user_id: decode(v) for user_id, v in self.kafka.newest("recommendations").items()}

    def runs(self) -> list[ExampleRun]:
        unpacked = [example_codec.unpack(r.value) for r in self.kafka.records("examples") if r.value]
        return [record for record in unpacked if isinstance(record, ExampleRun)]

    def learned(self) -> dict[int, Learned]:
        """What any reader learns of the log of examples as it is now, by partition."""
        fold = ExampleFold(new_recommender())
        for run in self.runs():
            fold.fold(run, 0)
        return {partition: learned for (_, partition), learned in fold.learned.items()}

    def refused(self) -> set[tuple[int, int, int, str]]:
        letters = [
            msgspec.json.decode(r.value or b"", type=DeadLetter) for r in self.kafka.records("dead-letters")
        ]
        return {(dead.partition, dead.offset, dead.index, dead.error.code) for dead in letters}


class Recommend:
    """What a recommend process has."""

    def __init__(self, river: MemoryRiver, crash_after: int | None = None) -> None:
        self.lists = ListMaker(river.settings, new_recommender())
        self.users = UserStore(river.settings)
        self.producer = MemoryProducer(river.kafka, crash_after)
        self.published = PublishedLists(river.settings)
        self.changes = ItemChanges()
        self.fold = ExampleFold(self.lists.recommender)
        self.model = ModelToLists(river.settings, NOBODY, self.lists, self.fold, self.changes)
        self.items = ItemsToLists(
            river.settings,
            self.users,
            self.lists,
            self.published,
            self.changes,
            cast(Any, self.producer),
            alive(),
        )
        self.newcomers = Newcomers(
            self.users, self.lists, self.published, self.changes, cast(Any, self.producer), alive()
        )
        self.stale = StaleLists(
            river.settings, self.users, self.lists, self.published, cast(Any, self.producer), alive()
        )
        self.erasing = ErasuresToReceipts(
            river.settings,
            NOBODY,
            self.users,
            self.published,
            cast(Any, self.producer),
            alive(),
            (LogIdentity(NOBODY, "erasures"), LogIdentity(NOBODY, "interactions")),
        )
        self.worker = InteractionsToLists(
            river.settings,
            self.users,
            self.lists,
            self.published,
            cast(Any, self.producer),
            alive(),
            LogIdentity(NOBODY, "interactions"),
        )


class Counting(HashingEncoder):
    """The hashing encoder, with a note of every text."""

    def __init__(self, seen: list[str]) -> None:
        super().__init__()
        self._seen = seen

    def embed(self, prepared: Any) -> Any:  # noqa: ANN401  # as the encoder's
        self._seen.extend(prepared)
        return super().embed(prepared)


def alive() -> Liveness:
    return Liveness(1e9)


def run(river: MemoryRiver, story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Plays a story on the river."""
    with river.kafka.instead():
        asyncio.run(story())
