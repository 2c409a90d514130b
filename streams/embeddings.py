"""Records of the internal `embeddings` topic: an item's vectors, one a modality, and what they were made from."""

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from encoders.projection import unpack_one


class Embedded(msgspec.Struct, array_like=True):
    """One modality of one item. Equal content and encoder mean an equal vector, so nothing is encoded twice."""

    content_hash: str
    encoder: str
    """Name and version of the encoder."""
    vector: bytes
    """[dim] float16, unit length; empty where encoding failed."""
    error: str | None = None
    """Why there is no vector, or only that of an earlier file. Without a vector and a reason, the content has nothing
    of this modality."""
    transient: bool = False
    """Whether it may be had later: an address that did not answer, a device without memory."""


class Embedding(msgspec.Struct):
    """All of an item's vectors, by modality."""

    item_id: str
    modalities: dict[str, Embedded]
    media_ms: int = 0
    """Kafka's timestamp of the newest media event that it contains."""


def vectors_in(embedding: Embedding | None, served: Mapping[str, str]) -> dict[str, NDArray[np.float32]]:
    """An item's vectors by modality, [dim], as far as they are in the spaces that are served: encoders, by modality."""
    rows = {} if embedding is None else embedding.modalities
    return {
        modality: unpack_one(row.vector)
        for modality, row in rows.items()
        if row.vector and row.encoder == served.get(modality)
    }


encode_embedding = msgspec.msgpack.Encoder().encode
decode_embedding = msgspec.msgpack.Decoder(Embedding).decode
