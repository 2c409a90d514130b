"""The item tower: a token for each modality that an item has, fused into one vector of unit length."""

from typing import Literal

import torch
from torch import Tensor, nn

WIDTH = 384
"""Dimensions of a modality's vector at most; shorter ones are filled up with zeros."""
Kind = Literal["concatenation", "weighted_mean", "attention"]
"""How tokens are fused."""


class Tower(nn.Module):
    """One projection a modality, and a fusion of what is there.

    It starts as the mean of random projections, near what no learning at all would make of the modalities.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, modalities: int, dim: int, kind: Kind) -> None:
        super().__init__()
        projections = torch.stack([nn.init.orthogonal_(torch.empty(WIDTH, dim)) for _ in range(modalities)])
        self.projections = nn.Parameter(projections * (WIDTH / dim) ** 0.5)
        self.fusion: nn.Module = FUSIONS[kind](modalities, dim)
        self.register_buffer("centre", torch.zeros(modalities, WIDTH))
        self.register_buffer("scale", torch.ones(modalities))

    def recentre(self, centre: Tensor, scale: Tensor) -> None:
        """Takes what all items have in common, [modalities, WIDTH], from now on off before [modalities] scaling."""
        self.centre.copy_(centre)
        self.scale.copy_(scale)

    def forward(self, inputs: list[tuple[Tensor, Tensor]], mask: Tensor) -> Tensor:
        """The items' vectors: [n, dim] of unit length, zero for an item without a modality.

        Args:
            inputs: Of each modality, [k] places of items that have it, and [k, WIDTH] their vectors.
            mask: [n, modalities] which tokens count.
        """
        tokens = torch.zeros(*mask.shape, self.projections.shape[2])  # [n, modalities, dim]
        for modality, (places, x) in enumerate(inputs):
            if len(places):
                centred = (x - self.centre[modality]) * self.scale[modality]
                tokens[places, modality] = centred @ self.projections[modality]
        tokens = tokens * mask.unsqueeze(-1)
        fused = self.fusion(tokens, mask)
        return nn.functional.normalize(fused * mask.any(dim=1, keepdim=True), dim=-1)


class Concatenation(nn.Module):
    """All tokens side by side through one hidden layer, added to their sum."""

    def __init__(self, modalities: int, dim: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(modalities * (dim + 1), 2 * dim)
        self.out = nn.Linear(2 * dim, dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """[n, modalities, dim] tokens, zero where [n, modalities] mask is False, to [n, dim]."""
        flat = torch.cat((tokens.flatten(1), mask.to(tokens.dtype)), dim=1)
        fused: Tensor = tokens.sum(dim=1) + self.out(torch.relu(self.hidden(flat)))
        return fused


class WeightedMean(nn.Module):
    """A mean with one learned weight a modality."""

    def __init__(self, modalities: int, dim: int) -> None:  # as the other fusions
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(modalities))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """As `Concatenation.forward`."""
        weights = self.weights.masked_fill(~mask, -1e9).softmax(dim=1)
        return (tokens * weights.unsqueeze(-1)).sum(dim=1)


class Attention(nn.Module):
    """Gated self-attention over the tokens that are there, added to them; then their mean."""

    def __init__(self, modalities: int, dim: int) -> None:
        super().__init__()
        self.kinds = nn.Parameter(torch.randn(modalities, dim) * 0.02)
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))
        self.gate = nn.Linear(dim, dim)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """As `Concatenation.forward`."""
        known = tokens + self.kinds
        scores = self.query(known) @ self.key(known).transpose(1, 2) / known.shape[-1] ** 0.5
        mixed = scores.masked_fill(~mask[:, None, :], -1e9).softmax(dim=-1) @ self.value(known)
        fused = tokens + torch.sigmoid(self.gate(known)) * mixed  # [n, modalities, dim]
        mean: Tensor = (fused * mask.unsqueeze(-1)).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp_min(1)
        return mean


class TasteMap(nn.Module):
    """From the mean of a history's vectors to the direction of what is liked; see `online.fusion.taste`."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim + 1, width)
        self.out = nn.Linear(width, dim)
        self.skip = nn.Parameter(torch.tensor(2.0))
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)

    def forward(self, mean: Tensor, count: Tensor) -> Tensor:
        """[n, dim] means of [n, 1] vectors each, to [n, dim]."""
        hidden = torch.relu(self.hidden(torch.cat((mean, count.log1p()), dim=1)))
        liked: Tensor = self.out(hidden) + self.skip * mean
        return liked


class Model(nn.Module):
    """All that is learned."""

    def __init__(self, modalities: int, dim: int, width: int, kind: Kind) -> None:
        super().__init__()
        self.tower = Tower(modalities, dim, kind)
        self.taste = TasteMap(dim, width)
        self.log_sharpness = nn.Parameter(torch.tensor(2.3))
        """Of the softmax: log of one over its temperature."""
        self.popularity = nn.Parameter(torch.tensor(0.0))
        """Weight of the log of how often an item is had: what is liked by everybody is no taste."""


FUSIONS = {"concatenation": Concatenation, "weighted_mean": WeightedMean, "attention": Attention}
