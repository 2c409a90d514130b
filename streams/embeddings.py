"""Records of the internal `embeddings` topic: an item's vectors, one a modality, and what they were made from."""

import msgspec


class Embedded(msgspec.Struct, array_like=True):
    """One modality of one item. Equal content and encoder mean an equal vector, so nothing is encoded twice."""

    content_hash: str
    encoder: str
    """Name and version of the encoder."""
    vector: bytes
    """[dim] float16, unit length; empty where encoding failed."""
    error: str | None = None
    """Why there is no vector. Without a reason either, the content has nothing of this modality."""
    transient: bool = False
    """Whether it may be had later: an address that did not answer."""


class Embedding(msgspec.Struct):
    """All of an item's vectors, by modality."""

    item_id: str
    modalities: dict[str, Embedded]
    media_ms: int = 0
    """Kafka's timestamp of the newest media event that it contains."""


encode_embedding = msgspec.msgpack.Encoder().encode
decode_embedding = msgspec.msgpack.Decoder(Embedding).decode
