import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as tf
from numpy.typing import NDArray
from PIL import Image

from encoders.base import unit_rows
from encoders.hub.image import HubImageEncoder
from encoders.hub.loading import find
from tests.encoders.hub.conftest import Tiny

NOISE = np.random.default_rng(5).integers(0, 256, (3, 6, 8, 3), np.uint8)
PICTURES = [Image.fromarray(noise).resize((80, 60), Image.Resampling.BICUBIC) for noise in NOISE]


def full(folder: Path) -> HubImageEncoder:
    return HubImageEncoder(find(str(folder)), dtype=torch.float32)


def vectors(encoder: HubImageEncoder) -> NDArray[np.float32]:
    return unit_rows(encoder.embed([encoder.prepare_image(picture) for picture in PICTURES]))


def pixels(processor: tf.image_processing_backends.PilBackend) -> dict[str, torch.Tensor]:
    return {"pixel_values": processor(PICTURES, return_tensors="pt")["pixel_values"]}


@torch.inference_mode()
def test_vit_gives_what_its_classifier_reads(tiny: Tiny) -> None:
    model = tf.ViTForImageClassification.from_pretrained(tiny("vit"))
    seen: list[torch.Tensor] = []
    model.classifier.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(**pixels(tf.ViTImageProcessorPil.from_pretrained(tiny("vit"))))
    np.testing.assert_allclose(vectors(full(tiny("vit"))), unit_rows(seen[0].numpy()), atol=1e-2)


@torch.inference_mode()
def test_dinov2_gives_its_first_token(tiny: Tiny) -> None:
    model = tf.Dinov2Model.from_pretrained(tiny("dinov2"))
    plain = model(**pixels(tf.BitImageProcessorPil.from_pretrained(tiny("dinov2")))).last_hidden_state[:, 0]
    np.testing.assert_allclose(vectors(full(tiny("dinov2"))), unit_rows(plain.numpy()), atol=1e-2)


@torch.inference_mode()
def test_resnet_gives_the_mean_over_places(tiny: Tiny) -> None:
    model = tf.ResNetModel.from_pretrained(tiny("resnet"))
    states = model(**pixels(tf.ConvNextImageProcessorPil.from_pretrained(tiny("resnet")))).last_hidden_state
    plain = states.mean(dim=(2, 3)).numpy()
    np.testing.assert_allclose(vectors(full(tiny("resnet"))), unit_rows(plain), atol=1e-2)


@torch.inference_mode()
def test_towers_give_their_projected_features(tiny: Tiny) -> None:
    model = tf.CLIPModel.from_pretrained(tiny("clip"))
    inputs = pixels(tf.CLIPImageProcessorPil.from_pretrained(tiny("clip")))
    plain = model.visual_projection(model.vision_model(**inputs).pooler_output).numpy()
    np.testing.assert_allclose(vectors(full(tiny("clip"))), unit_rows(plain), atol=1e-2)


@torch.inference_mode()
def test_a_family_outside_the_table_gives_its_pooler(tiny: Tiny) -> None:
    model = tf.SwinModel.from_pretrained(tiny("swin"))
    plain = model(**pixels(tf.ViTImageProcessorPil.from_pretrained(tiny("swin")))).pooler_output.numpy()
    np.testing.assert_allclose(vectors(full(tiny("swin"))), unit_rows(plain), atol=1e-2)


def test_pictures_of_several_sizes_keep_their_order(tiny: Tiny, tmp_path: Path) -> None:
    folder = tmp_path / "uncropped"
    shutil.copytree(tiny("resnet"), folder)
    # Only the shorter side is told: what comes out is as long as the picture is.
    tf.ViTImageProcessorPil(size={"shortest_edge": 32}).save_pretrained(folder)
    encoder = full(folder)
    turned = [picture.rotate(90, expand=True) for picture in PICTURES]
    mixed = [
        encoder.prepare_image(picture) for pair in zip(PICTURES, turned, strict=True) for picture in pair
    ]
    assert {array.shape for array in mixed} == {(3, 32, 42), (3, 42, 32)}
    single = np.concatenate([encoder.embed([array]) for array in mixed])
    np.testing.assert_allclose(encoder.embed(mixed), single, atol=1e-4)


def test_a_preparation_that_does_not_fit_the_model_is_named(tiny: Tiny, tmp_path: Path) -> None:
    folder = tmp_path / "misfit"
    shutil.copytree(tiny("vit"), folder)
    tf.ViTImageProcessorPil(size={"height": 16, "width": 16}).save_pretrained(folder)
    with pytest.raises(
        ValueError, match="hf:misfit: the model cannot run on what its folder says to prepare: "
    ):
        full(folder)
