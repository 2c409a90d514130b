"""Files through the whole river: how soon an item is recommendable, and how many files a second beside a plain loop."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, Message, Producer
from msgspec import Struct

from encoders import registry
from encoders.modalities import Modality, modality_mask
from streams.bench.matching import percentiles
from streams.bench.processes import Meter, ProcessUse
from streams.bench.stage import Stage, stage
from streams.bench.subjects import BenchError, Subject, freshet
from streams.clock import now_ms
from streams.events import ItemDocument
from streams.kafka import client_config, next_places, reader_config
from streams.publications import ITEM_PREFIX
from streams.settings import Settings
from streams.topics import full_name, table

WORKERS = {"encode": 1, "learn": 1, "recommend": 1}
PATIENCE_S = 300.0
PLAIN_BATCH = 32
WARM_SHARE = 0.25
"""Of the files, what is sent before those that are timed: networks are slow at the first batch of each size."""

_decode = msgspec.json.Decoder(ItemDocument).decode
_encode = msgspec.json.Encoder().encode


class Freshness(Struct):
    """How soon items that came at a steady rate were complete, by Kafka's timestamps."""

    rate: float
    items: int
    document_ms: dict[str, float | None]
    """From the media event to the item's document that has all of its modalities."""
    vector_ms: dict[str, float | None]
    """From the media event to the item's vector in `model`, which recommend workers follow."""
    processes: list[ProcessUse]


class Bulk(Struct):
    """Files that came all at once."""

    files: int
    failed: int
    files_per_s: float
    """From the first timed media event to the last document, through Kafka."""
    plain_files_per_s: float
    """A loop that reads, decodes and encodes the same files in batches, and nothing else."""
    ratio: float


class Watch:
    """Reads `items` and `model` from their present ends on."""

    def __init__(self, settings: Settings) -> None:
        self._items, self._model = full_name(settings, "items"), full_name(settings, "model")
        self._consumer = Consumer(reader_config(settings))
        items = next_places(self._consumer, self._items, range(table(settings)["items"].partitions))
        self._consumer.assign([*items, *next_places(self._consumer, self._model, [0])])
        self.documents: dict[str, tuple[int, ItemDocument]] = {}
        """Time and content of each item's newest document."""
        self.vectors_ms: dict[str, int] = {}
        """When each item's newest vector was published."""

    def read(self, seconds: float) -> None:
        """Takes in what comes within that time."""
        for message in self._consumer.consume(1_000, seconds):
            if message.error() is None and message.value() is not None:
                self._take(message)

    def _take(self, message: Message) -> None:
        key, value = message.key() or b"", message.value() or b""
        at_ms = message.timestamp()[1]
        if message.topic() == self._items:
            self.documents[key.decode()] = (at_ms, _decode(value))
        elif key.startswith(ITEM_PREFIX):
            self.vectors_ms[key.removeprefix(ITEM_PREFIX).decode()] = at_ms

    def await_all(self, is_done: Callable[[], bool], subject: Subject) -> None:
        """Reads until that is so.

        Raises:
            BenchError: It took too long, or a worker has ended.
        """
        deadline_s = time.monotonic() + PATIENCE_S
        while not is_done():
            subject.check()
            self.read(0.2)
            if time.monotonic() > deadline_s:
                msg = f"not all items were complete within {PATIENCE_S:g} s; {subject.last_words()}"
                raise BenchError(msg)

    def close(self) -> None:
        """Stops reading."""
        self._consumer.close()


@contextmanager
def _river(settings: Settings, folder: Path) -> Iterator[tuple[Stage, Subject, Watch, Producer]]:
    """Workers that have encoded a first item, so that everything is loaded and warm."""
    with (
        stage(settings.model_copy(update={"media_folder": folder})) as place,
        freshet(place.settings, WORKERS) as subject,
    ):
        watch = Watch(place.settings)
        producer = Producer(client_config(place.settings) | {"partitioner": "murmur2_random", "linger.ms": 2})
        _send(place, producer, "warm", {"title": "warm"})
        watch.await_all(lambda: "warm" in watch.documents and "warm" in watch.vectors_ms, subject)
        try:
            yield place, subject, watch, producer
        finally:
            watch.close()


def _send(place: Stage, producer: Producer, item_id: str, fields: Mapping[str, object]) -> int:
    """Sends a media event; returns its timestamp."""
    at_ms = now_ms()
    value = _encode({"item_id": item_id, **fields})
    producer.produce(full_name(place.settings, "media"), value, item_id, timestamp=at_ms)
    producer.poll(0)
    return at_ms


def freshness(settings: Settings, pictures: Sequence[Path], folder: Path, rate: float) -> Freshness:
    """Sends items with a title and a picture, one at a time, at a steady rate, until the pictures are used up.

    Args:
        settings: Where Kafka is, and which encoders are used.
        pictures: One an item.
        folder: Contains all of them.
        rate: Items a second.

    Raises:
        BenchError: Not all items came through, or none of them whole.
    """
    mask = modality_mask(("text", "image"))
    sent_ms: dict[str, int] = {}
    with _river(settings, folder) as (place, subject, watch, producer), Meter(subject.pids()) as meter:
        start_s = time.monotonic()
        for number, path in enumerate(pictures):
            while (left_s := start_s + number / rate - time.monotonic()) > 0:
                watch.read(min(left_s, 0.02))
            item_id, fields = f"fresh-{number}", {"title": path.stem, **_item("image", path)}
            sent_ms[item_id] = _send(place, producer, item_id, fields)
        watch.await_all(partial(_are_complete, watch, sent_ms, mask), subject)
        watch.read(1.0)
        uses = meter.uses(len(sent_ms))
    complete = [i for i in sent_ms if watch.documents[i][1].modalities & mask == mask]
    if not complete:
        errors = next(
            document.encode_errors for _, document in watch.documents.values() if document.encode_errors
        )
        msg = f"none of {len(sent_ms)} pictures could be encoded: {errors}"
        raise BenchError(msg)
    return Freshness(
        rate=rate,
        items=len(complete),
        document_ms=percentiles([watch.documents[i][0] - sent_ms[i] for i in complete]),
        vector_ms=percentiles([watch.vectors_ms[i] - sent_ms[i] for i in complete if i in watch.vectors_ms]),
        processes=uses,
    )


def bulk(settings: Settings, modality: Modality, paths: Sequence[Path], folder: Path) -> Bulk:
    """Sends all files of a modality at once, and encodes them in a plain loop too.

    Raises:
        BenchError: Not all files came through.
    """
    with _river(settings, folder) as (place, subject, watch, producer):
        mask = modality_mask([modality])
        first = math.ceil(len(paths) * WARM_SHARE)
        # A single file is sent again, as another item.
        warming, timed = paths[:first], paths[first:] or paths
        sent: dict[str, Path] = {}
        for name, part in (("warm", warming), ("bulk", timed)):
            start_ms = now_ms()
            these = {f"{name}-{number}": path for number, path in enumerate(part)}
            for item_id, path in these.items():
                _send(place, producer, item_id, _item(modality, path))
            watch.await_all(partial(_are_complete, watch, these, mask), subject)
            sent |= these
        end_ms = max(watch.documents[i][0] for i in these)
        failed = len({path for i, path in sent.items() if watch.documents[i][1].encode_errors is not None})
    through = len(timed) / max(0.001, (end_ms - start_ms) / 1000)
    plain = _plain_rate(settings, modality, warming, timed)
    return Bulk(len(paths), failed, round(through, 2), round(plain, 2), round(through / plain, 3))


def _item(modality: Modality, path: Path) -> dict[str, object]:
    return {modality: {"url": path.resolve().as_uri()}}


def _are_complete(watch: Watch, item_ids: Iterable[str], mask: int) -> bool:
    """Whether all modalities of all items have a vector, or a reason why not."""
    for item_id in item_ids:
        if item_id not in watch.documents:
            return False
        document = watch.documents[item_id][1]
        if document.modalities & mask != mask and not document.encode_errors:
            return False
    return True


def _plain_rate(
    settings: Settings, modality: Modality, warming: Sequence[Path], timed: Sequence[Path]
) -> float:
    name: str = getattr(settings, f"{modality}_encoder")
    encoder = registry.load(modality, name, settings.device, settings.denoise(modality))
    encoder.encode([path.read_bytes() for path in warming])
    start_s = time.monotonic()
    for start in range(0, len(timed), PLAIN_BATCH):
        encoder.encode([path.read_bytes() for path in timed[start : start + PLAIN_BATCH]])
    return len(timed) / (time.monotonic() - start_s)
