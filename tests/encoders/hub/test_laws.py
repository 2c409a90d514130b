"""The laws of `encoders.base.Encoder`, held against a tiny model of every family."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from encoders.base import Encoder
from encoders.hub.audio import HubAudioEncoder
from encoders.hub.image import HubImageEncoder
from encoders.hub.loading import Source, find
from encoders.hub.text import HubTextEncoder
from encoders.hub.video import HubVideoEncoder
from encoders.modalities import Modality
from encoders.registry import load
from tests.contracts.test_encoders import (
    assert_same,
    bad,
    good,
    test_a_bad_entry_fails_alone_with_a_reason,
    test_a_batch_equals_one_by_one,
    test_a_batch_of_bad_entries_only,
    test_an_empty_batch,
    test_order_is_kept,
    test_the_same_twice,
    test_vectors_are_float32_of_unit_length,
)
from tests.devices import DEVICE
from tests.encoders.hub.conftest import Hub, Tiny

__all__ = [
    "bad",
    "good",
    "test_a_bad_entry_fails_alone_with_a_reason",
    "test_a_batch_equals_one_by_one",
    "test_a_batch_of_bad_entries_only",
    "test_an_empty_batch",
    "test_order_is_kept",
    "test_the_same_twice",
    "test_vectors_are_float32_of_unit_length",
]

CLASSES: dict[Modality, Callable[[Source, str, torch.dtype], Encoder[Any]]] = {
    "text": HubTextEncoder,
    "image": HubImageEncoder,
    "audio": HubAudioEncoder,
    "video": HubVideoEncoder,
}
MODELS: list[tuple[Modality, str]] = [
    ("text", "bert"),
    ("text", "roberta"),
    ("text", "clip"),
    ("text", "siglip"),
    ("text", "clap"),
    ("text", "xclip"),
    ("image", "resnet"),
    ("image", "vit"),
    ("image", "dinov2"),
    ("image", "swin"),
    ("image", "clip"),
    ("image", "siglip"),
    ("audio", "ast"),
    ("audio", "wav2vec2"),
    ("audio", "hubert"),
    ("audio", "clap"),
    ("video", "videomae"),
    ("video", "timesformer"),
    ("video", "xclip"),
]


@pytest.fixture(scope="module", params=MODELS, ids="-".join)
def model(request: pytest.FixtureRequest) -> tuple[Modality, str]:
    chosen: tuple[Modality, str] = request.param
    return chosen


@pytest.fixture(scope="module")
def encoder(hub: Hub, model: tuple[Modality, str]) -> Encoder[Any]:
    return hub(*model)


def test_the_same_after_reloading(
    encoder: Encoder[Any], model: tuple[Modality, str], tiny: Tiny, good: list[object]
) -> None:
    again = load(model[0], f"hf:{tiny(model[1])}", DEVICE)
    assert (again.name, again.version) == (encoder.name, encoder.version)
    np.testing.assert_array_equal(encoder.encode(good[:2]).vectors, again.encode(good[:2]).vectors)


def test_neither_device_nor_precision_changes_the_vectors(
    encoder: Encoder[Any], model: tuple[Modality, str], tiny: Tiny, good: list[object]
) -> None:
    # What is fastest here may be bfloat16, on a CPU too.
    full = CLASSES[model[0]](find(str(tiny(model[1]))), "cpu", torch.float32)
    assert full.version == encoder.version
    assert_same(encoder.encode(good).vectors, full.encode(good).vectors)


def test_every_family_and_modality_has_a_version_of_its_own(hub: Hub) -> None:
    assert len({hub(*model).version for model in MODELS}) == len(MODELS)


def test_both_towers_share_a_space(hub: Hub) -> None:
    assert hub("text", "clip").dim == hub("image", "clip").dim
    assert hub("text", "siglip").dim == hub("image", "siglip").dim
    assert hub("text", "clap").dim == hub("audio", "clap").dim
    assert hub("text", "xclip").dim == hub("video", "xclip").dim
