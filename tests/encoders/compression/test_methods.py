from typing import get_args

import pytest
import torch
from torch import Tensor

from encoders.compression.methods import CODECS, PARTS, Method, expand_state, shrink_state

METHODS: tuple[Method, ...] = get_args(Method)


@pytest.fixture
def state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {
        "linear": torch.randn(16, 33),
        "conv": torch.randn(8, 3, 5, 5) * torch.logspace(-3, 3, 8)[:, None, None, None],
        "bias": torch.randn(16),
        "steps": torch.tensor([[3, 4]]),
    }


def size(state: dict[str, Tensor]) -> int:
    return sum(tensor.numel() * tensor.itemsize for tensor in state.values())


def there_and_back(state: dict[str, Tensor], method: Method, share: float = 0.0) -> dict[str, Tensor]:
    return expand_state(shrink_state(state, method, share), method, state)


@pytest.mark.parametrize("method", METHODS)
def test_shapes_and_names_come_back_and_what_is_small_comes_back_exactly(
    state: dict[str, Tensor], method: Method
) -> None:
    found = there_and_back(state, method, 0.3)
    assert {name: tensor.shape for name, tensor in found.items()} == {n: t.shape for n, t in state.items()}
    torch.testing.assert_close(found["bias"], state["bias"], rtol=0, atol=0)
    torch.testing.assert_close(found["steps"], state["steps"], rtol=0, atol=0)


def test_bf16_keeps_eight_bits_of_each_value_in_half_the_bytes(state: dict[str, Tensor]) -> None:
    found = there_and_back(state, "bf16")
    torch.testing.assert_close(found["conv"].float(), state["conv"], rtol=2**-8, atol=0)
    assert size(shrink_state({"conv": state["conv"]}, "bf16")) == size({"conv": state["conv"]}) / 2


def test_int8_errs_by_half_a_step_of_the_channel_at_most(state: dict[str, Tensor]) -> None:
    found = there_and_back(state, "int8")
    # One scale for all would lose the small channels: they differ by a factor of a million.
    for ours, its in zip(state["conv"], found["conv"], strict=True):
        step = ours.abs().max() / 127
        assert (ours - its).abs().max() <= 0.501 * step
    parts = shrink_state({"conv": state["conv"]}, "int8")
    assert size(parts) == state["conv"].numel() + 4 * len(state["conv"])


def test_int8_of_a_channel_of_zeros_is_zeros() -> None:
    assert not there_and_back({"w": torch.zeros(2, 3)}, "int8")["w"].any()


def test_pruned_drops_the_smallest_of_each_weight(state: dict[str, Tensor]) -> None:
    found = there_and_back(state, "pruned", 0.5)["linear"].float()
    kept = found != 0
    assert kept.float().mean().item() == pytest.approx(0.5)
    assert state["linear"][~kept].abs().max() < state["linear"][kept].abs().min()
    torch.testing.assert_close(found[kept], state["linear"][kept], rtol=2**-8, atol=0)
    # 16 x 33 places of one bit, and half as many values of two bytes.
    assert size(shrink_state({"w": state["linear"]}, "pruned", 0.5)) == 66 + 2 * 264


def test_pruned_keeps_kernels_of_one_channel_whole() -> None:
    torch.manual_seed(2)
    kernels = torch.randn(40, 1, 5, 5)
    found = there_and_back({"depthwise": kernels}, "pruned", 0.5)["depthwise"].float()
    torch.testing.assert_close(found, kernels, rtol=2**-8, atol=0)


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_part_is_named(state: dict[str, Tensor], method: Method) -> None:
    stored = shrink_state(state, method, 0.3)
    part = PARTS[method][-1]
    del stored[f"linear|{part}"]
    with pytest.raises(KeyError, match=part):
        expand_state(stored, method, state)


def test_a_state_of_another_shape_is_refused(state: dict[str, Tensor]) -> None:
    other = {**state, "linear": torch.zeros(16, 34)}
    with pytest.raises(RuntimeError, match="shape"):
        expand_state(shrink_state(state, "bf16"), "bf16", other)


def test_every_method_names_its_parts() -> None:
    assert set(CODECS) == set(PARTS) == set(METHODS)
    for method in METHODS:
        assert tuple(CODECS[method].shrink(torch.ones(2, 2), 0.3)) == PARTS[method]
