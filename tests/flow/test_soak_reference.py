"""What the soak holds workers to: without a fault they come to the same, and a patch that is lost shows."""

from pathlib import Path

import pytest

from streams.producer import Outgoing
from streams.soak import shoppers
from streams.soak.reference import Described, LogRecord
from streams.soak.shoppers import EVENTS_A_PATCH, Shoppers
from tests.flow.river import MemoryRiver, run
from tests.flow.test_lists_from_events import encode_all


class NoProducer:
    def __init__(self, _config: object) -> None:
        """Nothing is sent by it."""

    def poll(self, _timeout: float) -> None:
        """Nothing is on its way."""


def test_items_are_as_the_log_of_media_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    river = MemoryRiver(tmp_path, kafka="nowhere:1")

    def produce(_producer: object, topic: str, value: bytes | None, key: str, partition: int) -> None:
        river.kafka.append(Outgoing(topic, key.encode(), value, partition))

    monkeypatch.setattr(shoppers, "Producer", NoProducer)
    monkeypatch.setattr(shoppers, "produce_with_room", produce)
    Shoppers(river.settings, 1).send(300 * EVENTS_A_PATCH)
    run(river, lambda: encode_all(river))
    records = [
        LogRecord("media", "id-of-media", r.partition, r.offset, r.timestamp, r.key, r.value)
        for r in river.kafka.records("media")
    ]
    described = Described(river.settings, records)
    newest = river.kafka.newest("items")
    assert described.differing(newest) == []
    assert len(newest) > 50
    assert None in described.documents.values()
    last = records.index(next(r for r in reversed(records) if r.value and b"attributes" in r.value))
    assert Described(river.settings, records[:last] + records[last + 1 :]).differing(newest) != []
