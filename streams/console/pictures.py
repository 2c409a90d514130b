"""Items' pictures, small, made by the console itself: a browser that shows them asks nobody else."""

import asyncio
from collections import OrderedDict
from hashlib import blake2b
from http import HTTPStatus
from io import BytesIO

import msgspec

from encoders.base import BadEntryError
from encoders.image import decode_image
from streams.console.problems import ApiError
from streams.events import Medium
from streams.fetching.fetch import Fetcher

SIDE = 320
"""Pixels of the longer side."""
KEPT = 512
"""Pictures, some 15 kB each."""
AT_ONCE = 2
"""Pictures decoded at a time."""


class Pictures:
    """Fetches within the limits that encode workers fetch within, reduces, and keeps the last."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def small(self, medium: Medium) -> bytes:
        """A JPEG of the picture.

        Raises:
            MediumError: It cannot be had.
            ApiError: It is no picture.
        """
        key = blake2b(msgspec.json.encode(medium), digest_size=16).digest()
        found = self._kept.get(key)
        if found is None:
            async with self._turns:
                data = await self._fetcher.fetch(medium)
                found = await asyncio.to_thread(_reduced, data)
            self._kept[key] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found


def _reduced(data: bytes) -> bytes:
    try:
        image = decode_image(data)
    except BadEntryError as exc:
        attempt = "see the item's document"
        raise ApiError(HTTPStatus.BAD_GATEWAY, str(exc), "the item's image", attempt) from None
    image.thumbnail((SIDE, SIDE))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()
