"""Text to vectors with WordLlama: the mean of token embeddings of a large language model; fast on a CPU."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load
from tokenizers import Tokenizer

from encoders.base import Encoder, fingerprint
from encoders.modalities import Modality
from encoders.text import PREPARATION, prepare_text

RECIPE = "wordllama1 mean"


class WordLlamaEncoder(Encoder[str]):
    """WordLlama l2_supercat, 256 dimensions, from the package `wordllama` (Miller, 2024; MIT)."""

    name = "wordllama"
    modality: ClassVar[Modality] = "text"

    def __init__(self, device: str = "cpu") -> None:
        """Loads the weights; it runs on the CPU whatever `device` says.

        Raises:
            FileNotFoundError: The package `wordllama` or its weights are missing.
        """
        folder = _package_folder()
        weights = (folder / "weights" / "l2_supercat_256.safetensors").read_bytes()
        tokens = (folder / "tokenizers" / "l2_supercat_tokenizer_config.json").read_bytes()
        self.version = fingerprint(RECIPE, PREPARATION, weights, tokens)
        self.table = load(weights)["embedding.weight"].astype(np.float32)  # [vocabulary, dim]
        self.tokenizer = Tokenizer.from_buffer(tokens)
        self.dim = int(self.table.shape[1])

    def prepare(self, entry: object) -> str:
        """As `encoders.text.prepare_text`."""
        return prepare_text(entry)

    def embed(self, prepared: Sequence[str]) -> NDArray[np.float32]:
        """[n, dim]: sums of token vectors. A sum points where the mean does, and only that is kept."""
        ids = [line.ids for line in self.tokenizer.encode_batch_fast(prepared, add_special_tokens=False)]
        sums = np.zeros((len(prepared), self.dim), np.float32)
        for row, tokens in enumerate(ids):
            self.table[tokens].sum(axis=0, out=sums[row])
        return sums


def _package_folder() -> Path:
    # Found, not imported: importing wordllama configures the root logger, takes more than a second, and its own
    # loader looks for the tokenizer in a folder that the package has not.
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        message = "the encoder wordllama needs the package wordllama; try: pip install wordllama"
        raise FileNotFoundError(message)
    return Path(spec.origin).parent
