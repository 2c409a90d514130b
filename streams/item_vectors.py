"""embeddings → model: an item's vector for retrieval; for now its content's, in a fixed projection."""

import asyncio
from collections.abc import Callable

import numpy as np

from encoders.projection import Projection
from streams.embeddings import Embedding, decode_embedding
from streams.follower import Follower, Handler, Record
from streams.producer import BatchProducer, Outgoing
from streams.publications import ITEM_PREFIX, ItemVector, decode_vector, encode_vector
from streams.settings import Settings
from streams.topics import full_name, table

VECTOR_DIM = 64


class ItemVectors:
    """Publishes the vectors of items whose embeddings are new or changed."""

    def __init__(self, settings: Settings, producer: BatchProducer, check: Callable[[], None]) -> None:
        self._settings = settings
        self._producer = producer
        self._check = check
        self._topic = full_name(settings, "model")
        self._published: dict[bytes, bytes] = {}
        self._waiting: dict[bytes, bytes | None] = {}
        self._projections: dict[int, Projection] = {}

    async def load(self, take_other: Handler) -> None:
        """Reads what is published; records that are no item vectors go to `take_other`."""
        self._published = {}

        def take(record: Record) -> None:
            if not record.key.startswith(ITEM_PREFIX):
                take_other(record)
            elif record.value is not None:
                self._published[record.key] = decode_vector(record.value).vector

        model = Follower(self._settings, self._topic)
        await model.assign({0: -1})
        await model.read_to_end(take)
        model.close()

    async def follow(self, ready: asyncio.Event, epoch: Callable[[], int]) -> None:
        """Publishes, for ever, while `ready`; a standby reads along and publishes when it takes over."""
        embeddings = Follower(self._settings, full_name(self._settings, "embeddings"))
        await embeddings.assign(dict.fromkeys(range(table(self._settings)["embeddings"].partitions), -1))
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
        vector = None if record.value is None else self._vector(decode_embedding(record.value))
        self._waiting[ITEM_PREFIX + record.key] = vector

    def _vector(self, embedding: Embedding) -> bytes | None:
        """The mean of the modalities' vectors, projected and scaled to unit length; None without any."""
        rows = [np.frombuffer(e.vector, np.float16) for e in embedding.modalities.values() if e.vector]
        if not rows:
            return None
        total = np.zeros(VECTOR_DIM, np.float32)
        for row in rows:
            if len(row) not in self._projections:
                self._projections[len(row)] = Projection(len(row), VECTOR_DIM)
            projected = self._projections[len(row)].project(row.astype(np.float32)[None])[0]
            total[: len(projected)] += projected
        norm = float(np.linalg.norm(total))
        return None if norm == 0 else (total / norm).astype(np.float16).tobytes()

    async def _publish(self, epoch: int) -> None:
        waiting, self._waiting = self._waiting, {}
        changed = {key: vector for key, vector in waiting.items() if self._published.get(key) != vector}
        outgoing = [
            Outgoing(
                self._topic, key, None if vector is None else encode_vector(ItemVector(epoch, vector)), 0
            )
            for key, vector in changed.items()
        ]
        await self._producer.deliver(outgoing, self._check)
        for key, vector in changed.items():
            if vector is None:
                self._published.pop(key, None)
            else:
                self._published[key] = vector
