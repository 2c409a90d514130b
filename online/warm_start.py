"""Warm start: history is learned by the very user states, fold and lists that the stream then goes on with.

Each set first has its list made and logged, as a recommend worker does, and is then applied and folded. What history
says lies in a log of its own: its events' cursors name that log, so no event of the stream is taken for one of them.
"""

from collections.abc import Callable
from typing import NamedTuple

from online.evaluation.replayed import event_at
from online.evaluation.stream import Stream
from online.evaluation.timeline import Timeline
from online.events import Cursor, Example, ExampleRun
from online.fold import Before, ExampleFold
from online.ranking.list_log import sampled
from online.recommender import Recommender
from online.sets import OPEN_FOR_MS
from online.state import UserState

PROGRESS_SETS = 64
"""Sets between two words on how far it is."""


class History(NamedTuple):
    """What happened before the stream."""

    stream: Stream
    timeline: Timeline
    """Of all its events, in sets."""
    log_id: str
    """Stands where a topic's id does; no other history and no topic has it."""


def learn_history(
    history: History,
    fold: ExampleFold,
    before: Before,
    home: Callable[[str], int],
    now_ms: int,
    progress: Callable[[int], object],
) -> list[UserState]:
    """Learns a whole history.

    Args:
        history: What happened.
        fold: Takes it in.
        before: Called with each set before it is folded: learns from the list that it met.
        home: The partition of a user's events.
        now_ms: The log's clock is the events' own, but never ahead of this.
        progress: Told the events done.

    Returns:
        The users as history left them.
    """
    stream, timeline, log_id = history
    states: dict[int, UserState] = {}
    partition, clock_ms = 0, 0
    for number in range(timeline.set_count):
        start, end = (int(place) for place in timeline.set_start[number : number + 2])
        user = int(timeline.users[start])
        state = states.get(user)
        if state is None:
            state = states[user] = UserState(stream.user_ids[user])
        partition = home(state.user_id)
        cursors = [Cursor(log_id, partition, place, 0) for place in range(start, end)]
        examples = _examples(history, state, cursors, fold.recommender)
        clock_ms = min(max(clock_ms, int(timeline.event_ms[start])), now_ms)
        fold.fold(ExampleRun(log_id, partition, (start, 0), (end - 1, 0), examples), clock_ms, before)
        if number % PROGRESS_SETS == 0:
            progress(start)
    # Nothing comes after it: the sets that are still open end here.
    last = (len(timeline.users) - 1, 0)
    fold.fold(ExampleRun(log_id, partition, last, last, []), clock_ms + OPEN_FOR_MS + 1, before)
    progress(len(timeline.users))
    return list(states.values())


def _examples(
    history: History, state: UserState, cursors: list[Cursor], recommender: Recommender
) -> list[Example]:
    """Makes a set's list, applies its events, and logs the list with the first."""
    events = [event_at(history.stream, history.timeline, cursor) for cursor in cursors]
    now_ms = events[0].timestamp_ms
    log = recommender.log(recommender.candidates(state, now_ms=now_ms, wall_ms=now_ms))
    examples = [example for example in map(state.apply, events) if example is not None]
    examples[0].list_log = sampled(log, [e.item_id for e in examples], examples[0].event_hash)
    return examples
