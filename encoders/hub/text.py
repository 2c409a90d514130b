"""Text to vectors with any encoder of the BERT family, or the text tower of CLIP and its kin."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedConfig

from encoders.base import Encoder, fingerprint
from encoders.batching import Batches
from encoders.hub.families import pooling_of
from encoders.hub.loading import RECIPE, Source, first_line, read_config
from encoders.hub.network import Arrays, Network
from encoders.hub.sentences import sentence_length, sentence_pooling
from encoders.modalities import Modality
from encoders.text import PREPARATION, prepare_text
from encoders.text_windows import batches_by_length, cut_windows, pad_windows

Tokenizer = Any
"""A tokenizer of `transformers`, of a class that only its folder knows."""
WINDOW_TOKENS = 512
"""Tokens read at once at most, special tokens among them; fewer where the model says so."""
WINDOW_LIMIT = 8
"""Windows read of one text; what follows is ignored."""
BATCH_TOKENS = {"cpu": 2_048, "cuda": 65_536}
"""Tokens, padding included, in one forward pass."""
_VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
_PADDED_TO_THE_END = frozenset(("siglip",))
"""Families that read the last place of a full window, without a mask: as they were trained."""
_OFFSET_POSITIONS = "altclip camembert clap mpnet roberta roberta-prelayernorm xlm-roberta xlm-roberta-xl"
"""Families whose first positions are taken by padding, so that fewer tokens fit than there are positions."""


class HubTextEncoder(Encoder[str]):
    """A text model of `transformers`.

    Texts longer than the model's window are cut into windows; a text's vector is their mean, each counting by
    its tokens.
    """

    modality: ClassVar[Modality] = "text"

    def __init__(
        self, source: Source, device: str = "cpu", dtype: torch.dtype | None = None, compiled: bool = False
    ) -> None:
        """Loads tokenizer and model; arguments as for `encoders.hub.network.Network`.

        Raises:
            ValueError: The folder's model is no text encoder, or lacks something.
        """
        config = read_config(source)
        said = sentence_pooling(source.folder)
        pooling = said[1] if said else pooling_of("text", config.model_type, source.name)
        self.name = source.name
        recipe = f"{RECIPE} text {said[0] if said else pooling.__name__} {WINDOW_TOKENS} {WINDOW_LIMIT}"
        self.version = fingerprint(recipe, PREPARATION, source.digest())
        self._tokenizer = _read_tokenizer(source)
        self._first, self._last = _special_tokens(self._tokenizer)
        self._window = _window(source, config, self._tokenizer)
        self._fills = config.model_type in _PADDED_TO_THE_END
        self._network = Network(source, config, pooling, device, dtype, compiled)
        self.weights = self._network.weights
        self._batches = Batches(BATCH_TOKENS[self._network.device.type])
        self.dim = self._network.dim(lambda: self._inputs([self._tokenizer("a")["input_ids"]]))

    def prepare(self, entry: object) -> str:
        """As `encoders.text.prepare_text`."""
        return prepare_text(entry)

    def embed(self, prepared: Sequence[str]) -> NDArray[np.float32]:
        """[n, dim]: sums of the windows' vectors, each times its tokens."""
        windows, owners = cut_windows(
            self._tokens(prepared),
            room=self._window - len(self._first) - len(self._last),
            limit=WINDOW_LIMIT,
            first=self._first,
            last=self._last,
        )
        lengths = np.array([len(window) for window in windows], np.float32)
        raw = np.zeros((len(prepared), self.dim), np.float32)
        padded = [self._window] * len(windows) if self._fills else list(map(len, windows))
        for chosen in batches_by_length(padded, BATCH_TOKENS[self._network.device.type]):
            vectors = self._batches.run([windows[i] for i in chosen], self._forward)
            np.add.at(raw, owners[chosen], vectors * lengths[chosen, None])
        return raw

    def _forward(self, windows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        return self._network.run(self._inputs(windows))

    def _inputs(self, windows: Sequence[Sequence[int]]) -> Arrays:
        padding = self._tokenizer.pad_token_id
        if self._fills:
            return {"input_ids": pad_windows(windows, padding, self._window)[0]}
        # The mask hides what is in the place of padding where the tokenizer has none.
        ids, mask = pad_windows(windows, padding=0 if padding is None else padding)
        return {"input_ids": ids, "attention_mask": mask}

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        # verbose=False: a warning that a text exceeds the model's limit would be wrong, it is cut.
        ids: list[list[int]] = self._tokenizer(list(texts), add_special_tokens=False, verbose=False)[
            "input_ids"
        ]
        return ids


def _read_tokenizer(source: Source) -> Tokenizer:
    if not any(path for kind in _VOCABULARIES for path in source.folder.glob(kind)):
        message = f"{source.name}: {source.folder} has no tokenizer; save one there by its save_pretrained"
        raise ValueError(message)
    try:
        return AutoTokenizer.from_pretrained(source.folder, local_files_only=True, trust_remote_code=False)
    except (
        Exception
    ) as error:  # a tokenizer may need a library that is not installed, or files that are not there
        message = (
            f"{source.name}: its tokenizer cannot be loaded: {first_line(error)}; "
            f"try a model with a tokenizer.json"
        )
        raise ValueError(message) from error


def _special_tokens(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """What the tokenizer puts before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a")["input_ids"]
    start = next(i for i in range(len(whole)) if whole[i : i + len(bare)] == bare)
    return whole[:start], whole[start + len(bare) :]


def _window(source: Source, config: PreTrainedConfig, tokenizer: Tokenizer) -> int:
    """Tokens the model reads at once: the least of all that is said about it."""
    text = config.get_text_config()
    positions = getattr(text, "max_position_embeddings", None) or WINDOW_TOKENS
    if config.model_type in _OFFSET_POSITIONS.split():
        positions -= (text.pad_token_id or 0) + 1
    said = sentence_length(source.folder) or WINDOW_TOKENS
    return int(min(WINDOW_TOKENS, said, positions, tokenizer.model_max_length))
