"""Real image files made fit to encode: upright, RGB, opaque, of bounded size, whatever the file holds."""

import threading
from abc import abstractmethod
from contextlib import nullcontext
from io import BytesIO
from math import prod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFile, ImageFilter, UnidentifiedImageError

from encoders.base import BadEntryError, Encoder, Prepared
from encoders.modalities import Modality

PREPARATION = "image1"
"""Part of every image encoder's version: raised when the same file would be prepared otherwise."""
PIXEL_LIMIT = 64_000_000
"""Pixels of one image, known from its header: 256 MB once decoded. More is refused before it is decoded."""
LARGE_PIXELS = 16_000_000
"""Pictures of more are decoded one after the other, whatever the threads: each takes up to 12 bytes a pixel."""
SIDE = 512
"""Pixels of the shorter side that are kept; no encoder here looks at more."""
ASPECT_LIMIT = 4
"""The longer side is kept up to SIDE times this, so that a long strip is not kept whole."""
DECODED_RATIO_MIN = 0.25
"""Of a damaged file's rows, how many must have been decoded."""
SCAN_LIMIT = 100
"""Scans of one JPEG. Each is a pass over all pixels for ten bytes of file; cameras write one, web sites ten."""
DENOISE_PIXELS = 3
"""Side of the square of which the median is taken."""

Image.init()
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "JPEG2000", "PSD", "PPM", "TGA")
"""What a picture may be in. Of the others that Pillow reads, EPS runs Ghostscript on what the file says, IPTC holds a
file of any format, EPS too, and icons are decoded before anybody can look at their size."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112
_END_OF_JPEG = b"\xff\xd9"
_START_OF_SCAN = b"\xff\xda"
_TILE_TAGS = (0x0142, 0x0143)
_large = threading.Lock()


class ImageEncoder(Encoder[Prepared]):
    """An encoder of images. Frames of a video enter at `prepare_image`, files at `prepare`."""

    modality: ClassVar[Modality] = "image"
    denoise: bool | None = False
    """Whether files are freed of single wrong pixels. Frames of a video never are."""

    @abstractmethod
    def prepare_image(self, image: Image.Image) -> Prepared:
        """Makes an RGB image of any size fit for `embed`. May run on any number of threads."""

    def prepare(self, entry: object) -> Prepared:
        """As `decode_image` and then `prepare_image`."""
        return self.prepare_image(decode_image(entry, bool(self.denoise)))


def decode_image(entry: object, denoise: bool = False) -> Image.Image:
    """The picture in a file of one of FORMATS.

    Of an animation it is the first frame: what shops show as its preview, and all that costs no decoding of the
    others. A damaged file gives the rows that could be decoded. Safe on any number of threads.

    Args:
        entry: Bytes of the file.
        denoise: Takes the median of each DENOISE_PIXELS x DENOISE_PIXELS square.

    Returns:
        RGB, upright, transparent parts white; reduced to SIDE pixels on its shorter side if it had more.

    Raises:
        BadEntryError: It is no image, is too large, or too little of it can be decoded.
    """
    if not isinstance(entry, bytes):
        message = f"expected the bytes of an image file, got {type(entry).__name__}"
        raise BadEntryError(message)
    try:
        image = _upright(_decode(entry))
        return image.filter(ImageFilter.MedianFilter(DENOISE_PIXELS)) if denoise else image
    except BadEntryError:
        raise
    # Pillow's readers raise whatever a damaged file makes them stumble over, from struct.error to KeyError.
    except Exception as error:
        message = f"the image cannot be decoded: {type(error).__name__}: {error}"
        raise BadEntryError(message) from error


def _decode(data: bytes) -> Image.Image:
    """The picture in RGB, reduced, still as the camera held it, with the file's EXIF data."""
    image = _open(data)
    target = _reduced_size(image.size)
    whole = prod(_decoded_size(image))
    image.draft(None, target)
    # What is reduced while it is decoded takes little, but for a JPEG whose scans have to be put together.
    pixels = whole if "progressive" in image.info else prod(_decoded_size(image))
    with _large if pixels > LARGE_PIXELS else nullcontext():
        try:
            image.load()
        except Exception as error:
            rgb = _what_is_there(data, image, target, error)
        else:
            rgb = _to_rgb(image)
        rgb = _reduced(rgb)
    rgb.info["orientation"] = _orientation(image)
    return rgb


def _decoded_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """Of what is decoded at once: a TIFF's tile may be larger than its picture."""
    tags = getattr(image, "tag_v2", {})
    width, height = (int(tags.get(tag, 0)) for tag in _TILE_TAGS)
    return max(image.size, (width, height), key=prod)


def _open(data: bytes) -> ImageFile.ImageFile:
    """Reads the header only.

    Raises:
        BadEntryError: It is no image, or one too large to decode.
    """
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise BadEntryError(_no_image(data)) from error
    width, height = _decoded_size(image)
    if width < 1 or height < 1:
        message = f"the image is empty: {width} x {height} pixels"
        raise BadEntryError(message)
    if width * height > PIXEL_LIMIT:
        message = f"the image has {width} x {height} pixels, more than {PIXEL_LIMIT:,} are not decoded"
        raise BadEntryError(message)
    if image.format in {"JPEG", "MPO"} and data.count(_START_OF_SCAN) > SCAN_LIMIT:
        message = f"the JPEG has {data.count(_START_OF_SCAN)} scans, more than {SCAN_LIMIT} are not decoded"
        raise BadEntryError(message)
    return image


def _no_image(data: bytes) -> str:
    if not data:
        return "the image file is empty"
    start = data[:1_000].lower()
    if b"<svg" in start:
        return "an SVG drawing is not decoded; expected a picture such as JPEG, PNG or WebP"
    if b"<html" in start or b"<!doctype html" in start:
        return "a web page, not an image file"
    return f"no image of a known format, or cut within its header: {len(data)} bytes, first {data[:12]!r}"


def _what_is_there(
    data: bytes, image: ImageFile.ImageFile, target: tuple[int, int], error: Exception
) -> Image.Image:
    """The decoded rows of a file that could not be decoded to its end, in RGB.

    Pillow's own way, LOAD_TRUNCATED_IMAGES, is a setting of the whole process and does not say what is missing.
    """
    if image.format in {"JPEG", "MPO"}:
        # An end that libjpeg can see makes it write out all it has: else nothing of a progressive file.
        image = Image.open(BytesIO(data + _END_OF_JPEG), formats=FORMATS)
        image.draft(None, target)
        image.load()
        rgb = _to_rgb(image)
        box = ImageChops.difference(rgb, Image.new("RGB", rgb.size, rgb.getpixel((-1, -1)))).getbbox()
    else:
        # Without tiles left to decode, Pillow hands out the rows that it had decoded; the others are zero.
        image.tile = []
        box = image.getbbox(alpha_only=False)
        rgb = _to_rgb(image)
    top, bottom = (0, 0) if box is None else (box[1], box[3])
    if bottom - top < DECODED_RATIO_MIN * rgb.height:
        message = f"the image file is damaged: {bottom - top} of {rgb.height} rows can be decoded ({error})"
        raise BadEntryError(message) from error
    return rgb.crop((0, top, rgb.width, bottom))


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode of Pillow to RGB: what is wider than 8 bits is scaled, what is transparent becomes white."""
    if image.mode.startswith("I") or image.mode == "F":
        usual = 1.0 if image.mode == "F" else 65_535.0
        # Reduced first, by means of squares, which stay within the values' range.
        grey = _reduced(image.convert("F"), Image.Resampling.BOX)
        return Image.fromarray(_to_bytes(np.asarray(grey), usual)).convert("RGB")
    if image.has_transparency_data:
        opaque = Image.new("RGB", image.size, "white")
        layer = image if image.mode == "RGBA" else image.convert("RGBA")
        opaque.paste(layer, mask=layer)
        return opaque
    return image.convert("RGB")


def _to_bytes(values: NDArray[np.float32], usual: float) -> NDArray[np.uint8]:
    """[height, width] grey values to 0..255: from 0..usual, a range that is extended by what lies outside it."""
    grey = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = min(0.0, float(grey.min())), max(usual, float(grey.max()))
    scale = 255.0 / (high - low)
    # Not (grey - low) * scale: with extremes near those of float32 the difference would be infinite.
    return np.asarray(np.clip(np.rint(grey * scale - low * scale), 0, 255), np.uint8)


def _reduced_size(size: tuple[int, int]) -> tuple[int, int]:
    ratio = min(1.0, SIDE / min(size), SIDE * ASPECT_LIMIT / max(size))
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def _reduced(image: Image.Image, resampling: Image.Resampling = Image.Resampling.BICUBIC) -> Image.Image:
    size = _reduced_size(image.size)
    # The gap lets most of the reduction be done by averaging squares, at a fraction of the price.
    return image if size == image.size else image.resize(size, resampling, reducing_gap=2.0)


def _orientation(image: Image.Image) -> int:
    """How the camera was held, from 1 (upright) to 8; 1 where the file does not say so legibly."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # as above: anything may be raised, and a picture is worth more than its EXIF data
        return 1


def _upright(image: Image.Image) -> Image.Image:
    turn = _TURNS.get(image.info.pop("orientation", 1))
    return image if turn is None else image.transpose(turn)
