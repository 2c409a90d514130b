"""A tiny BERT, saved once; nobody writes to its folder."""

from pathlib import Path

import pytest
import torch

from encoders.base import Encoder
from encoders.registry import load
from tests.devices import DEVICE
from tests.encoders.hub.tiny import bert


@pytest.fixture(scope="session")
def tiny_name(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("bert")
    torch.set_num_threads(1)
    bert(folder)
    return f"hf:{folder}"


@pytest.fixture(scope="session")
def tiny_bert(tiny_name: str) -> Encoder[str]:
    return load("text", tiny_name, DEVICE)
