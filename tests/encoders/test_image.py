import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import EpsImagePlugin, Image

from encoders import image as module
from encoders.base import BadEntryError
from encoders.image import PIXEL_LIMIT, SIDE, ImageEncoder, decode_image
from tests import pictures
from tests.pictures import Colour, encoded, halves, jpeg, picture, truncated

RED, BLUE = (200, 30, 30), (20, 40, 180)
PICTURE = picture(1)


class MeanColour(ImageEncoder[NDArray[np.float32]]):
    name, version, dim = "mean", "1", 3

    def prepare_image(self, image: Image.Image) -> NDArray[np.float32]:
        return np.asarray(np.asarray(image).mean(axis=(0, 1)), np.float32)

    def embed(self, prepared: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        return np.stack(prepared)


def colour_at(image: Image.Image, x_ratio: float, y_ratio: float) -> Colour:
    red, green, blue = np.asarray(image)[int(y_ratio * image.height), int(x_ratio * image.width)].tolist()
    return red, green, blue


def difference(left: Image.Image, right: Image.Image) -> float:
    assert left.size == right.size
    return float(np.abs(np.asarray(left, np.float32) - np.asarray(right, np.float32)).mean())


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_a_picture_comes_out_upright_however_the_camera_was_held(
    orientation: int, undo: Image.Transpose | None
) -> None:
    stored = PICTURE if undo is None else PICTURE.transpose(undo)
    assert difference(decode_image(jpeg(stored, orientation)), PICTURE) < 3


def test_a_tiff_is_turned_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = PICTURE.transpose(Image.Transpose.ROTATE_90)
    assert difference(decode_image(encoded(stored, "TIFF", exif=exif)), PICTURE) == 0


def test_an_orientation_that_does_not_exist_turns_nothing() -> None:
    assert decode_image(jpeg(PICTURE, 77)).size == PICTURE.size


@pytest.mark.parametrize(
    "kind", ["PNG", "progressive JPEG", "CMYK JPEG", "WebP", "BMP", "TIFF", "PPM", "TGA", "animated WebP"]
)
def test_every_kind_of_file_gives_the_same_picture(kind: str) -> None:
    assert difference(decode_image(pictures.WRITERS[kind](PICTURE)), PICTURE) < 4


@pytest.mark.parametrize("kind", ["grey JPEG", "16-bit PNG", "float TIFF"])
def test_grey_of_any_width_keeps_its_brightness(kind: str) -> None:
    assert difference(decode_image(pictures.WRITERS[kind](PICTURE)), PICTURE.convert("L").convert("RGB")) < 2


def test_a_palette_comes_close_and_a_bilevel_picture_is_black_and_white() -> None:
    assert difference(decode_image(pictures.WRITERS["palette PNG"](PICTURE)), PICTURE) < 6
    bilevel = decode_image(pictures.WRITERS["bilevel PNG"](PICTURE))
    assert set(np.unique(np.asarray(bilevel)).tolist()) == {0, 255}


def test_32_bits_and_floats_beyond_the_usual_range_keep_order_and_extremes() -> None:
    ramp = np.linspace(-1e6, 3e6, 64 * 64).reshape(64, 64)
    for values in (ramp.astype(np.int32), ramp.astype(np.float32), (ramp * 1e32).astype(np.float32)):
        grey = np.asarray(decode_image(encoded(Image.fromarray(values), "TIFF")))[..., 0]
        assert grey.min() == 0
        assert grey.max() == 255
        assert (np.diff(grey.ravel().astype(int)) >= 0).all()


def test_floats_that_are_no_numbers_are_black() -> None:
    values = np.full((8, 8), 0.5, np.float32)
    values[0] = np.nan
    values[1] = np.inf
    grey = np.asarray(decode_image(encoded(Image.fromarray(values), "TIFF")))[..., 0]
    assert grey[:2].max() == 0
    assert grey[2:].min() == 128


def test_what_is_transparent_becomes_white_whatever_colour_lies_beneath() -> None:
    layered = decode_image(pictures.transparent_png(Image.new("RGB", (60, 40), RED), (0, 0, 30, 40)))
    assert colour_at(layered, 0.1, 0.5) == RED
    assert colour_at(layered, 0.9, 0.5) == (255, 255, 255)
    palette = Image.new("P", (60, 40), 0)
    palette.putpalette([*RED, *BLUE])
    palette.paste(1, (0, 0, 30, 40))
    by_index = decode_image(encoded(palette, "PNG", transparency=0))
    assert colour_at(by_index, 0.1, 0.5) == BLUE
    assert colour_at(by_index, 0.9, 0.5) == (255, 255, 255)


def test_of_an_animation_the_first_frame() -> None:
    first, second = Image.new("RGB", (40, 40), RED), Image.new("RGB", (40, 40), BLUE)
    assert colour_at(decode_image(pictures.animation([first, second])), 0.5, 0.5) == RED


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2048, 1024), (1024, 512)),
        ((1000, 3000), (512, 1536)),
        ((300, 200), (300, 200)),
        ((100, 8000), (26, 2048)),
        ((1, 5000), (1, 2048)),
    ],
)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_a_large_picture_is_reduced_and_a_small_one_kept(
    file_format: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    reduced = decode_image(encoded(halves(RED, BLUE, size), file_format))
    assert reduced.size == expected
    assert np.abs(np.subtract(colour_at(reduced, 0.5, 0.2), RED)).max() < 8
    assert np.abs(np.subtract(colour_at(reduced, 0.5, 0.8), BLUE)).max() < 8


def test_a_large_jpeg_is_not_decoded_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[tuple[int, int]] = []

    def remember(image: Image.Image) -> Image.Image:
        decoded.append(image.size)
        return image

    monkeypatch.setattr(module, "_reduced", remember)
    decode_image(jpeg(picture(1, (3200, 2400))))
    assert decoded == [(800, 600)]
    assert min(decoded[0]) >= SIDE


@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_jpeg_gives_what_is_there(progressive: bool) -> None:
    noisy = Image.fromarray(np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8))
    whole = jpeg(noisy, progressive=progressive)
    part = decode_image(truncated(whole, 0.6))
    assert part.width == 320
    if progressive:
        assert part.height == 240
    else:
        assert 110 < part.height < 180
        assert difference(part, decode_image(whole).crop((0, 0, 320, part.height))) < 6


@pytest.mark.parametrize("file_format", ["PNG", "PPM"])
def test_other_truncated_files_give_their_first_rows(file_format: str) -> None:
    noisy = Image.fromarray(np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8))
    part = decode_image(truncated(encoded(noisy, file_format), 0.6))
    assert 130 < part.height < 150
    # The last row may end in the middle.
    assert difference(part.crop((0, 0, 320, part.height - 1)), noisy.crop((0, 0, 320, part.height - 1))) == 0


def test_a_file_of_which_a_fifth_is_left_is_refused_with_the_count() -> None:
    noisy = Image.fromarray(np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8))
    with pytest.raises(BadEntryError, match=r"damaged: \d\d of 240 rows can be decoded \(.*truncated"):
        decode_image(truncated(jpeg(noisy), 0.2))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "expected the bytes of an image file, got NoneType"),
        ("picture.jpg", "expected the bytes of an image file, got str"),
        (b"", "the image file is empty"),
        (b"<svg/>", "an SVG drawing is not decoded"),
        (b"<!DOCTYPE html><title>404</title>", "a web page, not an image file"),
        (b"\x00\x00\x00\x18ftypheic", r"no image of a known format.*12 bytes, first .*ftypheic"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image of a known format"),
        (pictures.wrapped(pictures.bomb()), "no image of a known format"),
        (pictures.bomb(9_000, 9_000), rf"9000 x 9000 pixels, more than {PIXEL_LIMIT:,}"),
        (pictures.bomb(), "60000|exceeds limit"),
        (pictures.tiled(16, 8_016), rf"8016 x 8016 pixels, more than {PIXEL_LIMIT:,}"),
        (pictures.bomb(0, 0), "image is empty|no image of a known format"),
        (jpeg(PICTURE)[:120], "the image cannot be decoded: OSError: Truncated File Read"),
        (b"\x89PNG", "no image of a known format, or cut within its header: 4 bytes"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(entry: object, reason: str) -> None:
    with pytest.raises(BadEntryError, match=reason):
        decode_image(entry)


def test_no_file_has_ghostscript_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = tmp_path / "ran"
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {ran}\n")
    ghostscript.chmod(0o755)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", str(ghostscript))
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n%%EOF\n"
    for data in (script, pictures.wrapped(script)):
        with pytest.raises(BadEntryError):
            decode_image(data)
    assert not ran.exists()


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    whole = jpeg(PICTURE, progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    with pytest.raises(BadEntryError, match=r"the JPEG has 5\d\d scans, more than 100"):
        decode_image(whole[:-2] + 500 * scan + whole[-2:])


def test_threads_do_not_disturb_each_other() -> None:
    files = [write(picture(seed)) for seed in range(4) for write in pictures.WRITERS.values()]
    files += [truncated(jpeg(picture(seed)), 0.7) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(decode_image, files))
    assert [image.tobytes() for image in together] == [decode_image(data).tobytes() for data in files]


def test_large_pictures_are_decoded_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    under_way = threading.Semaphore(0)

    def watched(image: Image.Image) -> Image.Image:
        under_way.release()
        at_once.append(under_way._value)
        time.sleep(0.02)
        under_way.acquire()
        return image.convert("RGB")

    monkeypatch.setattr(module, "_to_rgb", watched)
    monkeypatch.setattr(module, "LARGE_PIXELS", 20_000)
    monkeypatch.setattr(module, "SIDE", 64)
    large = (encoded(picture(1), "PNG"), pictures.tiled(16, 160), jpeg(picture(1), progressive=True))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(decode_image, 2 * large))
    assert at_once == 6 * [1]


def test_the_median_removes_single_wrong_pixels() -> None:
    clean = halves(RED, BLUE, (120, 100))
    noisy = np.array(clean)
    wrong = np.random.default_rng(1).random(noisy.shape[:2]) < 0.02
    noisy[wrong] = 255
    data = encoded(Image.fromarray(noisy), "PNG")
    assert difference(decode_image(data, denoise=True), clean) < difference(decode_image(data), clean) / 10


def test_files_and_frames_meet_in_prepare_image() -> None:
    encoder = MeanColour()
    assert encoder.modality == "image"
    image = Image.new("RGB", (20, 10), RED)
    np.testing.assert_array_equal(encoder.prepare(encoded(image, "PNG")), encoder.prepare_image(image))


def test_an_encoder_denoises_files_if_told_so() -> None:
    noisy = np.full((20, 20, 3), 100, np.uint8)
    noisy[10, 10] = 255
    encoder = MeanColour()
    encoder.denoise = True
    np.testing.assert_array_equal(encoder.prepare(encoded(Image.fromarray(noisy), "PNG")), [100, 100, 100])
