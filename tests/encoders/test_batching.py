from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from encoders.batching import Batches


def test_order_is_kept_over_batches_of_any_size() -> None:
    seen: list[int] = []

    def forward(batch: Sequence[int]) -> NDArray[np.float32]:
        seen.append(len(batch))
        return np.array(batch, np.float32)[:, None]

    assert Batches(3).run(range(7), forward)[:, 0].tolist() == list(range(7))
    assert seen == [3, 3, 1]


def test_what_does_not_fit_is_halved_and_remembered() -> None:
    seen: list[int] = []

    def small(batch: Sequence[int]) -> NDArray[np.float32]:
        seen.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError
        return np.array(batch, np.float32)[:, None]

    batches = Batches(8)
    assert batches.run(range(5), small)[:, 0].tolist() == list(range(5))
    assert seen == [5, 2, 2, 1]
    assert batches.size == 2


def test_one_entry_that_does_not_fit_is_an_error() -> None:
    def never(_batch: Sequence[int]) -> NDArray[np.float32]:
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        Batches(4).run([1, 2], never)
