"""A timeline's events as what user states take."""

from online.evaluation.stream import Stream
from online.evaluation.timeline import Timeline
from online.events import Cursor, Event


def event_at(stream: Stream, timeline: Timeline, cursor: Cursor) -> Event:
    """The event at the place of the timeline that is the cursor's offset."""
    place = cursor.offset
    return Event(
        user_id=stream.user_ids[timeline.users[place]],
        item_id=stream.item_ids[timeline.items[place]],
        action=stream.action,
        value=float(timeline.values[place]),
        timestamp_ms=int(timeline.event_ms[place]),
        event_hash=place + 1,
        cursor=cursor,
    )
