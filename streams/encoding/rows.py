"""Item documents to embeddings: content that was encoded before is not encoded again, whichever item it was of."""

import time
from collections.abc import Callable, Sequence

import msgspec

from encoders.base import Encoder
from encoders.content import content_hash, item_text
from encoders.modalities import modality_mask
from encoders.projection import Projection, pack_half
from streams import metrics
from streams.embeddings import Embedded
from streams.events import ItemDocument

Rows = dict[str, Embedded]
"""An item's vectors, by modality."""
Find = Callable[[str, str], Embedded | None]
"""What was made of a content hash by an encoder."""


class TextEncoding:
    """Makes the text vectors of items. The other modalities will stand beside it."""

    def __init__(self, encoder: Encoder[str]) -> None:
        self._encoder = encoder
        self._projection = Projection(encoder.dim)
        self.name = f"{encoder.name}/{encoder.version}/{self._projection.version}"
        """What a vector depends on besides its content."""

    def encode(self, documents: Sequence[ItemDocument], find: Find) -> dict[str, Rows]:
        """Encodes the texts that were never encoded; sets the documents' masks and errors in place.

        Args:
            documents: Items of one batch.
            find: Looks up what is encoded already.

        Returns:
            All vectors of each item, by item id and modality.
        """
        texts = {d.item_id: item_text(msgspec.to_builtins(d)) for d in documents}
        hashes = {item_id: content_hash(text) for item_id, text in texts.items() if text}
        made = {h: row for h in set(hashes.values()) if (row := find(h, self.name)) is not None}
        new = {h: texts[item_id] for item_id, h in hashes.items() if h not in made}
        metrics.ENCODE_SKIPPED.labels(modality="text").inc(len(hashes) - len(new))
        made |= self._make(list(new), list(new.values()))
        rows: dict[str, Rows] = {
            d.item_id: {"text": made[hashes[d.item_id]]} if d.item_id in hashes else {} for d in documents
        }
        for document in documents:
            _describe(document, rows[document.item_id])
        return rows

    def _make(self, hashes: list[str], texts: list[str]) -> Rows:
        if not texts:
            return {}
        started_s = time.perf_counter()
        encoded = self._encoder.encode(texts)
        metrics.ENCODE_SECONDS.labels(modality="text").observe(time.perf_counter() - started_s)
        metrics.ENCODED.labels(modality="text").inc(len(texts) - len(encoded.errors))
        metrics.ENCODE_FAILURES.labels(modality="text").inc(len(encoded.errors))
        vectors = self._projection.project(encoded.vectors)
        return {
            h: Embedded(h, self.name, b"", encoded.errors[i])
            if i in encoded.errors
            else Embedded(h, self.name, pack_half(vectors[i]))
            for i, h in enumerate(hashes)
        }


def _describe(document: ItemDocument, rows: Rows) -> None:
    document.modalities = modality_mask("text" for row in rows.values() if row.vector)
    errors = {modality: row.error for modality, row in rows.items() if row.error}
    document.encode_errors = errors or None
