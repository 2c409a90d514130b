"""embeddings → model: an item's vector for retrieval, its modalities' in fixed projections or as it is learned.

When an encoder is replaced, vectors of its space are published all at once, as a new generation, as soon as every
item has one; until then an item keeps the vector it has. So are all vectors when what is learned has moved.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

import numpy as np

from encoders.modalities import MODALITY_BITS
from encoders.projection import Projection, pack_half
from online.statistics.base import Floats
from streams.embeddings import Embedding, decode_embedding, vectors_in
from streams.first_impressions import FirstImpressions
from streams.follower import Follower, Handler, Record
from streams.item_media import ItemMedia
from streams.item_spaces import ItemSpaces
from streams.producer import BatchProducer, Outgoing
from streams.publications import (
    ITEM_PREFIX,
    PROGRESS_KEY,
    SPACES_KEY,
    ItemVector,
    Spaces,
    decode_progress,
    decode_spaces,
    decode_vector,
    encode_spaces,
    encode_vector,
)
from streams.settings import Settings
from streams.time_share import TimeShare
from streams.topics import full_name, table

VECTOR_DIM = 64
ITEMS_AT_ONCE = 256
"""Items whose vectors are made before others have their turn."""
UNKNOWN = b""
"""In the place of a vector that some have and others have not: any is another."""
ADVANCE_SHARE = 0.05
"""Of the time that may go into publishing all vectors because what is learned has moved."""


class Fusion(Protocol):
    """How an item's modalities become one vector."""

    digest: str
    """Says which fusion is served; vectors of different ones are never compared."""

    def vector(self, item_id: str, media: Mapping[str, Floats]) -> Floats | None:
        """[VECTOR_DIM] of unit length of what an item is made of, by modality; None of nothing."""

    def moved(self) -> bool:
        """Whether another fusion than the served one should be."""

    def advance(self) -> Iterator[dict[str, Floats]]:
        """Serves it; gives every item's vector, some at a time."""

    def taste(self) -> bytes:
        """What goes with the vectors."""


class Combination:
    """The modalities' vectors as one: each in a projection of its own, so that only equal modalities are alike."""

    digest = ""

    def __init__(self) -> None:
        self._projections: dict[tuple[str, int], Projection] = {}

    def vector(self, item_id: str, media: Mapping[str, Floats]) -> Floats | None:
        """As `combine`, whatever the item."""
        return self.combine(media)

    def moved(self) -> bool:
        """Never."""
        return False

    def advance(self) -> Iterator[dict[str, Floats]]:
        """Nothing: it is what it is."""
        return iter(())

    def taste(self) -> bytes:
        """Nothing is learned."""
        return b""

    def combine(self, media: Mapping[str, Floats]) -> Floats | None:
        """[VECTOR_DIM] of unit length: the sum over an item's modalities; None without any."""
        total = np.zeros(VECTOR_DIM, np.float32)
        for modality, vector in media.items():
            projected = self._projected(modality, vector)
            total[: len(projected)] += projected
        norm = float(np.linalg.norm(total))
        return None if norm == 0 else total / norm

    def _projected(self, modality: str, vector: Floats) -> Floats:
        key = (modality, len(vector))
        if key not in self._projections:
            offset = list(MODALITY_BITS).index(modality)  # type: ignore[arg-type]  # any string may be looked for
            self._projections[key] = Projection(len(vector), VECTOR_DIM, offset)
        projected: Floats = self._projections[key].project(vector[None])[0]
        return projected


class ItemVectors:
    """Publishes the vectors of items whose embeddings are new or changed."""

    def __init__(
        self,
        settings: Settings,
        producer: BatchProducer,
        check: Callable[[], None],
        fusion: Fusion | None = None,
        first: FirstImpressions | None = None,
        time_share: TimeShare | None = None,
    ) -> None:
        """Publishes what the fusion makes of items; None: fixed projections. `first` is told of new items."""
        self._settings = settings
        self._producer = producer
        self._check = check
        self._topic = full_name(settings, "model")
        self._published: dict[bytes, bytes] = {}
        self._waiting: dict[bytes, Embedding | None] = {}
        self._first = FirstImpressions() if first is None else first
        self._fusion = fusion if fusion is not None else Combination()
        self._spaces = ItemSpaces({})
        self.media = ItemMedia()
        """What every item has. To be read only."""
        self._generation = 0
        self._recorded: tuple[dict[str, str], str] = ({}, "")
        """What the topic says is served: spaces and fusion."""
        self._advancing = TimeShare(ADVANCE_SHARE) if time_share is None else time_share

    async def load(self, take_other: Handler) -> None:
        """Reads what is published; records that are neither vectors nor spaces go to `take_other`."""
        self._published, self._recorded = {}, ({}, "")
        epoch = 0

        def take(record: Record) -> None:
            nonlocal epoch
            if record.key.startswith(ITEM_PREFIX):
                self._take_published(record, epoch)
            elif record.value is None:
                return
            elif record.key == SPACES_KEY:
                found = decode_spaces(record.value)
                self._generation = found.generation
                self._spaces.served |= found.served
                self._recorded = (found.served, found.tower)
            else:
                if record.key == PROGRESS_KEY:
                    epoch = max(epoch, decode_progress(record.value).epoch)
                take_other(record)

        model = Follower(self._settings, self._topic)
        await model.assign({0: -1})
        await model.read_to_end(take)
        model.close()

    def _take_published(self, record: Record, epoch: int) -> None:
        """Notes what those who follow have of an item, where `epoch` has been published before."""
        if record.value is None:
            self._published.pop(record.key, None)
        else:
            row = decode_vector(record.value)
            # What a former learner wrote late has been passed over, but not by who starts after compaction.
            self._published[record.key] = row.vector if row.epoch >= epoch else UNKNOWN

    def holds(self, item_id: str) -> bool:
        """Whether the item has a vector that is published, or embeddings to make one of."""
        return ITEM_PREFIX + item_id.encode() in self._published or self._spaces.holds(item_id.encode())

    def behind(self) -> dict[str, int]:
        """As `ItemSpaces.behind`."""
        return self._spaces.behind()

    async def follow(self, ready: asyncio.Event, epoch: Callable[[], int]) -> None:
        """Publishes, for ever, while `ready`; a standby reads along and publishes when it takes over."""
        embeddings = Follower(self._settings, full_name(self._settings, "embeddings"))
        await embeddings.assign(dict.fromkeys(range(table(self._settings)["embeddings"].partitions), -1))
        await ready.wait()
        # What is served has to be known first, or the first vector met would say.
        await embeddings.read_to_end(self._take)
        reading = asyncio.create_task(embeddings.follow(self._take))
        try:
            while True:
                await ready.wait()
                mine = epoch()
                await self._publish(mine, lambda mine=mine: ready.is_set() and epoch() == mine)  # type: ignore[misc]
                if reading.done():
                    reading.result()
                await asyncio.sleep(0.02)
        finally:
            reading.cancel()
            embeddings.close()

    def _take(self, record: Record) -> None:
        embedding = None if record.value is None else decode_embedding(record.value)
        self._spaces.take(record.key, embedding)
        self.media.take(record.key.decode(), embedding)
        self._waiting[ITEM_PREFIX + record.key] = embedding

    async def _publish(self, epoch: int, goes_on: Callable[[], bool]) -> None:
        """Publishes what there is to say, as long as this worker is the learner of that epoch."""
        complete = self._spaces.complete()
        is_other = bool(self._published) and self._fusion.digest != self._recorded[1]
        if complete or is_other:
            self._waiting = {}
            self._spaces.served |= complete
            await self._republish(epoch)
        else:
            waiting, self._waiting = self._waiting, {}
            await self._write(waiting, epoch)
            # Of an item whose encoder is changing the fusion may not know what it was made of.
            if self._advancing.is_free() and not self._spaces.behind() and self._fusion.moved():
                with self._advancing.turn():
                    await self._advance(epoch, goes_on)
        served = (dict(self._spaces.served), self._fusion.digest)
        if self._recorded != served and goes_on():
            # After the vectors, all of which are there when a worker reads this.
            self._recorded = served
            spaces = encode_spaces(Spaces(epoch, self._generation, *served, self._fusion.taste()))
            await self._producer.deliver([Outgoing(self._topic, SPACES_KEY, spaces, 0)], self._check)

    async def _advance(self, epoch: int, goes_on: Callable[[], bool]) -> None:
        """Publishes every vector as the fusion makes it from now on, as the next generation."""
        self._generation += 1
        current: set[bytes] = set()
        for vectors in self._fusion.advance():
            if not goes_on():
                return
            made = {ITEM_PREFIX + item_id.encode(): pack_half(vector) for item_id, vector in vectors.items()}
            outgoing = [self._outgoing(key, vector, None, epoch) for key, vector in made.items()]
            await self._producer.deliver(outgoing, self._check)
            self._published |= made
            current |= made.keys()
        await self._withdraw(self._published.keys() - current, epoch)

    async def _republish(self, epoch: int) -> None:
        """Publishes every vector anew, as the next generation."""
        self._generation += 1
        embeddings = Follower(self._settings, full_name(self._settings, "embeddings"))
        await embeddings.assign(dict.fromkeys(range(table(self._settings)["embeddings"].partitions), -1))
        found: dict[bytes, Embedding | None] = {}

        def take(record: Record) -> None:
            found[ITEM_PREFIX + record.key] = None if record.value is None else decode_embedding(record.value)

        await embeddings.read_to_end(take)
        embeddings.close()
        await self._write(found, epoch, anew=True)
        await self._withdraw(self._published.keys() - found.keys(), epoch)

    async def _withdraw(self, keys: Collection[bytes], epoch: int) -> None:
        """Publishes that these items have no vector."""
        await self._producer.deliver([self._outgoing(key, None, None, epoch) for key in keys], self._check)
        for key in list(keys):
            del self._published[key]

    async def _write(self, waiting: dict[bytes, Embedding | None], epoch: int, *, anew: bool = False) -> None:
        """Publishes items' vectors that are others than before; with `anew` all of them, from what they have now."""
        changed: dict[bytes, bytes | None] = {}
        outgoing: list[Outgoing] = []
        for number, (key, embedding) in enumerate(waiting.items(), 1):
            if number % ITEMS_AT_ONCE == 0:
                await asyncio.sleep(0)
            before = self._published.get(key)
            vector = self._vector(key, embedding, None if anew else before)
            if vector != before or (anew and vector is not None):
                changed[key] = vector
                self._note(key, embedding, is_new=before is None)
                outgoing.append(self._outgoing(key, vector, embedding, epoch))
        await self._producer.deliver(outgoing, self._check)
        for key, vector in changed.items():
            if vector is None:
                self._published.pop(key, None)
            else:
                self._published[key] = vector

    def _note(self, key: bytes, embedding: Embedding | None, *, is_new: bool) -> None:
        item_id = key.removeprefix(ITEM_PREFIX).decode()
        if embedding is None:
            self._first.gone(item_id)
        elif is_new and embedding.media_ms:
            self._first.come(item_id, embedding.media_ms)

    def _vector(self, key: bytes, embedding: Embedding | None, before: bytes | None) -> bytes | None:
        """[VECTOR_DIM] float16 of what is served of an item; what it was while one of its encoders is changing."""
        if before is not None and embedding is not None and self._spaces.is_behind(embedding):
            return before
        media = vectors_in(embedding, self._spaces.served)
        found = self._fusion.vector(key.removeprefix(ITEM_PREFIX).decode(), media)
        return None if found is None else pack_half(found)

    def _outgoing(
        self, key: bytes, vector: bytes | None, embedding: Embedding | None, epoch: int
    ) -> Outgoing:
        """The record of an item's vector, or of its having none; `embedding`: what came in, if that is the reason."""
        media_ms = 0 if embedding is None else embedding.media_ms
        value = (
            None if vector is None else encode_vector(ItemVector(epoch, vector, self._generation, media_ms))
        )
        return Outgoing(self._topic, key, value, 0)
