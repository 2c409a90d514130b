import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as tf
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from encoders.hub import pooling
from encoders.hub.loading import Source, find, read_config
from encoders.hub.network import Network, embed_by_shape
from encoders.hub.pooling import Pooling
from tests.encoders.hub.conftest import Tiny

PIXELS = np.random.default_rng(3).normal(size=(2, 3, 32, 32)).astype(np.float32)


def network(
    source: Source, pool: Pooling, dtype: torch.dtype = torch.float32, compiled: bool = False
) -> Network:
    return Network(source, read_config(source), pool, "cpu", dtype, compiled)


def without(folder: Path, copy: Path, part: str) -> Source:
    """A copy of a model whose file lacks all weights with a part of their name."""
    shutil.copytree(folder, copy)
    weights = load_file(copy / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if part not in name}
    assert len(kept) < len(weights)
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    return find(str(copy))


def test_weights_that_vectors_depend_on_are_missed(tiny: Tiny, tmp_path: Path) -> None:
    source = without(tiny("resnet"), tmp_path / "cut", "embedder.embedder")
    with pytest.raises(ValueError, match=r"hf:cut: its files lack \d+ weights, embedder\.embedder"):
        network(source, pooling.pooler)


def test_a_pooler_without_weights_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "beit"
    torch.manual_seed(1)
    config = tf.BeitConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=8
    )
    tf.BeitModel(config).save_pretrained(folder)
    source = without(folder, tmp_path / "poolerless", "pooler")
    found = network(source, pooling.pooler_or_mean).run({"pixel_values": PIXELS})
    plain = network(source, pooling.mean).run({"pixel_values": PIXELS})
    np.testing.assert_array_equal(found, plain)
    assert (
        np.abs(network(find(str(folder)), pooling.pooler_or_mean).run({"pixel_values": PIXELS}) - plain).max()
        > 0.1
    )


def test_a_tower_whose_pooler_has_no_weights_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    source = without(tiny("clap"), tmp_path / "cut", "text_model.pooler")
    with pytest.raises(ValueError, match=r"hf:cut: its files lack 2 weights, text_model\.pooler"):
        network(source, pooling.text_features)


def test_the_other_tower_is_left_behind(tiny: Tiny) -> None:
    source = find(str(tiny("clip")))
    one, other = network(source, pooling.image_features), network(source, pooling.text_features)
    sizes = [sum(weight.numel() for weight in tower._model.parameters()) for tower in (one, other)]
    whole = tf.CLIPModel.from_pretrained(tiny("clip"))
    assert max(sizes) < sum(weight.numel() for weight in whole.parameters()) * 0.8
    assert one.run({"pixel_values": PIXELS}).shape == (2, 24)


@pytest.mark.parametrize(("family", "last"), [("resnet", True), ("vit", False)])
def test_convolutional_networks_have_their_channels_last(tiny: Tiny, family: str, last: bool) -> None:
    found = network(find(str(tiny(family))), pooling.pooler_or_mean)._model
    kernel = next(weight for weight in found.parameters() if weight.ndim == 4 and weight.shape[1] > 1)
    assert kernel.is_contiguous(memory_format=torch.channels_last) == last


def test_half_precision_comes_close(tiny: Tiny) -> None:
    source = find(str(tiny("resnet")))
    half = network(source, pooling.pooler, torch.bfloat16).run({"pixel_values": PIXELS})
    full = network(source, pooling.pooler).run({"pixel_values": PIXELS})
    assert half.dtype == np.float32
    assert not np.array_equal(half, full)
    np.testing.assert_allclose(half, full, atol=0.05 * np.abs(full).max())


def test_compiling_is_left_to_torch(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    # torch.compile itself takes a minute; here is whether its result is what runs.
    monkeypatch.setattr(torch, "compile", lambda forward: lambda inputs: forward(inputs) + 1)
    source = find(str(tiny("resnet")))
    plain = network(source, pooling.pooler).run({"pixel_values": PIXELS})
    np.testing.assert_allclose(
        network(source, pooling.pooler, compiled=True).run({"pixel_values": PIXELS}), plain + 1
    )


def test_running_out_of_memory_is_no_misfit(tiny: Tiny) -> None:
    def run_out(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        network(find(str(tiny("resnet"))), run_out).dim(dict)


def test_shapes_are_kept_apart_and_order_is_kept() -> None:
    arrays = [np.full(1 + place % 3, place, np.float32) for place in range(7)]
    batches: list[int] = []

    def first(alike: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        batches.append(len(alike))
        return np.stack(alike)[:, :1]

    assert embed_by_shape(arrays, first, dim=1)[:, 0].tolist() == list(range(7))
    assert batches == [3, 2, 2]
