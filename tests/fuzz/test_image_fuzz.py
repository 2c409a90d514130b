"""`FUZZ_CASES=5000 pytest tests/fuzz/test_image_fuzz.py` looks further than CI does."""

import os
import time

import pytest
from PIL import Image

from encoders.base import BadEntryError
from encoders.image import ASPECT_LIMIT, SIDE, decode_image
from tests.fuzz.growth import Growth, held_bytes
from tests.fuzz.mutate import mutations
from tests.pictures import WRITERS, picture

CASES = int(os.environ.get("FUZZ_CASES", "160"))
SECONDS_MAX = 10.0
"""For one file: a picture at the limit of pixels takes about two on one core."""


@pytest.mark.parametrize("kind", WRITERS)
def test_a_damaged_file_gives_an_image_or_a_reason(kind: str) -> None:
    data = WRITERS[kind](picture(1, (160, 120)))
    count = -(-CASES // len(WRITERS))
    growth = Growth(count)
    for seed in range(count):
        started = time.perf_counter()
        found = image_or_reason(mutations(data, seed))
        assert time.perf_counter() - started < SECONDS_MAX, f"seed {seed}"
        if isinstance(found, str):
            assert len(found) > 10
        else:
            assert found.mode == "RGB"
            assert 1 <= min(found.size) <= SIDE
            assert max(found.size) <= SIDE * ASPECT_LIMIT
        growth.note(seed, held_bytes())
    growth.check()


def test_damage_reaches_what_comes_after_the_header() -> None:
    data = WRITERS["JPEG"](picture(1, (160, 120)))
    refused = sum(isinstance(image_or_reason(mutations(data, seed)), str) for seed in range(60))
    assert 10 < refused < 50


def test_damage_is_drawn_by_its_seed() -> None:
    data = WRITERS["PNG"](picture(1))
    damaged = [mutations(data, seed) for seed in range(30)]
    assert damaged == [mutations(data, seed) for seed in range(30)]
    assert len(set(damaged)) >= 28
    assert max(map(len, damaged)) <= 2 * len(data)


def image_or_reason(data: bytes) -> Image.Image | str:
    try:
        return decode_image(data)
    except BadEntryError as error:
        return str(error)
