"""Records of the internal `queries` topic: a search on its way to an encode worker, and back with its vector."""

import msgspec

from streams.embeddings import Embedded
from streams.events import Request


class SearchQuery(msgspec.Struct):
    """A search and all that is needed to answer it, so that any recommend worker can."""

    request: Request
    hidden: list[str]
    """Items that the request's user hid."""
    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    """Of the response, as `key`."""
    reply_partition: int
    """Of `responses`, where the answer is awaited."""
    modality: str = ""
    """What the query is, as `row` set by an encode worker."""
    row: Embedded | None = None
    """Its vector, or why it has none; None: not encoded yet."""


encode_query = msgspec.msgpack.Encoder().encode
decode_query = msgspec.msgpack.Decoder(SearchQuery).decode
