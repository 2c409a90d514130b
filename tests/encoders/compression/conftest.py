"""A tiny BERT, saved once; nobody writes to its folder."""

import pytest

from encoders.base import Encoder
from encoders.registry import load
from tests.devices import DEVICE
from tests.encoders.hub.tiny import bert_name


@pytest.fixture(scope="session")
def tiny_name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bert_name(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def tiny_bert(tiny_name: str) -> Encoder[str]:
    return load("text", tiny_name, DEVICE)
