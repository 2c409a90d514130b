import base64

import msgspec
import pytest
from msgspec import UNSET

from streams.events import Media, Medium
from streams.generated.media import AHEAD_COUNT, inline, make_media, media_events
from streams.generated.world import START_MS
from tests.streams.generated.worlds import small_world

EVERYTHING = ("text", "image", "audio", "video", "location")
FIELDS = {"text": "text", "image": "image", "audio": "audio", "video": "video", "location": "location"}


def test_events_obey_the_contract() -> None:
    world = small_world(items=8, modalities=EVERYTHING, shares=(1.0,) * 5)
    for event in media_events(world):
        assert msgspec.json.decode(msgspec.json.encode(event), type=Media) == event
        assert isinstance(event.title, str)
        assert isinstance(event.image, Medium)
        assert isinstance(event.image.data, str)
        assert base64.b64decode(event.image.data).startswith(b"\xff\xd8")


def test_an_item_has_the_media_that_the_truth_says() -> None:
    world = small_world(items=20, missing=0.5, modalities=EVERYTHING, shares=(1.0,) * 5)
    for item in range(20):
        event = make_media(world, item)
        there = [getattr(event, FIELDS[modality]) is not UNSET for modality in EVERYTHING]
        assert there == world.present[item].tolist()
        assert (event.title is UNSET) == (event.text is UNSET)


def test_items_come_in_the_order_of_time_however_many() -> None:
    world = small_world(items=2 * AHEAD_COUNT + 5, cold=0.3, modalities=("text",), shares=(1.0,))
    events = list(media_events(world))
    times_ms = [event.timestamp_ms for event in events]
    assert len({event.item_id for event in events}) == len(events) == world.recipe.items
    assert times_ms == sorted(world.arrives_ms.tolist())
    assert world.arrives_ms.min() < START_MS <= world.arrives_ms.max()


def test_an_item_is_the_same_alone_as_among_others() -> None:
    world = small_world(items=6)
    assert make_media(world, 3) in list(media_events(world))


def test_places_say_where_files_are() -> None:
    put: dict[str, bytes] = {}

    def place(name: str, data: bytes) -> Medium:
        put[name] = data
        return Medium(url=f"https://example.org/{name}")

    event = make_media(small_world(), 7, place)
    assert sorted(put) == ["item-7.jpg", "item-7.mp3", "item-7.mp4"]
    assert event.audio == Medium(url="https://example.org/item-7.mp3")


@pytest.mark.parametrize("data", [b"", b"\x00\xffabc"])
def test_inline_is_base64_with_the_format(data: bytes) -> None:
    medium = inline("item-1.jpg", data)
    assert isinstance(medium.data, str)
    assert base64.b64decode(medium.data) == data
    assert medium.format == "jpg"
