"""The fusion once more, in torch, which finds derivatives by itself; it reads the weights of `online.fusion.model`."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from online.fusion.fusions import Kind
from online.fusion.model import Model
from online.fusion.taste import HALF_BELIEVED, STEEPNESS
from online.fusion.tower import Made

Weights = dict[str, Tensor]


def weights_of(model: Model) -> Weights:
    return {name: torch.from_numpy(part).requires_grad_() for name, part in model.weights.save().items()}


def vectors(w: Weights, kind: Kind, model: Model, made: Made, own: Tensor) -> Tensor:
    """[n, dim]"""
    mask = torch.from_numpy(made.has)
    tokens = torch.zeros(*mask.shape, w["projections"].shape[2])
    for modality, (places, x) in zip(made.modalities, made.vectors, strict=True):
        seen = (x - model.common.centre[modality]) @ model.common.axes[modality]
        tokens[torch.from_numpy(places), modality] = torch.from_numpy(seen) @ w["projections"][modality]
    fused = FUSIONS[kind](w, tokens, mask) + own
    return normalize(fused * mask.any(dim=1, keepdim=True), dim=-1)


def concatenation(w: Weights, tokens: Tensor, mask: Tensor) -> Tensor:
    layer = tokens.flatten(1) @ w["hidden"].flatten(0, 1) + mask.float() @ w["hidden.has"] + w["hidden.bias"]
    return tokens.sum(dim=1) + torch.relu(layer) @ w["out"] + w["out.bias"]


def weighted_mean(w: Weights, tokens: Tensor, mask: Tensor) -> Tensor:
    return (tokens * w["weights"].masked_fill(~mask, -1e9).softmax(dim=1).unsqueeze(-1)).sum(dim=1)


def attention(w: Weights, tokens: Tensor, mask: Tensor) -> Tensor:
    known = tokens + w["kinds"]
    query, value, opened = (known @ w[n] + w[f"{n}.bias"] for n in ("query", "value", "gate"))
    key = known @ w["key"]
    scores = query @ key.transpose(1, 2) / known.shape[-1] ** 0.5
    mixed = scores.masked_fill(~mask[:, None, :], -1e9).softmax(dim=-1) @ value
    fused = ((tokens + torch.sigmoid(opened) * mixed) * mask.unsqueeze(-1)).sum(dim=1)
    mean: Tensor = fused / mask.sum(dim=1, keepdim=True).clamp_min(1)
    return mean


FUSIONS = {"concatenation": concatenation, "weighted_mean": weighted_mean, "attention": attention}


def scores(w: Weights, mean: Tensor, count: Tensor, vectors: Tensor, log_shares: Tensor) -> Tensor:
    """[n, m]"""
    parts = (mean * count / (count + HALF_BELIEVED)).chunk(len(w["taste.skips"]), dim=1)
    liked = []
    for head, part in enumerate(parts):
        likes = w["taste.likes"][head]
        gates = STEEPNESS * part @ (w["taste.gates"][head] + likes.T) + w["taste.gate_biases"][head]
        liked.append(gates.softmax(dim=1) @ likes + w["taste.skips"][head] * part)
    all_liked = torch.cat(liked, dim=1) + w["taste.bias"]
    return all_liked @ vectors.T * w["log_sharpness"].exp() + w["popularity"] * log_shares


def sampled_softmax(scores: Tensor, excluded: NDArray[np.bool_], liked: NDArray[np.bool_]) -> Tensor:
    logs = scores.masked_fill(torch.from_numpy(excluded), -torch.inf).log_softmax(dim=1).diagonal()
    refused = -torch.log1p(-logs.exp().clamp_max(0.999))
    return torch.where(torch.from_numpy(liked), -logs, refused).mean()


def aligned(first: Tensor, second: Tensor) -> Tensor:
    scores = first @ second.T * 10.0
    own = torch.arange(len(first))
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(scores, own) + cross_entropy(scores.T, own)) / 2
