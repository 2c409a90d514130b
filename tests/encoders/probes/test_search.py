import numpy as np
import pytest

from encoders.base import BadEntryError
from encoders.image import decode_image
from encoders.probes.errors import ProbeError
from encoders.probes.search import altered, found_among, sentences_of
from tests.pictures import jpeg, picture

TEXTS = ["One two three four. Five six seven eight nine! No.", "Ten eleven twelve thirteen?"]


def test_sentences_are_drawn_with_the_place_of_their_text_and_none_twice() -> None:
    drawn = sentences_of(TEXTS, 10, seed=3)
    assert sorted(drawn) == [
        (0, "Five six seven eight nine!"),
        (0, "One two three four."),
        (1, "Ten eleven twelve thirteen?"),
    ]
    assert sentences_of(TEXTS, 2, seed=3) == drawn[:2]
    with pytest.raises(ProbeError, match="none of 2 texts has a sentence of 4 words"):
        sentences_of(["too short", ""], 5, seed=0)


def test_an_altered_picture_is_smaller_in_other_colours_and_the_same_again() -> None:
    original = jpeg(picture(1))
    before, after = decode_image(original), decode_image(altered(original, 5))
    assert after.width < before.width
    assert after.height < before.height
    colours = [np.asarray(image, np.float64).mean(axis=(0, 1)) for image in (before, after)]
    assert np.abs(colours[0] - colours[1]).max() > 2
    assert altered(original, 5) == altered(original, 5) != altered(original, 6)
    with pytest.raises(BadEntryError):
        altered(b"no picture", 0)


def test_ranks_count_equally_near_strangers_against_the_query() -> None:
    searched = np.eye(12, dtype=np.float32)
    queries = np.stack([searched[0], searched[1] * 3 + searched[2] * 4, np.ones(12, np.float32)])
    found = found_among(searched, queries, np.array([0, 1, 2]))
    assert found.top1 == pytest.approx(1 / 3)
    assert found.top10 == pytest.approx(2 / 3)
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 12) / 3)
