"""What the fusion does with its weights: a mean that follows them, a state that is kept."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

_PREFIX = "optimizer/"


def average(mean: nn.Module, learned: nn.Module, kept: float) -> None:
    """Moves a mean of weights towards those that are learned, of which it keeps a share (Polyak averaging)."""
    with torch.no_grad():
        for of_mean, of_learned in zip(mean.parameters(), learned.parameters(), strict=True):
            of_mean.mul_(kept).add_(of_learned, alpha=1 - kept)


def saved_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, np.ndarray]:
    """The optimizer's state by name, for `load_optimizer`."""
    return {
        f"{_PREFIX}{number}/{name}": value.numpy().copy()
        for number, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def load_optimizer(optimizer: torch.optim.Optimizer, saved: Mapping[str, np.ndarray]) -> None:
    """Goes on from what `saved_optimizer` gave, among other arrays."""
    loaded = optimizer.state_dict()
    loaded["state"] = {}
    for path, value in saved.items():
        if path.startswith(_PREFIX):
            number, name = path.removeprefix(_PREFIX).split("/")
            loaded["state"].setdefault(int(number), {})[name] = torch.from_numpy(value.copy())
    optimizer.load_state_dict(loaded)
