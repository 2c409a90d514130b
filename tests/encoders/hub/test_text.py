import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from encoders.base import unit_rows
from encoders.hub.loading import find
from encoders.hub.text import HubTextEncoder
from tests.encoders.hub.conftest import Tiny

TEXTS = ["a puppy plays", "tax", "the quick brown fox"]


def full(folder: Path) -> HubTextEncoder:
    return HubTextEncoder(find(str(folder)), dtype=torch.float32)


@torch.inference_mode()
def states_and_mask(folder: Path, text: str) -> tuple[NDArray[np.float32], int]:
    """A plain forward pass of one text, alone and so without padding: states [tokens, dim], and the tokens."""
    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    states = AutoModel.from_pretrained(folder)(**tokens).last_hidden_state[0].numpy()
    return states, len(states)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_bert_and_its_kin_give_the_mean_of_their_tokens(tiny: Tiny, family: str) -> None:
    plain = np.stack([states_and_mask(tiny(family), text)[0].mean(axis=0) for text in TEXTS])
    np.testing.assert_allclose(full(tiny(family)).encode(TEXTS).vectors, unit_rows(plain), atol=1e-5)


@pytest.mark.parametrize("family", ["clip", "clap", "xclip"])
@torch.inference_mode()
def test_towers_give_their_projected_features(tiny: Tiny, family: str) -> None:
    tokenizer, model = AutoTokenizer.from_pretrained(tiny(family)), AutoModel.from_pretrained(tiny(family))
    plain = [model.get_text_features(**tokenizer(text, return_tensors="pt")).pooler_output for text in TEXTS]
    np.testing.assert_allclose(
        full(tiny(family)).encode(TEXTS).vectors, unit_rows(torch.cat(plain).numpy()), atol=1e-5
    )


@torch.inference_mode()
def test_siglip_reads_a_full_window_without_a_mask(tiny: Tiny) -> None:
    tokenizer, model = (
        AutoTokenizer.from_pretrained(tiny("siglip")),
        AutoModel.from_pretrained(tiny("siglip")),
    )
    ids = tokenizer(TEXTS, padding="max_length", max_length=40, return_tensors="pt")["input_ids"]
    plain = model.get_text_features(input_ids=ids).pooler_output.numpy()
    np.testing.assert_allclose(full(tiny("siglip")).encode(TEXTS).vectors, unit_rows(plain), atol=1e-5)


def test_every_window_counts_by_its_tokens(tiny: Tiny) -> None:
    # 64 positions, two of them for special tokens: one full window of a, and one of 10 b.
    encoder = full(tiny("bert"))
    first, rest = states_and_mask(tiny("bert"), "a " * 62), states_and_mask(tiny("bert"), "b " * 10)
    weighted = (first[0].mean(axis=0) * 64 + rest[0].mean(axis=0) * 12)[None]
    found = encoder.encode(["a " * 62 + "b " * 10]).vectors
    np.testing.assert_allclose(found, unit_rows(weighted), atol=1e-5)


@pytest.mark.parametrize("family", ["bert", "roberta", "clip", "siglip", "clap"])
def test_no_text_is_too_long(tiny: Tiny, family: str) -> None:
    encoded = full(tiny(family)).encode(["dog and cat " * 2_000, "x" * 19_000])
    assert encoded.errors == {}
    assert encoded.vectors.any(axis=1).all()


def sentence_folder(source: Path, folder: Path, pooling: dict[str, object]) -> Path:
    shutil.copytree(source, folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return folder


def test_a_sentence_transformers_folder_says_how_to_pool(tiny: Tiny, tmp_path: Path) -> None:
    folder = sentence_folder(tiny("bert"), tmp_path / "cls", {"pooling_mode_cls_token": True})
    plain = np.stack([states_and_mask(folder, text)[0][0] for text in TEXTS])
    encoder = full(folder)
    np.testing.assert_allclose(encoder.encode(TEXTS).vectors, unit_rows(plain), atol=1e-5)
    assert encoder.version != full(tiny("bert")).version


def test_a_sentence_transformers_folder_says_how_much_to_read(tiny: Tiny, tmp_path: Path) -> None:
    folder = sentence_folder(tiny("bert"), tmp_path / "short", {"pooling_mode": "mean"})
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 12}')
    one, two = "a b c d e f g h i j", "k l m n o p q r s t"
    windows = np.stack([states_and_mask(folder, text)[0].mean(axis=0) for text in (one, two)])
    found = full(folder).encode([f"{one} {two}"]).vectors
    np.testing.assert_allclose(found, unit_rows(windows.sum(axis=0, keepdims=True)), atol=1e-5)


def test_a_folder_without_a_tokenizer_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    shutil.copytree(tiny("bert"), folder, ignore=shutil.ignore_patterns("token*"))
    with pytest.raises(
        ValueError, match=r"hf:bare: .* has no tokenizer; save one there by its save_pretrained"
    ):
        full(folder)


def test_a_damaged_tokenizer_is_named(tiny: Tiny, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(tiny("bert"), folder)
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ValueError, match="hf:damaged: its tokenizer cannot be loaded: "):
        full(folder)
