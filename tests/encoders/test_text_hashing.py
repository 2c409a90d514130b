import os
import subprocess
import sys

import numpy as np

from encoders.text_hashing import HashingEncoder

PRINT = """
from hashlib import sha256
from encoders.text_hashing import HashingEncoder
print(sha256(HashingEncoder().encode(["Blue shoes, size 42", "東京 tower"]).vectors.tobytes()).hexdigest())
"""


def test_stable_across_processes() -> None:
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINT],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_the_vector_of_a_word_is_fixed_for_ever() -> None:
    vector = HashingEncoder().encode(["shoe"]).vectors[0]
    assert np.flatnonzero(vector).tolist() == SHOE_FEATURES


def test_shared_words_and_shared_stems_bring_texts_together() -> None:
    texts = ["running shoes in blue", "blue running shoe", "espresso coffee machine"]
    vectors = HashingEncoder().encode(texts).vectors
    assert vectors[0] @ vectors[1] > 0.6
    assert abs(vectors[0] @ vectors[2]) < 0.2


def test_symbols_alone_are_content() -> None:
    assert HashingEncoder().encode(["!?", "🙂"]).errors == {}


SHOE_FEATURES = [31, 60, 82, 100, 112, 203, 207, 240, 241]
