"""The network that is learned, beside the same one in torch."""

import numpy as np
import pytest
import torch
from torch import nn

from online.learning.adamw import MEAN_KEPT, SQUARE_KEPT, AdamW
from online.learning.losses import list_losses, listwise_loss
from online.learning.perceptron import Perceptron
from online.ranking.features import FEATURES

LISTS, COUNT = 4, 9


class Net(nn.Module):
    """The same network."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(FEATURES, 1, bias=False)
        self.hidden = nn.Linear(FEATURES, width)
        self.out = nn.Linear(width, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = (self.linear(x) + self.out(torch.relu(self.hidden(x)))).squeeze(-1)
        return scores


def loss_of(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    logs = torch.log_softmax(scores, dim=1).masked_fill(targets == 0, 0.0)
    had = targets.sum(dim=1)
    return (-logs.sum(dim=1) / had * had.sqrt()).sum() / had.sqrt().sum()


@pytest.mark.parametrize("width", [1, 8, 40])
def test_scores_losses_gradients_and_steps_are_those_of_torch(width: int) -> None:
    rng = np.random.default_rng(width)
    own, net = Perceptron(width, rng), Net(width)
    own.vector[:] = rng.normal(0, 0.2, own.vector.shape)
    net.load_state_dict({name: torch.from_numpy(part) for name, part in own.save().items()})
    theirs = torch.optim.AdamW(net.parameters(), lr=1.0, betas=(MEAN_KEPT, SQUARE_KEPT), weight_decay=1e-2)
    ours = AdamW(len(own.vector), weight_decay=1e-2)
    absent = np.zeros((LISTS, COUNT), np.bool_)
    absent[1, 5:] = True
    for rate in (0.01, 0.1, 0.03):
        features = rng.normal(0, 1, (LISTS, COUNT, FEATURES)).astype(np.float32)
        targets = (~absent & (rng.random((LISTS, COUNT)) < 0.3)).astype(np.float32)
        targets[:, 0] = 1
        network = own.network(np.zeros(FEATURES, np.float32), np.ones(FEATURES, np.float32))
        x, layer = network.layers(features.reshape(-1, FEATURES))
        scores = network.scores(features.reshape(-1, FEATURES)).reshape(LISTS, COUNT)
        masked = net(torch.from_numpy(features).clamp(-6, 6)).masked_fill(
            torch.from_numpy(absent), -torch.inf
        )
        loss, pull = listwise_loss(np.where(absent, -np.inf, scores), targets)
        expected = loss_of(masked, torch.from_numpy(targets))
        np.testing.assert_allclose(scores[~absent], masked.detach().numpy()[~absent], rtol=1e-4, atol=1e-5)
        assert loss == pytest.approx(float(expected.detach()), rel=1e-5)
        theirs.zero_grad()
        expected.backward()  # type: ignore[no-untyped-call]  # torch
        gradient = own.gradient(x, layer, pull.ravel())
        for name, parameter in net.named_parameters():
            assert parameter.grad is not None
            np.testing.assert_allclose(
                own.split(gradient)[name], parameter.grad.numpy(), rtol=1e-3, atol=1e-6, err_msg=name
            )
        theirs.param_groups[0]["lr"] = rate
        theirs.step()
        ours.step(own.vector, gradient, rate)
        for name, parameter in net.named_parameters():
            np.testing.assert_allclose(
                own.split(own.vector)[name], parameter.detach().numpy(), rtol=1e-3, atol=1e-4, err_msg=name
            )
    assert list_losses(np.zeros((1, 4), np.float32), np.eye(1, 4, dtype=np.float32)) == np.log(np.float32(4))
