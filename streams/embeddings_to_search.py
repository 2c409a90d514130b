"""embeddings → what searches look through: a recommend worker keeps every item's vectors by modality."""

from encoders.projection import unpack_one
from online.recommender import Recommender
from streams.embeddings import decode_embedding
from streams.follower import Follower, Record
from streams.settings import Settings
from streams.topics import full_name, table


class EmbeddingsToSearch:
    """Loads and then follows the vectors of the modalities that the settings name."""

    def __init__(self, settings: Settings, recommender: Recommender) -> None:
        self._recommender = recommender
        self._searched = settings.searched
        self._partitions = range(table(settings)["embeddings"].partitions if settings.searched else 0)
        self._embeddings = Follower(settings, full_name(settings, "embeddings"))

    async def load(self) -> None:
        """Takes in the vectors as they are now."""
        await self._embeddings.assign(dict.fromkeys(self._partitions, -1))
        await self._embeddings.read_to_end(self._take)

    async def follow(self) -> None:
        """Keeps up, for ever."""
        await self._embeddings.follow(self._take)

    def holds(self, item_id: str) -> bool:
        """Whether searches can find the item."""
        return self._recommender.by_modality.has(self._recommender.catalogue.row(item_id))

    def _take(self, record: Record) -> None:
        item_id = record.key.decode()
        catalogue, index = self._recommender.catalogue, self._recommender.by_modality
        if record.value is None:
            row = catalogue.row(item_id)
            if row >= 0:
                index.drop(row)
            return
        row = catalogue.place(item_id)
        found = decode_embedding(record.value).modalities
        for modality in self._searched:
            embedded = found.get(modality)
            if embedded is None or not embedded.vector:
                index.drop(row, modality)
            else:
                index.put(row, modality, embedded.encoder, unpack_one(embedded.vector))
