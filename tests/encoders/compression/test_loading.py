import io
import shutil
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file

from encoders.base import Encoder
from encoders.compression.folder import (
    WEIGHTS,
    CompressionError,
    read_about,
    write_about,
    write_weights,
)
from encoders.compression.methods import Method, expand_state, shrink_state
from encoders.compression.writing import network_of, write_compressed
from encoders.registry import HUB_PREFIX, UnknownEncoderError, load
from tests.devices import DEVICE

METHODS: tuple[Method, ...] = get_args(Method)
TEXTS = ["a puppy plays", "tax", "the quick brown fox", "seven engines"]


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("nd,nd->n", left, right))


@pytest.fixture
def written(tiny_name: str, tiny_bert: Encoder[str], tmp_path: Path) -> Path:
    write_compressed(tiny_bert, tiny_name, "int8", tmp_path / "small")
    return tmp_path / "small"


@pytest.mark.parametrize("method", METHODS)
def test_vectors_are_those_of_the_compressed_network_in_memory(
    tiny_name: str, tiny_bert: Encoder[str], tmp_path: Path, method: Method
) -> None:
    write_compressed(tiny_bert, tiny_name, method, tmp_path)
    in_memory = load("text", tiny_name, DEVICE)
    state = network_of(tiny_bert).network.state_dict()
    share = read_about(tmp_path).share
    network_of(in_memory).network.load_state_dict(
        expand_state(shrink_state(state, method, share), method, state)
    )
    found = load("text", f"compressed:{tmp_path}", DEVICE).encode(TEXTS).vectors
    np.testing.assert_array_equal(found, in_memory.encode(TEXTS).vectors)
    original = tiny_bert.encode(TEXTS).vectors
    # Not equal: they would be if the original's weights were still in use where they count.
    assert method == "bf16" or not np.array_equal(found, original)
    assert cosines(found, original).min() > (0.7 if method == "pruned" else 0.99)


def test_each_is_a_space_of_its_own(tiny_name: str, tiny_bert: Encoder[str], tmp_path: Path) -> None:
    versions = {tiny_bert.version}
    for method in METHODS:
        write_compressed(tiny_bert, tiny_name, method, tmp_path / method)
        found = load("text", f"compressed:{tmp_path / method}", DEVICE)
        assert found.name == f"compressed:{method}"
        versions.add(found.version)
    assert len(versions) == 1 + len(METHODS)


def test_the_version_is_the_same_elsewhere(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path / "copied")
    assert (
        load("text", f"compressed:{written}", DEVICE).version
        == load("text", f"compressed:{tmp_path / 'copied'}", DEVICE).version
    )


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(UnknownEncoderError, match=r"compressed:.*nowhere: there is no such folder"):
        load("text", f"compressed:{tmp_path / 'nowhere'}")


def test_another_modality(written: Path) -> None:
    with pytest.raises(CompressionError, match="encodes text, expected image"):
        load("image", f"compressed:{written}", DEVICE)


def test_an_original_that_has_changed_since(written: Path) -> None:
    about = read_about(written)
    write_about(written, msgspec.structs.replace(about, original_version="older"))
    with pytest.raises(CompressionError, match=r"has version .*, and had older when .*; compress anew"):
        load("text", f"compressed:{written}", DEVICE)


def test_an_original_that_is_gone(written: Path, tmp_path: Path) -> None:
    about = read_about(written)
    write_about(written, msgspec.structs.replace(about, original=f"{HUB_PREFIX}{tmp_path / 'gone'}"))
    with pytest.raises(UnknownEncoderError, match="gone: there is no such folder"):
        load("text", f"compressed:{written}", DEVICE)


def test_weights_that_lack_one(written: Path) -> None:
    about, stored = read_about(written), load_file(written / WEIGHTS)
    lost = next(name for name in stored if name.endswith("|scales"))
    del stored[lost]
    write_about(written, msgspec.structs.replace(about, fingerprint=write_weights(written, stored)))
    with pytest.raises(CompressionError, match=r"does not fit the network of hf:.*scales.*compress anew"):
        load("text", f"compressed:{written}", DEVICE)


def test_a_damaged_file(written: Path) -> None:
    (written / WEIGHTS).write_bytes((written / WEIGHTS).read_bytes()[:1000])
    with pytest.raises(CompressionError, match=r"weights.safetensors is damaged"):
        load("text", f"compressed:{written}", DEVICE)


def _picture(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((240, 240), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def test_efficientnet_alone_and_below_frames(tmp_path: Path) -> None:
    pictures = [_picture(seed) for seed in range(3)]
    original: Encoder[Any] = load("image", "efficientnet", DEVICE)
    write_compressed(original, "efficientnet", "int8", tmp_path / "image")
    smaller = load("image", f"compressed:{tmp_path / 'image'}", DEVICE)
    assert cosines(smaller.encode(pictures).vectors, original.encode(pictures).vectors).min() > 0.95
    frames = load("video", "frames", DEVICE)
    write_compressed(frames, "frames", "int8", tmp_path / "video")
    ours = network_of(load("video", f"compressed:{tmp_path / 'video'}", DEVICE)).network.state_dict()
    for name, tensor in network_of(smaller).network.state_dict().items():
        assert torch.equal(tensor, ours[name])
