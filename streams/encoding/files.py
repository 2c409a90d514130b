"""Files to vectors, beside the stream: fetched, decoded on a few threads, encoded in batches."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, cast

from encoders.base import BadEntryError
from encoders.modalities import Modality
from encoders.video import VideoEncoder, decode_video
from streams import metrics
from streams.embeddings import Embedded
from streams.encoding.embedder import Embedder
from streams.encoding.sources import Source, medium_hash
from streams.encoding.spaces import Spaces
from streams.events import Medium
from streams.fetching.fetch import Fetcher, MediumError

logger = logging.getLogger(__name__)

Group = dict[Modality, Source]
"""The modalities that are made from one file."""


class Decoded(NamedTuple):
    """What a file holds of one modality: neither field is set where it holds none."""

    prepared: Any = None
    """As the modality's encoder prepared it."""
    reason: str | None = None
    """Why it could not be prepared."""


class _Making(NamedTuple):
    """A file that is under way."""

    had: asyncio.Event
    """Set when its host has nothing more to do with it."""
    rows: asyncio.Task[list[Embedded]]


class FileEncoding:
    """Makes the rows of files. Equal files that are asked for at the same time are fetched once."""

    def __init__(self, spaces: Spaces, fetcher: Fetcher, embedder: Embedder) -> None:
        self._spaces = spaces
        self._fetcher = fetcher
        self._embedder = embedder
        self._decoders = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="decode")
        self._under_way: dict[tuple[tuple[Modality, str], ...], _Making] = {}
        for modality in spaces:
            # From 0 on: where every file fails, a share of failures needs both.
            metrics.ENCODED.labels(modality=modality)
            metrics.ENCODE_FAILURES.labels(modality=modality)

    async def rows(
        self, wanted: Mapping[Modality, Source], had: Callable[[], object] = lambda: None
    ) -> list[Embedded]:
        """One row for each source, whatever happens: a vector, a reason, or neither where there is nothing.

        Args:
            wanted: What to make vectors of.
            had: Called when no host is asked any more, whatever came of it.
        """
        groups: dict[str, Group] = {}
        for modality, source in wanted.items():
            groups.setdefault(medium_hash(cast(Medium, source.raw)), {})[modality] = source
        making = [self._once(group) for group in groups.values()]
        for file in making:
            await file.had.wait()
        had()
        # Whoever asked first may be cancelled; the others still want it.
        made = await asyncio.gather(*(asyncio.shield(file.rows) for file in making))
        return [row for rows in made for row in rows]

    def _once(self, group: Group) -> _Making:
        key = tuple((modality, source.content_hash) for modality, source in group.items())
        if key not in self._under_way:
            had = asyncio.Event()
            task = asyncio.create_task(self._make(group, had))
            self._under_way[key] = _Making(had, task)
            task.add_done_callback(lambda _: self._under_way.pop(key))
        return self._under_way[key]

    async def _make(self, group: Group, had: asyncio.Event) -> list[Embedded]:
        medium = next(iter(group.values())).raw
        try:
            data = await self._fetcher.fetch(cast(Medium, medium))
        except MediumError as exc:
            metrics.FETCH_FAILURES.labels(kind=exc.kind).inc()
            for modality in group:
                # What may pass is tried again, again and again: it is no failure yet.
                metrics.ENCODE_FAILURES.labels(modality=modality).inc(not exc.transient)
            return [
                self._spaces[modality].failed(source.content_hash, str(exc), transient=exc.transient)
                for modality, source in group.items()
            ]
        finally:
            had.set()
        metrics.FETCHED_BYTES.inc(len(data))
        decoded = await asyncio.get_running_loop().run_in_executor(self._decoders, self._decode, data, group)
        del data
        return list(await asyncio.gather(*(self._row(m, s, decoded[m]) for m, s in group.items())))

    def _decode(self, data: bytes, group: Group) -> dict[Modality, Decoded]:
        """What each modality is made of; one file may be an item's picture or sound, and its video too."""
        filmed = {m: source for m, source in group.items() if m == "video" or source.is_soundtrack}
        found = {
            m: _guarded(partial(self._spaces[m].encoder.prepare, data)) for m in group if m not in filmed
        }
        return found | self._decode_video(data, filmed) if filmed else found

    def _decode_video(self, data: bytes, group: Group) -> dict[Modality, Decoded]:
        """A video is decoded once for its pictures and its sound."""
        soundtrack = any(source.is_soundtrack for source in group.values())
        frames = cast(VideoEncoder[Any], self._spaces["video"].encoder).frame_count if "video" in group else 1
        clip = _guarded(partial(decode_video, data, frames, with_sound=soundtrack))
        if clip.reason is not None:
            # What cannot be seen, of a codec that is unknown here or too large, may be heard.
            return {
                m: _guarded(partial(self._spaces[m].encoder.prepare, data)) if s.is_soundtrack else clip
                for m, s in group.items()
            }
        parts = {m: clip.prepared.sound if s.is_soundtrack else clip.prepared for m, s in group.items()}
        return {
            m: Decoded() if part is None else _guarded(partial(self._spaces[m].encoder.prepare, part))
            for m, part in parts.items()
        }

    async def _row(self, modality: Modality, source: Source, decoded: Decoded) -> Embedded:
        space = self._spaces[modality]
        if decoded.reason is not None:
            metrics.ENCODE_FAILURES.labels(modality=modality).inc()
            return space.failed(source.content_hash, decoded.reason)
        if decoded.prepared is None:
            return space.absent(source.content_hash)
        return await self._embedder.embed(modality, source.content_hash, decoded.prepared)


def _guarded(prepare: Callable[[], Any]) -> Decoded:
    """Nothing that one file contains may stop the others."""
    try:
        return Decoded(prepare())
    except BadEntryError as exc:
        return Decoded(reason=str(exc))
    except Exception as exc:
        logger.exception("a file could not be decoded")
        return Decoded(reason=f"internal: {type(exc).__name__}: {exc}")
