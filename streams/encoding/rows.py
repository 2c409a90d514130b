"""Item documents to their vectors: what was encoded before is not encoded again, whichever item it was of."""

import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from encoders.modalities import MODALITY_BITS, Modality, modality_mask
from streams import metrics
from streams.embeddings import Embedded
from streams.encoding.sources import AT_HAND, FETCHED, Source, sources
from streams.encoding.spaces import Space, Spaces
from streams.events import ItemDocument

Rows = dict[str, Embedded]
"""An item's vectors, by modality."""
Find = Callable[[str, str], Embedded | None]
"""What was made of a content hash in a space."""


class RowMaker:
    """Makes vectors of what is at hand, and says what has yet to be fetched."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces

    def encode(self, documents: Sequence[ItemDocument], find: Find) -> list[Embedded]:
        """Encodes the texts and places that were never encoded; takes the calling thread for that long."""
        return [
            row
            for modality in AT_HAND
            if modality in self._spaces
            for row in self._encode(modality, documents, find)
        ]

    def _encode(self, modality: Modality, documents: Sequence[ItemDocument], find: Find) -> list[Embedded]:
        space = self._spaces[modality]
        found = [source for d in documents if (source := sources(d).get(modality)) is not None]
        new = {s.content_hash: s.raw for s in found if find(s.content_hash, space.name) is None}
        if not new:
            return []
        started_s = time.perf_counter()
        encoded = space.encoder.encode(list(new.values()))
        measure(modality, len(new), len(encoded.errors), time.perf_counter() - started_s)
        return space.rows(list(new), encoded)

    def missing(self, document: ItemDocument, find: Find) -> dict[Modality, Source]:
        """What of the document has no vector yet, nor a lasting reason why not."""
        return {
            modality: source
            for modality, source, space in self._wanted(document)
            if (row := find(source.content_hash, space.name)) is None or row.transient
        }

    def failed(self, document: ItemDocument, find: Find) -> list[Embedded]:
        """What stands for the document's files that cannot be had or read, for a lasting reason."""
        found = (
            find(source.content_hash, space.name)
            for modality, source, space in self._wanted(document)
            if modality in FETCHED
        )
        return [row for row in found if row is not None and row.error and not row.transient]

    def is_unsaid(self, document: ItemDocument, find: Find, published: Rows) -> bool:
        """Whether something that is made of the document, be it for another item, is not among what is published of it.

        That goes for its vectors, and for what the document says of them.
        """
        for modality, source, space in self._wanted(document):
            made, known = find(source.content_hash, space.name), published.get(modality)
            row = None if made is None else _standing(made, known)
            if row is not None and (
                _sight(row) != (known and _sight(known))
                or bool(row.vector) != bool(document.modalities & MODALITY_BITS[modality])
            ):
                return True
        return False

    def rows(self, document: ItemDocument, find: Find, earlier: Rows) -> Rows:
        """The document's vectors as far as they are made; sets the document's mask and errors in place.

        Until a changed file's vector is made, the one of the file before stays.
        So it does while the file cannot be had for a passing reason, which is then said beside it.
        """
        rows: Rows = {}
        for modality, source, space in self._wanted(document):
            made, before = find(source.content_hash, space.name), earlier.get(modality)
            row = before if made is None else _standing(made, before)
            if row is not None:
                rows[modality] = row
        document.modalities = modality_mask(
            modality for modality in self._spaces if modality in rows and rows[modality].vector
        )
        document.encode_errors = {m: row.error for m, row in rows.items() if row.error} or None
        return rows

    def _wanted(self, document: ItemDocument) -> Iterator[tuple[Modality, Source, Space]]:
        for modality, source in sources(document).items():
            space = self._spaces.get(modality)
            if space is not None:
                yield modality, source, space


def _standing(made: Embedded, before: Embedded | None) -> Embedded:
    """What is published where this was made last: a vector of the same space stays, with why there is no newer one."""
    if made.transient and before is not None and before.vector and before.encoder == made.encoder:
        return msgspec.structs.replace(before, error=made.error, transient=True)
    return made


def _sight(row: Embedded) -> tuple[str, str, bool]:
    return row.content_hash, row.encoder, bool(row.vector)


def measure(modality: Modality, count: int, failed_count: int, seconds: float) -> None:
    """Counts a batch that was encoded."""
    metrics.ENCODE_SECONDS.labels(modality=modality).observe(seconds)
    metrics.ENCODED.labels(modality=modality).inc(count - failed_count)
    metrics.ENCODE_FAILURES.labels(modality=modality).inc(failed_count)
