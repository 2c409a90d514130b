"""Whether a part of an entry, or an altered copy, finds the entry it came from: what search is judged by."""

import re
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from encoders.base import unit_rows
from encoders.image import decode_image
from encoders.probes.errors import ProbeError

SENTENCE_WORDS = 4
"""A shorter sentence says too little to belong to one text."""
KEPT_SHARE = (0.75, 0.9)
"""Of a picture's width and height, how much a crop keeps."""
RECOLOURED = (0.6, 1.4)
"""What brightness, contrast and saturation are multiplied with."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Found(NamedTuple):
    """How well queries find the entries they came from, among all."""

    top1: float
    """Share of those whose entry is nearer than every other."""
    top10: float
    """Share of those whose entry is among the ten nearest."""
    mrr: float
    """Mean of 1 / rank."""


def sentences_of(texts: list[str], count: int, seed: int) -> list[tuple[int, str]]:
    """Sentences drawn from texts, each with the place of its text; at most `count`, none twice.

    Raises:
        ProbeError: There is no sentence of at least SENTENCE_WORDS words.
    """
    found = [
        (place, sentence.strip())
        for place, text in enumerate(texts)
        for sentence in _SENTENCE.split(text)
        if len(sentence.split()) >= SENTENCE_WORDS
    ]
    if not found:
        message = f"none of {len(texts)} texts has a sentence of {SENTENCE_WORDS} words"
        raise ProbeError(message)
    lots = np.random.Generator(np.random.PCG64(seed)).permutation(len(found))
    return [found[lot] for lot in lots[:count]]


def altered(picture: bytes, seed: int) -> bytes:
    """A picture's file cropped at random and in other colours, as JPEG; the same seed alters in the same way.

    Raises:
        BadEntryError: It is no picture.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    image = decode_image(picture)
    width, height = (max(1, round(side * rng.uniform(*KEPT_SHARE))) for side in image.size)
    left, top = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    image = image.crop((left, top, left + width, top + height))
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(rng.uniform(*RECOLOURED))
    hue, saturation, value = image.convert("HSV").split()
    turn = int(rng.integers(-16, 17))
    turned = Image.fromarray(((np.asarray(hue, np.int16) + turn) % 256).astype(np.uint8))
    out = BytesIO()
    Image.merge("HSV", (turned, saturation, value)).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def found_among(searched: NDArray[np.float32], queries: NDArray[np.float32], own: NDArray[np.intp]) -> Found:
    """Searches each query among all entries by cosine; equally near strangers count as nearer.

    Args:
        searched: [n, dim], of any length.
        queries: [q, dim], of any length.
        own: [q] the row of `searched` that each query should find.
    """
    cosines = unit_rows(queries) @ unit_rows(searched).T
    mine = cosines[np.arange(len(own)), own]
    ranks = (cosines >= mine[:, None]).sum(axis=1)
    return Found(float(np.mean(ranks == 1)), float(np.mean(ranks <= 10)), float(np.mean(1.0 / ranks)))
