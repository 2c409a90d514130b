from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from encoders.hub import pooling


class Output(SimpleNamespace):
    """As outputs of `transformers`: attributes that `get` finds."""

    def get(self, name: str) -> Tensor | None:
        found: Tensor | None = getattr(self, name, None)
        return found


def model(config: SimpleNamespace | None = None, **outputs: Tensor) -> Any:  # noqa: ANN401  # as `Model`
    def forward(**_: Tensor) -> Output:
        return Output(**outputs)

    forward.config = config  # type: ignore[attr-defined]  # a model is called and has a configuration
    return forward


STATES = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [50.0, 60.0]]])


def test_the_mask_keeps_padding_out_of_the_mean() -> None:
    inputs = {"attention_mask": torch.tensor([[1, 1, 0]])}
    assert pooling.token_mean(model(last_hidden_state=STATES), inputs).tolist() == [[2.0, 3.0]]


def test_means_are_over_tokens_or_over_places() -> None:
    assert pooling.mean(model(last_hidden_state=STATES), {}).tolist() == [[18.0, 22.0]]
    places = torch.arange(8.0).reshape(1, 2, 2, 2)
    assert pooling.mean(model(last_hidden_state=places), {}).tolist() == [[1.5, 5.5]]


def test_a_pooler_is_flat_and_the_mean_stands_in_for_it() -> None:
    pooled = torch.tensor([[[[7.0]], [[8.0]]]])
    both = model(last_hidden_state=STATES, pooler_output=pooled)
    assert pooling.pooler(both, {}).tolist() == [[7.0, 8.0]]
    assert pooling.pooler_or_mean(both, {}).tolist() == [[7.0, 8.0]]
    assert pooling.pooler_or_mean(model(last_hidden_state=STATES), {}).tolist() == [[18.0, 22.0]]


@pytest.mark.parametrize(("samples", "mean"), [(10, 0.5), (14, 1.0), (17, 1.0), (18, 1.5)])
def test_the_mean_over_time_ends_where_the_samples_end(samples: int, mean: float) -> None:
    # 10 samples make 2 states, 14 make 3, 18 make 4; state i is i.
    config = SimpleNamespace(conv_kernel=[6, 1], conv_stride=[4, 1])
    inputs = {"attention_mask": (torch.arange(18) < samples).long().unsqueeze(0)}
    states = torch.arange(4.0).reshape(1, 4, 1)
    assert pooling.time_mean(model(config, last_hidden_state=states), inputs).item() == mean


def test_the_mean_over_time_without_a_mask_is_over_all() -> None:
    assert pooling.time_mean(model(last_hidden_state=STATES), {}).tolist() == [[18.0, 22.0]]
