"""Which encoder's vectors are served of each modality, while another one's come in beside them."""

from collections import Counter
from collections.abc import Mapping

from streams.embeddings import Embedding


class ItemSpaces:
    """Counts in which space each item's vectors lie.

    A new encoder's vectors come in item by item. They are not served before every item that has the modality
    has one, so that vectors of two spaces are never compared.
    """

    def __init__(self, served: Mapping[str, str]) -> None:
        """Starts with what is served: a space's name for each modality."""
        self.served = dict(served)
        self._of_item: dict[bytes, tuple[tuple[str, str], ...]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def take(self, key: bytes, embedding: Embedding | None) -> None:
        """Notes in which spaces an item's vectors lie now; None forgets the item."""
        rows = {} if embedding is None else embedding.modalities
        new = tuple((modality, row.encoder) for modality, row in rows.items() if row.vector)
        self._counts.subtract(self._of_item.pop(key, ()))
        if new:
            self._of_item[key] = new
            self._counts.update(new)
        for modality, name in new:
            self.served.setdefault(modality, name)

    def holds(self, key: bytes) -> bool:
        """Whether the item has any vector."""
        return key in self._of_item

    def is_behind(self, embedding: Embedding) -> bool:
        """Whether the item has a vector that is not served yet."""
        return any(
            row.vector and row.encoder != self.served.get(modality)
            for modality, row in embedding.modalities.items()
        )

    def complete(self) -> dict[str, str]:
        """The modalities of which every vector lies in one space that is not the served one, and its name."""
        return {
            modality: next(iter(names))
            for modality, names in self._found().items()
            if len(names) == 1 and self.served.get(modality) not in names
        }

    def behind(self) -> dict[str, int]:
        """The modalities whose encoder is changing, and how many items have yet to get a vector of the new one.

        New is what most of the vectors that are not served lie in. A number that stays is that of a change
        which does not complete: a worker with the old encoder goes on making vectors, or none makes new ones.
        """
        behind: dict[str, int] = {}
        for modality, names in self._found().items():
            served = self.served.get(modality)
            if new := max((count for name, count in names.items() if name != served), default=0):
                behind[modality] = sum(names.values()) - new
        return behind

    def _found(self) -> dict[str, dict[str, int]]:
        """By modality and space: how many items have a vector there."""
        found: dict[str, dict[str, int]] = {}
        for (modality, name), count in self._counts.items():
            if count > 0:
                found.setdefault(modality, {})[name] = count
        return found
