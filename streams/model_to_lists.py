"""model, items and examples → what lists are made from: a recommend worker keeps up with all three.

Statistics are a fold over the log of examples, made here by the same code as in the learner: from its newest
snapshot, then the log after it. Item documents and vectors come from compacted topics, read from their start.
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec
from confluent_kafka.admin import AdminClient

from encoders.projection import unpack_one
from online import example_codec
from online.events import UserErased
from online.fold import ExampleFold
from online.fusion.taste import unpack as unpack_taste
from online.item import Item
from online.ranking.network import unpack
from online.rules.rule import Rule, RulesError, parse, read
from online.statistics.base import Floats
from streams import metrics
from streams.clock import now_ms
from streams.events import Cause, ItemDocument
from streams.follower import Follower, Record
from streams.item_changes import ItemChanges
from streams.lists import ListMaker
from streams.publications import (
    ITEM_PREFIX,
    PROGRESS_KEY,
    RANKING_KEY,
    SPACES_KEY,
    decode_progress,
    decode_ranking,
    decode_spaces,
    decode_vector,
)
from streams.served_vectors import ServedVectors
from streams.settings import Settings, SettingsError
from streams.stores.documents import MEDIA_MS_HEADER
from streams.stores.snapshots import SnapshotStore
from streams.topics import full_name, home_partition, table, topic_ids

logger = logging.getLogger(__name__)

SAME = 0.99
"""Cosine from which on two vectors of an item say the same."""

_decode_document = msgspec.json.Decoder(ItemDocument).decode


class ModelToLists:
    """Loads and then follows what a recommend worker makes lists from."""

    def __init__(
        self,
        settings: Settings,
        admin: AdminClient,
        lists: ListMaker,
        fold: ExampleFold,
        changes: ItemChanges | None = None,
    ) -> None:
        self._settings = settings
        self._admin = admin
        self._lists = lists
        self._fold = fold
        self._changes = ItemChanges() if changes is None else changes
        self._vectors = ServedVectors(lists.recommender)
        self._is_live = False
        self.epoch = 0
        """Of the newest learner heard of."""
        self.served: dict[str, str] = {}
        """The encoders whose vectors are served, by modality."""
        self._published_ms = 0
        self._items_ms = 0
        """When a document or vector was taken in last."""
        self._examples = Follower(settings, full_name(settings, "examples"), gaps="error")
        self._items = Follower(settings, full_name(settings, "items"))
        self._model = Follower(settings, full_name(settings, "model"))
        self._rules = Follower(settings, full_name(settings, "rules"))

    async def load(self) -> None:
        """Takes in documents, vectors and statistics as they are now.

        Raises:
            TopicsError: The log of examples is missing, or not for this client to see.
            StoreError: A snapshot cannot be read or decrypted.
            LogGapError: The log no longer has what comes after the newest snapshot.
        """
        await self._examples.assign({0: load_snapshot(self._settings, self._admin, self._fold)})
        await self.load_items()
        await self._examples.read_to_end(self._take_example)

    async def load_items(self) -> None:
        """Takes in documents, vectors and what else the learner has published, as they are now."""
        rows = table(self._settings)
        await self._items.assign(dict.fromkeys(range(rows["items"].partitions), -1))
        await self._model.assign({0: -1})
        await self._rules.assign({0: -1})
        self._lists.rules = rules_of(self._settings)
        await self._rules.read_to_end(self._take_rules)
        await self._items.read_to_end(self._take_item)
        await self._model.read_to_end(self._take_publication)

    async def follow(self) -> None:
        """Keeps up, for ever; ends with the first error."""
        self._is_live = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._examples.follow(self._take_example))
                tasks.create_task(self._items.follow(self._take_item))
                tasks.create_task(self._model.follow(self._take_publication))
                tasks.create_task(self._rules.follow(self._take_rules))
        except ExceptionGroup as group:
            # One is enough to end the worker, in one line.
            raise group.exceptions[0] from None

    def holds(self, user_id: str) -> bool:
        """Whether examples of the user wait for their set to close."""
        return self._fold.holds(user_id)

    def holders_of_items(self) -> dict[str, Callable[[str], bool]]:
        """By store, whether it holds anything of an item that would bring it into lists."""
        items = self._lists.recommender.catalogue
        return {
            "documents": lambda item_id: items.document(item_id) is not None,
            "candidates": lambda item_id: items.row(item_id) >= 0 and items.may_list(item_id, now_ms()),
            "vectors": self._vectors.holds,
        }

    def close(self) -> None:
        """Stops reading."""
        for follower in (self._examples, self._items, self._model, self._rules):
            follower.close()

    def measure(self) -> None:
        """Sets the gauges."""
        metrics.ITEMS.set(self._lists.recommender.catalogue.document_count)
        if self._published_ms:
            metrics.MODEL_AGE.set((now_ms() - self._published_ms) / 1000)
        if self._items_ms:
            metrics.ITEM_STORE_AGE.set((now_ms() - self._items_ms) / 1000)

    def _take_example(self, record: Record) -> None:
        if record.value is not None:
            example = example_codec.unpack(record.value)
            sets = self._fold.fold(example, record.timestamp_ms)
            if isinstance(example, UserErased):
                home_partition.cache_clear()  # it remembers ids
            metrics.EXAMPLES_FOLDED.inc(sum(len(s.examples) for s in sets))

    def _take_rules(self, record: Record) -> None:
        """Follows new rules, unless one of them is wrong; a tombstone gives those of the settings back."""
        try:
            text = None if record.value is None else record.value.decode()
            self._lists.rules = rules_of(self._settings) if text is None else parse(text)
        except ValueError as exc:
            logger.error("rules at %d are refused, the old ones stay: %s", record.offset, exc)
            metrics.RULES_REFUSED.inc()

    def _take_item(self, record: Record) -> None:
        self._items_ms = now_ms()
        recommender, item_id = self._lists.recommender, record.key.decode()
        media_ms = int(record.headers.get(MEDIA_MS_HEADER, b"0"))
        catalogue = recommender.catalogue
        filled_lists = catalogue.document(item_id) is not None and catalogue.may_list(item_id, now_ms())
        if record.value is None:
            recommender.delete_item(item_id)
        else:
            recommender.put_item(to_item(_decode_document(record.value)))
            self._measure_freshness("document", media_ms)
        if not self._is_live:
            return
        cause = _cause(item_id, self._items.topic, record, media_ms)
        if not catalogue.may_list(item_id, now_ms()):
            self._changes.gone(cause)
        elif not filled_lists:
            self._changes.come(cause)

    def _take_publication(self, record: Record) -> None:
        if record.key == PROGRESS_KEY and record.value is not None:
            progress = decode_progress(record.value)
            if progress.epoch >= self.epoch:
                self.epoch = progress.epoch
                self._lists.model_version = progress.version
                self._published_ms = progress.timestamp_ms
                metrics.MODEL_VERSION.set(progress.version)
        elif record.key == SPACES_KEY and record.value is not None:
            spaces = decode_spaces(record.value)
            if spaces.epoch >= self.epoch:
                self.served = spaces.served
                self._lists.recommender.taste = unpack_taste(spaces.taste)
                if self._vectors.serve(spaces.generation):
                    self._changes.vectors_changed()
        elif record.key == RANKING_KEY and record.value is not None:
            ranking = decode_ranking(record.value)
            if ranking.epoch >= self.epoch:
                self._lists.recommender.network = unpack(ranking.network) if ranking.network else None
                metrics.RANKING_SERVED.set(self._lists.recommender.network is not None)
        elif record.key.startswith(ITEM_PREFIX):
            self._take_vector(record.key.removeprefix(ITEM_PREFIX).decode(), record)

    def _take_vector(self, item_id: str, record: Record) -> None:
        self._items_ms = now_ms()
        if record.value is None:
            self._vectors.drop(item_id)
            return
        row = decode_vector(record.value)
        if row.epoch >= self.epoch:
            recommender = self._lists.recommender
            before = recommender.vector(item_id)
            self._vectors.put(item_id, unpack_one(row.vector), row.generation)
            self._measure_freshness("vector", row.media_ms)
            if (
                self._is_live
                and recommender.is_cold(item_id)
                and _says_more(before, recommender.vector(item_id))
            ):
                self._changes.come(_cause(item_id, self._model.topic, record, row.media_ms))

    def _measure_freshness(self, part: str, media_ms: int) -> None:
        if self._is_live and media_ms:
            metrics.ITEM_FRESH.labels(part=part).observe(max(0, now_ms() - media_ms) / 1000)


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """The rules of the settings' file.

    Raises:
        RulesError: One is wrong, and the message says in which line; or the file is not UTF-8.
        SettingsError: The file cannot be read.
    """
    if settings.rules is None:
        return ()
    try:
        text = read(settings.rules)
    except OSError as exc:
        msg = f"FRESHET_RULES, {settings.rules}: {exc.strerror}"
        raise SettingsError(msg) from None
    try:
        return parse(text)
    except RulesError as exc:
        msg = f"{settings.rules}: {exc}"
        raise RulesError(msg) from None


def _cause(item_id: str, topic: str, record: Record, media_ms: int) -> Cause:
    """What changes lists: the item's record, at the time of the media event that it came from."""
    return Cause("item", item_id, topic, record.partition, record.offset, media_ms or record.timestamp_ms)


def _says_more(before: Floats | None, after: Floats | None) -> bool:
    """Whether an item is new, or another modality of it; a vector that a learner has moved a little is not."""
    return after is not None and (before is None or float(before @ after) < SAME)


def to_item(document: ItemDocument) -> Item:
    """The fields of a document that lists depend on."""
    return Item(
        item_id=document.item_id,
        title=document.title or "",
        category=document.category or "",
        tags=document.tags or [],
        price=document.price,
        available=document.available,
        available_from_ms=document.available_from_ms or 0,
        expires_ms=document.expires_ms,
        location=None if document.location is None else (document.location.lat, document.location.lon),
    )


def load_snapshot(settings: Settings, admin: AdminClient, fold: ExampleFold) -> int:
    """Loads the newest snapshot into the fold.

    Returns:
        The offset of the log of examples to go on from; 0 without a snapshot.

    Raises:
        TopicsError: The log of examples is missing, or not for this client to see.
        StoreError: A snapshot cannot be read or decrypted.
    """
    name = full_name(settings, "examples")
    found = SnapshotStore(settings).newest(topic_ids(admin, [name])[name])
    if found is None:
        return 0
    manifest, saved = found
    fold.load(saved)
    return manifest.examples_offset
