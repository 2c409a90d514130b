"""Single sets and views of users, for methods that are tested without a stream."""

import numpy as np

from online.evaluation.methods import Taken, UserView


def view(
    user: int, history: list[list[int]], item_count: int, hidden: tuple[int, ...] = (), now_ms: int = 0
) -> UserView:
    """What a method knows of a user with these earlier sets."""
    mask = np.zeros(item_count, dtype=np.bool_)
    mask[list(hidden)] = True
    items = np.array([item for taken in history for item in taken], dtype=np.int32)
    sets = np.array([place for place, taken in enumerate(history) for _ in taken], dtype=np.int32)
    return UserView(user, now_ms, items, sets, len(history), mask)


def took(before: UserView, items: list[int], values: list[float] | None = None) -> Taken:
    """The set that the user took next."""
    codes = np.array(items, dtype=np.int32)
    return Taken(
        before,
        codes,
        is_new=~np.isin(codes, before.history),
        values=np.ones(len(items)) if values is None else np.array(values),
        first_event=0,
        end_event=len(items),
    )


def histories(sets: list[list[list[int]]], item_count: int) -> list[Taken]:
    """All sets of all users, user by user: `sets[user]` are the user's, oldest first."""
    return [
        took(view(user, own[:place], item_count), own[place])
        for user, own in enumerate(sets)
        for place in range(len(own))
    ]
