"""What a sentence-transformers folder says about pooling and length, in place of the family's default."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from encoders.hub.pooling import Inputs, Model, Pooling, masked_mean

_KNOWN_MODULES = {"Transformer", "Pooling", "Normalize"}


def sentence_pooling(folder: Path) -> tuple[str, Pooling] | None:
    """Name and function of the pooling that `1_Pooling/config.json` asks for; None where there is no such file.

    Several modes are put side by side, as sentence-transformers does.

    Raises:
        ValueError: It asks for a mode, or `modules.json` for a layer, that is not known here.
    """
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return None
    _refuse_other_modules(folder)
    modes = _modes(json.loads(path.read_text(encoding="utf-8")))
    unknown = [mode for mode in modes if mode not in _MODES]
    if unknown or not modes:
        message = f"{path} asks for pooling {unknown or 'by no mode'}; known are: {', '.join(_MODES)}"
        raise ValueError(message)

    def pool(model: Model, inputs: Inputs) -> Tensor:
        states = model(**inputs).last_hidden_state
        return torch.cat([_MODES[mode](states, inputs["attention_mask"]) for mode in modes], dim=1)

    return "+".join(modes), pool


def sentence_length(folder: Path) -> int | None:
    """Tokens that the folder's `sentence_bert_config.json` lets the model read; None if it does not say."""
    path = folder / "sentence_bert_config.json"
    said = json.loads(path.read_text(encoding="utf-8")).get("max_seq_length") if path.is_file() else None
    return None if said is None else int(said)


def _refuse_other_modules(folder: Path) -> None:
    path = folder / "modules.json"
    modules = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    others = [module["type"] for module in modules if module["type"].rpartition(".")[2] not in _KNOWN_MODULES]
    if others:
        message = f"{path} has layers that are not known here: {', '.join(others)}; try a model without them"
        raise ValueError(message)


def _modes(config: Mapping[str, Any]) -> list[str]:
    """Modes as written since version 6, `pooling_mode: mean`, or before, `pooling_mode_mean_tokens: true`."""
    said = config.get("pooling_mode")
    if said is not None:
        return [said] if isinstance(said, str) else list(said)
    prefix = "pooling_mode_"
    return [
        key.removeprefix(prefix).removesuffix("_tokens").removesuffix("_token")
        for key, wanted in config.items()
        if key.startswith(prefix) and wanted
    ]


def _first(states: Tensor, _: Tensor) -> Tensor:
    return states[:, 0]


def _last(states: Tensor, mask: Tensor) -> Tensor:
    return states[torch.arange(len(states), device=states.device), mask.sum(dim=1) - 1]


def _largest(states: Tensor, mask: Tensor) -> Tensor:
    return states.masked_fill(mask.unsqueeze(-1) == 0, -torch.inf).amax(dim=1)


_MODES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {"mean": masked_mean, "cls": _first, "max": _largest, "lasttoken": _last}
)
