"""embeddings → model: an item's vector for retrieval; for now its modalities', in fixed projections.

When an encoder is replaced, vectors of its space are published all at once, as a new generation, as soon as every
item has one; until then an item keeps the vector it has.
"""

import asyncio
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from encoders.modalities import MODALITY_BITS
from encoders.projection import Projection
from streams.embeddings import Embedding, decode_embedding
from streams.follower import Follower, Handler, Record
from streams.item_spaces import ItemSpaces
from streams.producer import BatchProducer, Outgoing
from streams.publications import (
    ITEM_PREFIX,
    SPACES_KEY,
    ItemVector,
    Spaces,
    decode_spaces,
    decode_vector,
    encode_spaces,
    encode_vector,
)
from streams.settings import Settings
from streams.topics import full_name, table

VECTOR_DIM = 64


class Combination:
    """The modalities' vectors as one: each in a projection of its own, so that only equal modalities are alike."""

    def __init__(self) -> None:
        self._projections: dict[tuple[str, int], Projection] = {}

    def vector(self, embedding: Embedding, served: dict[str, str]) -> bytes | None:
        """[VECTOR_DIM] float16 of unit length: the sum over the modalities that are served; None without any."""
        found = self.combine(
            {
                modality: np.frombuffer(row.vector, np.float16).astype(np.float32)
                for modality, row in embedding.modalities.items()
                if row.vector and row.encoder == served.get(modality)
            }
        )
        return None if found is None else found.astype(np.float16).tobytes()

    def combine(self, media: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32] | None:
        """[VECTOR_DIM] of unit length: the sum over an item's modalities; None without any."""
        total = np.zeros(VECTOR_DIM, np.float32)
        for modality, vector in media.items():
            projected = self._projected(modality, vector)
            total[: len(projected)] += projected
        norm = float(np.linalg.norm(total))
        return None if norm == 0 else total / norm

    def _projected(self, modality: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        key = (modality, len(vector))
        if key not in self._projections:
            offset = list(MODALITY_BITS).index(modality)  # type: ignore[arg-type]  # any string may be looked for
            self._projections[key] = Projection(len(vector), VECTOR_DIM, offset)
        projected: NDArray[np.float32] = self._projections[key].project(vector[None])[0]
        return projected


class ItemVectors:
    """Publishes the vectors of items whose embeddings are new or changed."""

    def __init__(self, settings: Settings, producer: BatchProducer, check: Callable[[], None]) -> None:
        self._settings = settings
        self._producer = producer
        self._check = check
        self._topic = full_name(settings, "model")
        self._published: dict[bytes, bytes] = {}
        self._waiting: dict[bytes, Embedding | None] = {}
        self._combination = Combination()
        self._spaces = ItemSpaces({})
        self._generation = 0
        self._recorded: dict[str, str] = {}
        """What the topic says is served."""

    async def load(self, take_other: Handler) -> None:
        """Reads what is published; records that are neither vectors nor spaces go to `take_other`."""
        self._published = {}

        def take(record: Record) -> None:
            if record.value is None:
                return
            if record.key == SPACES_KEY:
                found = decode_spaces(record.value)
                self._generation = found.generation
                self._spaces.served |= found.served
                self._recorded = found.served
            elif record.key.startswith(ITEM_PREFIX):
                self._published[record.key] = decode_vector(record.value).vector
            else:
                take_other(record)

        model = Follower(self._settings, self._topic)
        await model.assign({0: -1})
        await model.read_to_end(take)
        model.close()

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
                await self._publish(epoch())
                if reading.done():
                    reading.result()
                await asyncio.sleep(0.02)
        finally:
            reading.cancel()
            embeddings.close()

    def _take(self, record: Record) -> None:
        embedding = None if record.value is None else decode_embedding(record.value)
        self._spaces.take(record.key, embedding)
        self._waiting[ITEM_PREFIX + record.key] = embedding

    async def _publish(self, epoch: int) -> None:
        waiting, self._waiting = self._waiting, {}
        if complete := self._spaces.complete():
            await self._republish(complete, epoch)
        else:
            await self._write(waiting, epoch)
        if self._recorded != self._spaces.served:
            # After the vectors, all of which are there when a worker reads this.
            self._recorded = dict(self._spaces.served)
            spaces = encode_spaces(Spaces(epoch, self._generation, self._recorded))
            await self._producer.deliver([Outgoing(self._topic, SPACES_KEY, spaces, 0)], self._check)

    async def _republish(self, complete: dict[str, str], epoch: int) -> None:
        """Publishes every vector anew, as the next generation."""
        self._spaces.served |= complete
        self._generation += 1
        self._published = {}
        embeddings = Follower(self._settings, full_name(self._settings, "embeddings"))
        await embeddings.assign(dict.fromkeys(range(table(self._settings)["embeddings"].partitions), -1))
        found: dict[bytes, Embedding | None] = {}

        def take(record: Record) -> None:
            found[ITEM_PREFIX + record.key] = None if record.value is None else decode_embedding(record.value)

        await embeddings.read_to_end(take)
        embeddings.close()
        await self._write(found, epoch)

    async def _write(self, waiting: dict[bytes, Embedding | None], epoch: int) -> None:
        changed: dict[bytes, bytes | None] = {}
        outgoing: list[Outgoing] = []
        for key, embedding in waiting.items():
            before = self._published.get(key)
            vector = None if embedding is None else self._vector(embedding, before)
            if vector != before:
                changed[key] = vector
                outgoing.append(Outgoing(self._topic, key, self._record(vector, embedding, epoch), 0))
        await self._producer.deliver(outgoing, self._check)
        for key, vector in changed.items():
            if vector is None:
                self._published.pop(key, None)
            else:
                self._published[key] = vector

    def _vector(self, embedding: Embedding, before: bytes | None) -> bytes | None:
        if before is not None and self._spaces.is_behind(embedding):
            return before
        return self._combination.vector(embedding, self._spaces.served)

    def _record(self, vector: bytes | None, embedding: Embedding | None, epoch: int) -> bytes | None:
        if vector is None or embedding is None:
            return None
        return encode_vector(ItemVector(epoch, vector, self._generation, embedding.media_ms))
