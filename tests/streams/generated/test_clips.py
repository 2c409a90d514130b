import io
from collections.abc import Callable

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from streams.generated.clips import FAMILIES, FRAME_COUNT, FRAMES_PER_S, SIDE_PX, make_clip
from streams.generated.world import CLASSES, generator

BOUNCE, SLIDE, SPIN = 0, 1, 2


def frames(index: int, kind: int, noise: float = 0.0) -> NDArray[np.float64]:
    """[count, height, width] grey levels of a clip as it is decoded."""
    data = make_clip(generator(0, "video", index), kind, noise)
    with av.open(io.BytesIO(data), "r") as container:
        decoded = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    return np.stack(decoded).astype(np.float64)


def path(kind: int, index: int) -> NDArray[np.float64]:
    """[count, 2] where the shape's middle is, row and column, frame by frame."""
    frame = FAMILIES[kind](generator(0, "video", index), (0, 0, 0))
    return np.array([middle(frame, number / FRAME_COUNT) for number in range(FRAME_COUNT)])


def middle(frame: Callable[[ImageDraw.ImageDraw, float], None], time: float) -> NDArray[np.float64]:
    canvas = Image.new("RGB", (SIDE_PX, SIDE_PX), (255, 255, 255))
    frame(ImageDraw.Draw(canvas), time)
    return np.asarray(np.argwhere(np.asarray(canvas)[..., 0] == 0).mean(axis=0), np.float64)


def test_there_is_a_family_for_each_class() -> None:
    assert len(FAMILIES) == CLASSES


@pytest.mark.parametrize("kind", range(CLASSES))
def test_a_clip_is_a_short_file_that_varies_by_item_only(kind: int) -> None:
    first, again, other = (make_clip(generator(0, "video", index), kind, 0.1) for index in (0, 0, 1))
    assert first == again
    assert first != other
    assert len(first) < 20_000
    with av.open(io.BytesIO(first), "r") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (SIDE_PX, SIDE_PX)
        assert stream.average_rate == FRAMES_PER_S
        assert not container.streams.audio
        assert len(list(container.decode(video=0))) == FRAME_COUNT


@pytest.mark.parametrize("kind", range(CLASSES))
def test_something_moves(kind: int) -> None:
    shown = frames(0, kind)
    assert np.abs(shown - shown[0]).max(axis=(1, 2))[1:].max() > 50


def test_shapes_move_as_their_family_does() -> None:
    bounce, slide, spin = (path(kind, 3).std(axis=0) for kind in (BOUNCE, SLIDE, SPIN))
    assert bounce[0] > 10 * bounce[1]
    assert slide[1] > 10 * slide[0]
    assert spin.max() < 2


def test_noise_roughens_clips() -> None:
    roughness = [np.abs(np.diff(frames(0, BOUNCE, noise), axis=2)).mean() for noise in (0.0, 0.1, 0.5)]
    assert roughness[0] < roughness[1] < roughness[2]
