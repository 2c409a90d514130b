"""From what a model puts out to one vector an entry; which family takes which: `encoders.hub.families`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

Inputs = Mapping[str, Tensor]
Model = Any
"""A model of `transformers`, of a class that only its folder knows."""
Pooling = Callable[[Model, Inputs], Tensor]
"""(model, its inputs of n entries) to [n, dim]."""


def token_mean(model: Model, inputs: Inputs) -> Tensor:
    """Mean of the token states that the attention mask leaves (Reimers and Gurevych, 2019)."""
    return masked_mean(model(**inputs).last_hidden_state, inputs["attention_mask"])


def mean(model: Model, inputs: Inputs) -> Tensor:
    """Mean of all tokens; of all places, where the states are a map [n, dim, height, width]."""
    return _mean_state(model(**inputs).last_hidden_state)


def first_token(model: Model, inputs: Inputs) -> Tensor:
    """State of the first token, [CLS]."""
    states: Tensor = model(**inputs).last_hidden_state[:, 0]
    return states


def pooler(model: Model, inputs: Inputs) -> Tensor:
    """What the model itself calls its pooled output."""
    pooled: Tensor = model(**inputs).pooler_output
    return pooled.flatten(1)


def pooler_or_mean(model: Model, inputs: Inputs) -> Tensor:
    """As `pooler` where there is one, else as `mean`."""
    output = model(**inputs)
    pooled: Tensor | None = output.get("pooler_output")
    return _mean_state(output.last_hidden_state) if pooled is None else pooled.flatten(1)


def text_features(model: Model, inputs: Inputs) -> Tensor:
    """Text, projected into the space that both towers share."""
    features: Tensor = model.get_text_features(**inputs).pooler_output
    return features


def image_features(model: Model, inputs: Inputs) -> Tensor:
    """Images, projected into the space that both towers share."""
    features: Tensor = model.get_image_features(**inputs).pooler_output
    return features


def audio_features(model: Model, inputs: Inputs) -> Tensor:
    """Sounds, projected into the space that both towers share."""
    features: Tensor = model.get_audio_features(**inputs).pooler_output
    return features


def video_features(model: Model, inputs: Inputs) -> Tensor:
    """Clips, projected into the space that both towers share."""
    features: Tensor = model.get_video_features(**inputs).pooler_output
    return features


def time_mean(model: Model, inputs: Inputs) -> Tensor:
    """Mean over time of the states that come of samples in the attention mask; over all where there is none."""
    states: Tensor = model(**inputs).last_hidden_state
    if "attention_mask" not in inputs:
        return states.mean(dim=1)
    lengths = inputs["attention_mask"].sum(dim=1)
    # What the convolutions leave of a length, without padding.
    for kernel, stride in zip(model.config.conv_kernel, model.config.conv_stride, strict=True):
        lengths = torch.div(lengths - kernel, stride, rounding_mode="floor") + 1
    places = torch.arange(states.shape[1], device=states.device)
    return masked_mean(states, (places < lengths.unsqueeze(1)).long())


def masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """[n, dim]: mean of states [n, length, dim] where the mask [n, length] is 1, in float32."""
    weights = mask.unsqueeze(-1).float()
    return (states.float() * weights).sum(dim=1) / weights.sum(dim=1)


def _mean_state(states: Tensor) -> Tensor:
    return states.flatten(2).mean(dim=2) if states.ndim == 4 else states.mean(dim=1)


READS_POOLER = frozenset((pooler, text_features, image_features, audio_features, video_features))
"""Poolings for which a model's pooler must have been trained."""
OTHER_TOWER: Mapping[Pooling, tuple[str, ...]] = MappingProxyType(
    {
        text_features: ("vision_model", "audio_model"),
        image_features: ("text_model",),
        audio_features: ("text_model",),
        video_features: ("text_model",),
    }
)
"""Parts of a model of two towers that a pooling never runs."""
