from streams.events import Interaction, Media
from streams.generated.timeline import events_in_time
from tests.streams.generated.worlds import small_world


def test_media_and_interactions_come_in_the_order_of_time() -> None:
    world = small_world(cold=0.3, modalities=("text",), shares=(1.0,))
    events = list(events_in_time(world))
    times_ms = [event.timestamp_ms for event in events if isinstance(event.timestamp_ms, int)]
    assert len(times_ms) == len(events) == 60 + 1_000
    assert times_ms == sorted(times_ms)
    known = set()
    for event in events:
        if isinstance(event, Media):
            known.add(event.item_id)
        else:
            assert isinstance(event, Interaction)
            assert event.item_id in known
    first = next(place for place, event in enumerate(events) if isinstance(event, Interaction))
    assert any(isinstance(event, Media) for event in events[first:])
