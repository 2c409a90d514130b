"""Tiny models, each built and loaded once per session."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from encoders.base import Encoder
from encoders.modalities import Modality
from encoders.registry import load
from tests.devices import DEVICE
from tests.encoders.hub.tiny import BUILDERS

Tiny = Callable[[str], Path]
Hub = Callable[[Modality, str], Encoder[Any]]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The folder of a family's model; nobody writes to it."""
    root = tmp_path_factory.mktemp("tiny")
    torch.set_num_threads(1)

    @cache
    def build(family: str) -> Path:
        folder = root / family
        folder.mkdir()
        BUILDERS[family](folder)
        return folder

    return build


@pytest.fixture(scope="session")
def hub(tiny: Tiny) -> Hub:
    """An encoder of a family's model, by the registry, in the precision that is fastest here."""

    @cache
    def of(modality: Modality, family: str) -> Encoder[Any]:
        return load(modality, f"hf:{tiny(family)}", DEVICE)

    return of
