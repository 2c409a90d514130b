"""Encoders loaded once per session: importing what MiniLM needs takes longer than all tests together."""

import pytest
import torch

from encoders.base import Encoder
from encoders.registry import load
from encoders.text_wordllama import WordLlamaEncoder
from tests.devices import DEVICE


@pytest.fixture(scope="session")
def minilm() -> Encoder[str]:
    # A second thread gains nothing on texts this short, and much is lost to it where cores are shared.
    torch.set_num_threads(1)
    return load("text", "minilm", DEVICE)


@pytest.fixture(scope="session")
def wordllama() -> WordLlamaEncoder:
    return WordLlamaEncoder()
