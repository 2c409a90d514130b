import asyncio

import pytest

from streams import media_to_items
from streams.media_to_items import MediaToItems
from streams.patches import Patches
from streams.runs import Run
from streams.settings import Settings
from tests.streams.records import record
from tests.streams.test_patches import HOME, FakeStore


@pytest.mark.parametrize("is_current", [True, False])
def test_a_packed_message_is_read_in_turns_with_others(
    is_current: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_to_items, "TURN_S", 0.0)
    worker = MediaToItems.__new__(MediaToItems)
    patches = Patches(Settings(), FakeStore(), "topic-id")  # type: ignore[arg-type]  # duck-typed
    events = [{"item_id": "i", "price": price} for price in range(100)]
    run = Run([record("media", events, partition=HOME)], lambda: is_current)

    async def turns() -> int:
        reading, count = asyncio.create_task(worker._merge(patches, run)), 0
        while not reading.done():
            await asyncio.sleep(0)
            count += 1
        return count

    assert (asyncio.run(turns()) > 50) == is_current
    assert (patches.event_count == 100) == is_current
