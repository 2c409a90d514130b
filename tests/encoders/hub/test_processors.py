import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers as tf
from PIL import Image

from encoders.hub.loading import Source
from encoders.hub.pictures import Preparation
from encoders.hub.processors import PreparePicture, read_preparation

NOISE = np.random.default_rng(2).integers(0, 256, (40, 60, 3), np.uint8)
WIDE = Image.fromarray(NOISE).resize((331, 247), Image.Resampling.BICUBIC)
SMALL = Image.fromarray(NOISE).resize((20, 30), Image.Resampling.BICUBIC)
SQUARE = {"height": 48, "width": 48}
STATED = {"size": SQUARE, "resample": 3, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}


def read(folder: Path, config: tf.PreTrainedConfig | None = None) -> PreparePicture:
    return read_preparation(Source("hf:model", folder), config or tf.ViTConfig())


def write(folder: Path, said: dict[str, Any], name: str = "preprocessor_config.json") -> None:
    (folder / name).write_text(json.dumps(said))


@pytest.mark.parametrize(
    "processor",
    [
        tf.ViTImageProcessorPil(size=SQUARE),
        tf.CLIPImageProcessorPil(size={"shortest_edge": 48}, crop_size=SQUARE),
        tf.CLIPImageProcessorPil(size={"shortest_edge": 24}, crop_size=SQUARE),
        tf.SiglipImageProcessorPil(size=SQUARE),
        tf.BitImageProcessorPil(size={"shortest_edge": 57}, crop_size={"height": 48, "width": 40}),
        tf.DeiTImageProcessorPil(size={"height": 56, "width": 56}, crop_size=SQUARE),
        tf.ConvNextImageProcessorPil(size={"shortest_edge": 48}, crop_pct=0.875),
        tf.ConvNextImageProcessorPil(size={"shortest_edge": 384}),
        tf.VideoMAEImageProcessorPil(size={"shortest_edge": 48}, crop_size=SQUARE),
        tf.ViTImageProcessorPil(size=SQUARE, do_normalize=False),
    ],
    ids=lambda processor: type(processor).__name__,
)
@pytest.mark.parametrize("image", [WIDE, WIDE.rotate(90, expand=True), SMALL], ids=["wide", "high", "small"])
def test_one_pass_gives_what_the_processor_does(processor: Any, image: Image.Image, tmp_path: Path) -> None:  # noqa: ANN401  # of many classes
    processor.save_pretrained(tmp_path)
    prepare = read(tmp_path)
    assert isinstance(prepare, Preparation)
    theirs = np.asarray(processor(image, return_tensors="np")["pixel_values"])
    level = 1 / 255 / (min(processor.image_std) if processor.do_normalize else 1)
    np.testing.assert_allclose(prepare(image), theirs.reshape(theirs.shape[-3:]), atol=1.01 * level)


def test_what_is_out_of_the_ordinary_is_left_to_the_processor(tmp_path: Path) -> None:
    processor = tf.MobileViTImageProcessorPil(size={"shortest_edge": 48}, crop_size=SQUARE)
    processor.save_pretrained(tmp_path)
    theirs = processor(WIDE, return_tensors="np")["pixel_values"][0]
    np.testing.assert_array_equal(read(tmp_path)(WIDE), theirs)


def test_settings_of_old_are_understood(tmp_path: Path) -> None:
    write(tmp_path, {"feature_extractor_type": "CLIPFeatureExtractor", "size": 56, "crop_size": 48})
    prepare = read(tmp_path)
    assert isinstance(prepare, Preparation)
    assert (prepare.resized, prepare.crop, prepare.resample) == (56, (48, 48), Image.Resampling.BICUBIC)


def test_where_no_class_is_named_the_family_has_one(tmp_path: Path) -> None:
    write(tmp_path, {"size": 48})
    assert read(tmp_path, tf.ViTConfig()).resized == (48, 48)  # type: ignore[attr-defined]  # in one pass
    write(tmp_path, {"size": 224, "crop_pct": 0.875})
    assert read(tmp_path, tf.ResNetConfig()).resized == 256  # type: ignore[attr-defined]  # in one pass


def test_settings_within_those_of_a_whole_processor_come_first(tmp_path: Path) -> None:
    write(tmp_path, {"size": 48})
    write(tmp_path, {"image_processor": {"size": 56}}, "processor_config.json")
    assert read(tmp_path).resized == (56, 56)  # type: ignore[attr-defined]  # in one pass


def test_a_class_that_needs_torchvision_is_done_without_it_if_all_is_stated(tmp_path: Path) -> None:
    write(tmp_path, {**STATED, "image_processor_type": "DINOv3ViTImageProcessorFast"})
    found = read(tmp_path, tf.DINOv3ViTConfig())(Image.new("RGB", (60, 60), (255, 0, 51)))
    np.testing.assert_allclose(found[:, 0, 0], [2.5, -0.4 / 0.3, -0.25], rtol=1e-5)


def test_a_class_that_needs_torchvision_is_refused_if_not(tmp_path: Path) -> None:
    said = {key: value for key, value in STATED.items() if key != "resample"}
    write(tmp_path, {**said, "image_processor_type": "DINOv3ViTImageProcessorFast"})
    reason = (
        "DINOv3ViTImageProcessorFast needs torchvision, unless its preprocessor_config.json states resample"
    )
    with pytest.raises(ValueError, match=reason):
        read(tmp_path)


def test_a_folder_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no preprocessor_config.json; save one there"):
        read(tmp_path)


def test_settings_that_make_no_sense_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"image_processor_type": "ViTImageProcessor", "size": "huge"})
    with pytest.raises(ValueError, match="hf:model: its image processor cannot be used: "):
        read(tmp_path)
