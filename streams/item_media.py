"""Which media every item has a vector of, as the learner reads along: items are counted and lists judged by it."""

from collections import Counter
from functools import cache

from encoders.modalities import MODALITY_BITS, modalities_in, modality_mask
from streams.embeddings import Embedding

NO_MEDIA = "none"


class ItemMedia:
    """The media of items by id, a small number each."""

    def __init__(self) -> None:
        self._masks: dict[str, int] = {}
        self._counts: Counter[int] = Counter()

    def take(self, item_id: str, embedding: Embedding | None) -> None:
        """Notes an item's vectors; None: the item is gone."""
        self._counts[self._masks.pop(item_id, 0)] -= 1
        rows = {} if embedding is None else embedding.modalities
        mask = modality_mask(
            modality for modality in MODALITY_BITS if modality in rows and rows[modality].vector
        )
        self._counts[mask] += 1
        if mask:
            self._masks[item_id] = mask

    def name_of(self, item_id: str) -> str:
        """The media that an item has, as in `text+image`; NO_MEDIA where it has none."""
        return _name(self._masks.get(item_id, 0))

    def counts(self) -> dict[str, int]:
        """How many items have a vector of each modality."""
        return {
            modality: sum(count for mask, count in self._counts.items() if mask & bit)
            for modality, bit in MODALITY_BITS.items()
        }


@cache
def _name(mask: int) -> str:
    """Asked for each item of each set that is scored, of a few masks."""
    return "+".join(modalities_in(mask)) or NO_MEDIA
