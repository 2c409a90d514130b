from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from encoders.base import BadEntryError
from encoders.image import ImageEncoder
from encoders.video import FRAME_COUNT, Clip, decode_video
from encoders.video_frames import BORDER_RATIO, CHANGE_WEIGHT, FramesEncoder
from tests.clips import corners, encode_clip, even_times, growing_squares, moving_disc
from tests.devices import DEVICE

RED, BLUE = (255, 0, 0), (0, 0, 255)


class MeanColour(ImageEncoder[NDArray[np.float32]]):
    """Three dimensions that are known by construction: the mean of red, green and blue."""

    name = "mean-colour"
    dim = 3

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.batches: list[int] = []

    def prepare_image(self, image: Image.Image) -> NDArray[np.float32]:
        edge = round(min(image.size) * BORDER_RATIO / (1 + 2 * BORDER_RATIO))
        pixels = np.asarray(image, np.float32)[edge:-edge, edge:-edge]
        return np.asarray(pixels.mean(axis=(0, 1)), np.float32)

    def embed(self, prepared: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        self.batches.append(len(prepared))
        return np.stack(prepared)


def clip(colours: Sequence[tuple[int, int, int]], times_s: Sequence[float], duration_s: float) -> Clip:
    frames = tuple(Image.new("RGB", (64, 48), colour) for colour in colours)
    return Clip(frames, tuple(times_s), duration_s, None)


def split(vector: NDArray[np.float32]) -> tuple[list[float], list[float]]:
    seen, change = np.split(vector, 2)
    return seen.tolist(), change.tolist()


def test_a_still_clip_has_no_change() -> None:
    encoder = FramesEncoder(images=MeanColour())
    for still in (clip([RED], [0.0], 1.0), clip([RED, RED], [0.0, 1.0], 2.0)):
        seen, change = split(encoder.encode([still]).vectors[0])
        assert seen == pytest.approx([1.0, 0.0, 0.0])
        assert change == pytest.approx([0.0, 0.0, 0.0])


def test_frames_count_by_the_time_they_are_on_show() -> None:
    encoder = FramesEncoder(images=MeanColour())
    # Red for 3 s, then blue for 1 s.
    raw = encoder.embed([encoder.prepare(clip([RED, BLUE, BLUE], [0.0, 3.0, 3.5], 4.0))])[0]
    seen, change = split(raw)
    assert seen == pytest.approx(np.array([3.0, 0.0, 1.0]) / np.sqrt(10))
    assert change == pytest.approx(CHANGE_WEIGHT * np.array([1.0, 0.0, 1.0]) / np.sqrt(2))


def test_an_end_that_could_not_be_decoded_is_not_put_down_to_the_last_frame() -> None:
    encoder = FramesEncoder(images=MeanColour())
    prepared = encoder.prepare(clip([RED, RED, BLUE], [0.0, 1.0, 2.0], 100.0))
    assert prepared.weights.tolist() == pytest.approx([1 / 3] * 3)


def test_change_has_no_direction() -> None:
    encoder = FramesEncoder(images=MeanColour())
    there = clip([RED, BLUE], [0.0, 1.0], 2.0)
    back = clip([BLUE, RED], [0.0, 1.0], 2.0)
    vectors = encoder.encode([there, back]).vectors
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


def test_the_frames_of_all_clips_are_embedded_in_one_go() -> None:
    images = MeanColour()
    FramesEncoder(images=images).encode([clip([RED, BLUE], [0, 1], 2), clip([BLUE], [0], 1)])
    assert images.batches == [3]


def test_all_of_an_oblong_frame_is_seen() -> None:
    encoder = FramesEncoder(images=MeanColour())
    seen, _ = split(encoder.encode([Clip((corners((160, 40))(0.0),), (0.0,), 1.0, None)]).vectors[0])
    # A quarter each of red, green, blue and white; of the middle square alone, half would be missing.
    assert seen == pytest.approx([3**-0.5] * 3, abs=0.02)


def test_bytes_and_clip_are_the_same() -> None:
    encoder = FramesEncoder(images=MeanColour())
    data = encode_clip(moving_disc(RED, (0, 90, 0)), even_times(2.0))
    vectors = encoder.encode([data, decode_video(data)]).vectors
    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_what_is_no_video_is_refused() -> None:
    with pytest.raises(BadEntryError, match="expected the bytes of a video file, got Image"):
        FramesEncoder(images=MeanColour()).prepare(Image.new("RGB", (8, 8)))


def test_the_version_depends_on_the_image_encoder() -> None:
    assert FramesEncoder(images=MeanColour("1")).version == FramesEncoder(images=MeanColour("1")).version
    assert FramesEncoder(images=MeanColour("1")).version != FramesEncoder(images=MeanColour("2")).version


def test_the_first_half_of_a_clip_finds_its_second() -> None:
    drawn = [
        moving_disc(RED, (20, 60, 20)),
        moving_disc((240, 240, 240), (20, 60, 20)),
        growing_squares(RED, (20, 60, 20)),
        growing_squares(BLUE, (240, 220, 120)),
    ]
    files = [encode_clip(draw, even_times(2.0)) for draw in drawn]
    encoder = FramesEncoder(DEVICE)
    first, second = (
        encoder.encode([decode_video(file, span=span, with_sound=False) for file in files]).vectors
        for span in ((0.0, 0.5), (0.5, 1.0))
    )
    assert (first @ second.T).argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert len(encoder.prepare(files[0]).images) == FRAME_COUNT
