"""Sets of examples and users' states as statistics see them: rows of the catalogue and plain arrays."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.catalogue import UNKNOWN_ROW, Catalogue
from online.events import POSITIVE_ACTIONS, ExampleSet, Past
from online.state import HISTORY_LIMIT, SET_DECAY, Had, UserState
from online.statistics.base import Observation, Queries, Rows


def observation(example_set: ExampleSet, catalogue: Catalogue) -> Observation | None:
    """What a set teaches; its items get rows. None if nothing was had in it (impressions, skips, dislikes).

    An item that comes several times in a set counts once, and every positive action counts the same.
    """
    taken = {e.item_id: e for e in example_set.examples if e.action in POSITIVE_ACTIONS}
    if not taken:
        return None
    now_s = example_set.timestamp_ms / 1000
    gap_s = [max(0.0, now_s - e.last_had_s) if e.times_had > 0 else 0.0 for e in taken.values()]
    ratings = [e.value if e.action == "rate" else math.nan for e in taken.values()]
    return Observation(
        np.array([catalogue.row(item_id, create=True) for item_id in taken], np.int32),
        np.ones(len(taken), np.float32),
        np.array([e.times_had > 0 for e in taken.values()], np.bool_),
        np.array(gap_s, np.float32),
        np.array(ratings, np.float32),
        *history(example_set.history[::-1], catalogue),
        now_s,
        _rows_of(example_set.standing, catalogue),
    )


def queries(states: Sequence[UserState], catalogue: Catalogue, now_ms: Sequence[int]) -> Queries:
    """What is known of each user at a time, the open set included as if it were closed."""
    rows = catalogue.rows
    entries: list[Past] = []
    had: list[int] = []
    values: list[tuple[float, ...]] = []
    scales: list[float] = []
    history_starts, had_starts = [0], [0]
    for state in states:
        entries += seen_last(state)
        history_starts.append(len(entries))
        opened = dict.fromkeys(past.item_id for past in state.open)
        had += [rows.get(item_id, UNKNOWN_ROW) for item_id in (*state.had, *opened)]
        had_starts.append(len(had))
        values += map(msgspec.structs.astuple, state.had.values())
        scale = state.frequency(Had(0, 0, 1.0, 0)) * (SET_DECAY if opened else 1.0)
        scales += [scale] * len(state.had)
        opened_s = max(state.open_ms, 0) // 1000
        values += [(1, opened_s, 1.0, opened_s)] * len(opened)
        scales += [1.0] * len(opened)
    times, last_s, frequency, first_s = np.array(values, np.float64).reshape(-1, 4).T
    return Queries(
        *history(entries, catalogue),
        np.array(history_starts),
        np.array(had, np.int32),
        frequency.astype(np.float32) * np.array(scales, np.float32),
        times.astype(np.float32),
        first_s.astype(np.int64),
        last_s.astype(np.int64),
        np.array(had_starts),
        np.array(now_ms, np.float64) / 1000,
    )


def seen_last(state: UserState) -> list[Past]:
    """The user's last entries, the open set's included, the most recent first: at most HISTORY_LIMIT."""
    return (state.history + state.open)[: -HISTORY_LIMIT - 1 : -1]


def _rows_of(item_ids: list[str], catalogue: Catalogue) -> Rows:
    """Those that are known."""
    found = (catalogue.rows.get(item_id, UNKNOWN_ROW) for item_id in item_ids)
    return np.array([row for row in found if row != UNKNOWN_ROW], np.int32)


def history(entries: list[Past], catalogue: Catalogue) -> tuple[Rows, NDArray[np.int64]]:
    """The rows and times of a history's entries, UNKNOWN_ROW for items that are not known."""
    rows = catalogue.rows
    return (
        np.array([rows.get(past.item_id, UNKNOWN_ROW) for past in entries], np.int32),
        np.array([past.timestamp_s for past in entries], np.int64),
    )
