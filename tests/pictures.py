"""Draws pictures, equal for equal seeds, and writes them as files of many kinds, sound and unsound."""

import struct
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]


def picture(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """RGB: a gradient between two colours under eight ellipses, boxes and lines."""
    rng = np.random.default_rng(seed)
    width, height = size
    slope = np.linspace(0.0, 1.0, height)[:, None, None]
    ends = rng.integers(0, 256, (2, 1, 1, 3))
    ground = np.rint(ends[0] * (1 - slope) + ends[1] * slope).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(np.broadcast_to(ground, (height, width, 3))))
    draw = ImageDraw.Draw(image)
    for kind in rng.integers(0, 3, 8):
        left, right = sorted(rng.integers(0, width, 2).tolist())
        top, bottom = sorted(rng.integers(0, height, 2).tolist())
        red, green, blue = rng.integers(0, 256, 3).tolist()
        if kind == 0:
            draw.ellipse((left, top, right, bottom), (red, green, blue))
        elif kind == 1:
            draw.rectangle((left, top, right, bottom), (red, green, blue))
        else:
            draw.line((left, top, right, bottom), (red, green, blue), 1 + width // 40)
    return image


def halves(top: Colour, bottom: Colour, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """RGB: one colour above the other, so that every turn can be told from every other but for mirroring."""
    image = Image.new("RGB", size, top)
    image.paste(bottom, (0, size[1] // 2, *size))
    return image


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:  # noqa: ANN401  Pillow's own, untyped
    """A file of Pillow's format of that name."""
    buffer = BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def jpeg(image: Image.Image, orientation: int = 1, progressive: bool = False) -> bytes:
    """A JPEG whose EXIF data say how the camera was held, from 1 (upright) to 8."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, "JPEG", quality=92, exif=exif, progressive=progressive)


def transparent_png(image: Image.Image, opaque: tuple[int, int, int, int]) -> bytes:
    """A PNG that is seen only within the box `opaque`; beneath the rest lies its colour still."""
    mask = Image.new("L", image.size, 0)
    mask.paste(255, opaque)
    layered = image.convert("RGBA")
    layered.putalpha(mask)
    return encoded(layered, "PNG")


def grey_16_bit(image: Image.Image) -> NDArray[np.uint16]:
    """[height, width]: brightness over all of 16 bits."""
    return np.asarray(image.convert("L")).astype(np.uint16) * np.uint16(257)


def animation(images: list[Image.Image], file_format: str = "GIF") -> bytes:
    """An endless loop of the images, ten a second."""
    return encoded(images[0], file_format, save_all=True, append_images=images[1:], duration=100, loop=0)


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A BMP of a few bytes whose header promises many pixels."""
    small = bytearray(encoded(Image.new("RGB", (1, 1)), "BMP"))
    small[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return bytes(small)


def tiled(picture: int, tile: int) -> bytes:
    """A black TIFF whose one tile may be larger than its picture; both are squares of so many pixels a side."""
    packed = zlib.compress(bytes(tile * tile))
    tags = {
        256: picture,
        257: picture,
        258: 8,
        259: 8,
        262: 1,
        277: 1,
        322: tile,
        323: tile,
        324: 0,
        325: len(packed),
    }
    tags[324] = 14 + 12 * len(tags)
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items()]
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(entries) + bytes(4) + packed


def wrapped(data: bytes) -> bytes:
    """A file in an IPTC record, which claims a picture of 64 x 64 pixels and has whatever is in it."""
    claimed = {(3, 60): b"\1\0", (3, 20): b"\x40", (3, 30): b"\x40", (3, 120): b"\5"}
    fields = [bytes([0x1C, *tag]) + len(value).to_bytes(2) + value for tag, value in claimed.items()]
    return b"".join([*fields, b"\x1c\x08\x0a\x84\0", len(data).to_bytes(4), data, bytes(5)])


def truncated(data: bytes, ratio: float) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * ratio)]


WRITERS: Mapping[str, Callable[[Image.Image], bytes]] = {
    "JPEG": lambda image: jpeg(image, orientation=6),
    "progressive JPEG": lambda image: jpeg(image, progressive=True),
    "CMYK JPEG": lambda image: encoded(image.convert("CMYK"), "JPEG", quality=92),
    "grey JPEG": lambda image: encoded(image.convert("L"), "JPEG", quality=92),
    "PNG": lambda image: encoded(image, "PNG"),
    "transparent PNG": lambda image: transparent_png(image, (0, 0, image.width // 2, image.height)),
    "palette PNG": lambda image: encoded(image.quantize(64), "PNG"),
    "16-bit PNG": lambda image: encoded(Image.fromarray(grey_16_bit(image)), "PNG"),
    "bilevel PNG": lambda image: encoded(image.convert("1"), "PNG"),
    "GIF": lambda image: animation([image, image.transpose(Image.Transpose.ROTATE_180)]),
    "WebP": lambda image: encoded(image, "WEBP", quality=92),
    "animated WebP": lambda image: animation([image, Image.new("RGB", image.size)], "WEBP"),
    "BMP": lambda image: encoded(image, "BMP"),
    "TIFF": lambda image: encoded(image, "TIFF", compression="tiff_lzw"),
    "float TIFF": lambda image: encoded(
        Image.fromarray(np.asarray(image.convert("L"), np.float32) / 255), "TIFF"
    ),
    "PPM": lambda image: encoded(image, "PPM"),
    "TGA": lambda image: encoded(image, "TGA"),
}
"""Per kind of file, how a picture is written as one."""
