"""What of an item document each modality's vector is made from."""

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from encoders.content import content_hash, item_text
from encoders.modalities import Modality
from streams.events import ItemDocument, Medium

FETCHED: tuple[Modality, ...] = ("image", "audio", "video")
"""Made beside the stream: a file has to be had and decoded first."""
AT_HAND: tuple[Modality, ...] = ("text", "location")
"""Made within the stream: everything is in the document."""


class Source(NamedTuple):
    """What a vector is made from. Equal hashes, equal vectors in the same space."""

    content_hash: str
    raw: str | tuple[float, float] | Medium
    """Text, latitude and longitude in degrees, or a file."""
    is_soundtrack: bool = False
    """The file is a video, of which only the sound is meant."""


def sources(document: ItemDocument) -> dict[Modality, Source]:
    """What the document's modalities are made from; a modality it has not is missing.

    The sound of a video counts as the item's sound where it has no other. Files are known by their address:
    one that changes behind the same address is not fetched again.
    """
    found: dict[Modality, Source] = {}
    text = item_text(msgspec.to_builtins(document))
    if text:
        found["text"] = Source(content_hash(text), text)
    if document.location is not None:
        place = (document.location.lat, document.location.lon)
        found["location"] = Source(content_hash(list(place)), place)
    if document.image is not None:
        found["image"] = Source(medium_hash(document.image), document.image)
    if document.video is not None:
        found["video"] = Source(medium_hash(document.video), document.video)
        found["audio"] = Source(medium_hash(document.video, b"sound"), document.video, is_soundtrack=True)
    if document.audio is not None:
        found["audio"] = Source(medium_hash(document.audio), document.audio)
    return found


def medium_hash(medium: Medium, part: bytes = b"") -> str:
    """A stable hash of a file's address or inline data, and of which part of it is meant."""
    digest = blake2b(digest_size=16, person=part)
    for field in (medium.url, medium.data, medium.format):
        data = field.encode() if isinstance(field, str) else b""
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
