import subprocess
import sys

import pytest

from encoders.registry import UnknownEncoderError, load

IMPORT = """
import sys, time
import numpy, numpy.typing
started = time.process_time()
import encoders.registry
print(time.process_time() - started, *sorted({"torch", "transformers", "tokenizers"} & set(sys.modules)))
"""


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(
        UnknownEncoderError, match="text encoder 'bert' is unknown; known are: hashing, minilm, wordllama"
    ):
        load("text", "bert")


def test_loads_by_name() -> None:
    assert load("text", "hashing").name == "hashing"


def test_importing_the_registry_is_light() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True
    ).stdout
    seconds, *heavy = printed.split()
    assert heavy == []
    assert float(seconds) < 0.05
