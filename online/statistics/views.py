"""Sets of examples and users' states as statistics see them: rows of the catalogue and plain arrays."""

import numpy as np
from numpy.typing import NDArray

from online.catalogue import UNKNOWN_ROW, Catalogue
from online.events import POSITIVE_ACTIONS, ExampleSet, Past
from online.state import HISTORY_LIMIT, SET_DECAY, Had, UserState
from online.statistics.base import Observation, Query, Rows


def observation(example_set: ExampleSet, catalogue: Catalogue) -> Observation | None:
    """What a set teaches; its items get rows. None if nothing was had in it (impressions, skips, dislikes).

    An item that comes several times in a set counts once, and every positive action counts the same.
    """
    had_before: dict[str, bool] = {}
    for example in example_set.examples:
        if example.action in POSITIVE_ACTIONS:
            had_before[example.item_id] = example.times_had > 0
    if not had_before:
        return None
    rows = np.array([catalogue.row(item_id, create=True) for item_id in had_before], np.int32)
    return Observation(
        rows,
        np.ones(len(rows), np.float32),
        np.array(list(had_before.values()), np.bool_),
        *_history(example_set.history[::-1], catalogue),
        example_set.timestamp_ms / 1000,
    )


def query(state: UserState, catalogue: Catalogue, now_ms: int) -> Query:
    """What is known of a user, the open set included as if it were closed."""
    rows = catalogue.rows
    opened = dict.fromkeys(past.item_id for past in state.open)
    scale = state.frequency(Had(0, 0, 1.0)) * (SET_DECAY if opened else 1.0)
    had = np.array([rows.get(item_id, UNKNOWN_ROW) for item_id in (*state.had, *opened)], np.int32)
    frequency = np.ones(len(had), np.float32)
    frequency[: len(state.had)] = [had.scaled_weight for had in state.had.values()]
    frequency[: len(state.had)] *= scale
    return Query(*_history(seen_last(state), catalogue), had, frequency, now_ms / 1000)


def seen_last(state: UserState) -> list[Past]:
    """The user's last entries, the open set's included, the most recent first: at most HISTORY_LIMIT."""
    return (state.history + state.open)[: -HISTORY_LIMIT - 1 : -1]


def _history(entries: list[Past], catalogue: Catalogue) -> tuple[Rows, NDArray[np.int64]]:
    rows = catalogue.rows
    return (
        np.array([rows.get(past.item_id, UNKNOWN_ROW) for past in entries], np.int32),
        np.array([past.timestamp_s for past in entries], np.int64),
    )
