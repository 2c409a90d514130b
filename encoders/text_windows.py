"""Long texts for models that read few tokens at once: cut into windows, batched by length, padded."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def cut_windows(
    texts: Sequence[Sequence[int]], *, room: int, limit: int, first: Sequence[int], last: Sequence[int]
) -> tuple[list[list[int]], NDArray[np.intp]]:
    """Cuts each text into windows without overlap.

    Args:
        texts: Token ids of each text, special tokens not among them.
        room: Tokens of the text in one window.
        limit: Windows of one text; what follows is ignored.
        first: Special tokens before each window.
        last: Special tokens after each window.

    Returns:
        Token ids per window, special tokens among them, and for each window the place of its text.
    """
    windows: list[list[int]] = []
    owners: list[int] = []
    for owner, tokens in enumerate(texts):
        for start in range(0, min(len(tokens), limit * room), room):
            windows.append([*first, *tokens[start : start + room], *last])
            owners.append(owner)
    return windows, np.array(owners, np.intp)


def pad_windows(
    windows: Sequence[Sequence[int]], padding: int, length: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids and mask, both [n, longest window or `length`]; the mask is 1 where there is a token."""
    longest = max(length, *map(len, windows))
    ids = np.full((len(windows), longest), padding, np.int64)
    mask = np.zeros((len(windows), longest), np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return ids, mask


def batches_by_length(lengths: Sequence[int], total: int) -> Iterator[list[int]]:
    """Groups places by length, so that little is spent on padding.

    Yields:
        Places in ascending order of length, as many as fit into `total` once padded; at least one.
    """
    chosen: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if chosen and lengths[place] * (len(chosen) + 1) > total:
            yield chosen
            chosen = []
        chosen.append(place)
    if chosen:
        yield chosen
