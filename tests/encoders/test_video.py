from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from encoders.audio import RATE_HZ
from encoders.video import AREA_LIMIT_PIXELS, FRAME_COUNT, SHORT_SIDE_PIXELS, decode_video
from tests.clips import (
    SIZE,
    assert_tells_its_times,
    clock,
    corners,
    encode_clip,
    even_times,
    moving_disc,
    sine,
    told_time,
)

LENGTH_S = 4.0
CLOCK = clock(LENGTH_S)
PLAIN = encode_clip(CLOCK, even_times(LENGTH_S))
CORNER_COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def colour_at(picture: Image.Image, x_ratio: float, y_ratio: float) -> str:
    pixel = np.asarray(picture, np.float64)[int(y_ratio * picture.height), int(x_ratio * picture.width)]
    return min(CORNER_COLOURS, key=lambda name: float(np.abs(pixel - CORNER_COLOURS[name]).sum()))


def corner_colours(picture: Image.Image) -> list[str]:
    """Above left, above right, below left, below right."""
    return [colour_at(picture, x, y) for y in (0.25, 0.75) for x in (0.25, 0.75)]


@pytest.mark.parametrize(
    ("container", "codec", "ticks"),
    [
        ("mp4", "libx264", 1000),
        ("mp4", "mpeg4", 1000),
        ("matroska", "libvpx", 1000),
        ("webm", "libvpx-vp9", 1000),
        ("gif", "gif", 100),
        ("apng", "apng", 1000),
        ("avi", "mjpeg", 10),
        ("mpegts", "mpeg2video", 25),
        ("flv", "libx264", 1000),
        ("nut", "ffv1", 1000),
        ("ivf", "libvpx", 1000),
        ("m4v", "mpeg4", 10),
        ("mp4", "libsvtav1", 10),
    ],
)
def test_any_container(container: str, codec: str, ticks: int) -> None:
    clip = decode_video(encode_clip(CLOCK, even_times(LENGTH_S), container, codec, ticks=ticks))
    assert len(clip.frames) == FRAME_COUNT
    assert {(frame.size, frame.mode) for frame in clip.frames} == {(SIZE, "RGB")}
    assert clip.duration_s == pytest.approx(LENGTH_S, abs=0.15)
    assert_tells_its_times(clip, LENGTH_S)
    parts_s = (np.arange(FRAME_COUNT) + 0.5) * LENGTH_S / FRAME_COUNT
    np.testing.assert_allclose(clip.times_s, parts_s, atol=0.21)
    assert clip.sound is None


def test_frames_without_times_are_counted() -> None:
    clip = decode_video(encode_clip(CLOCK, even_times(LENGTH_S), "h264", "libx264"))
    told = [told_time(frame, LENGTH_S) for frame in clip.frames]
    assert len(clip.frames) == FRAME_COUNT
    np.testing.assert_allclose(np.diff(told), LENGTH_S / FRAME_COUNT, atol=0.21)


def test_a_variable_frame_rate_is_sampled_by_time() -> None:
    times_s = [*np.arange(0, 0.5, 0.02).tolist(), 1.0, 2.0, *np.arange(3.0, 4.0, 0.25).tolist()]
    clip = decode_video(encode_clip(CLOCK, times_s, "matroska"), frames=4)
    # On show at about .5, 1.4, 2.4 and 3.3 s; by index, three of the four would come from the first half second.
    assert clip.times_s == pytest.approx([0.46, 1.0, 2.0, 3.25])
    assert_tells_its_times(clip, LENGTH_S)


def test_a_span_is_looked_at_alone() -> None:
    clip = decode_video(PLAIN, frames=4, span=(0.5, 1.0))
    assert clip.times_s == pytest.approx([2.2, 2.7, 3.2, 3.7], abs=0.11)
    assert clip.duration_s == pytest.approx(LENGTH_S / 2, abs=0.1)
    assert_tells_its_times(clip, LENGTH_S)


def test_a_clip_with_fewer_frames_gives_those() -> None:
    clip = decode_video(encode_clip(CLOCK, [0.0, 1.0, 2.0], ticks=1))
    assert clip.times_s == (0.0, 1.0, 2.0)
    assert_tells_its_times(clip, LENGTH_S)


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        (0, ["red", "green", "blue", "white"]),
        (90, ["green", "white", "red", "blue"]),
        (-90, ["blue", "red", "white", "green"]),
        (180, ["white", "blue", "green", "red"]),
    ],
)
@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_frames_are_upright(container: str, rotation: int, expected: list[str]) -> None:
    clip = decode_video(encode_clip(corners(), even_times(0.5), container, rotation=rotation))
    assert corner_colours(clip.frames[0]) == expected
    assert clip.frames[0].size == (SIZE if rotation in {0, 180} else SIZE[::-1])


def test_pixels_are_made_square() -> None:
    clip = decode_video(encode_clip(CLOCK, even_times(0.5), pixel_aspect=Fraction(4, 3)))
    assert clip.frames[0].size == (128, 64)


@pytest.mark.parametrize(
    ("coded", "kept"), [((1280, 720), (455, 256)), ((400, 640), (256, 410)), ((3200, 128), (2560, 102))]
)
def test_large_frames_are_kept_small(coded: tuple[int, int], kept: tuple[int, int]) -> None:
    (frame,) = decode_video(encode_clip(moving_disc((255, 0, 0), (0, 0, 90), coded), [0.0])).frames
    assert frame.size == kept
    assert min(frame.size) <= SHORT_SIDE_PIXELS
    assert frame.width * frame.height < AREA_LIMIT_PIXELS


def test_its_sound_has_the_same_clock() -> None:
    data = encode_clip(
        CLOCK, even_times(LENGTH_S), "matroska", tone=sine(LENGTH_S, silent_s=3.0), tone_codec="flac"
    )
    whole = decode_video(data).sound
    half = decode_video(data, span=(0.5, 1.0)).sound
    assert whole is not None
    assert half is not None
    for sound, start_s in ((whole, 0.0), (half, 2.0)):
        assert sound.start_s == pytest.approx(start_s, abs=0.01)
        loud_s = sound.start_s + np.flatnonzero(np.abs(sound.samples) > 0.1)[0] / RATE_HZ
        assert loud_s == pytest.approx(3.0, abs=0.01)
        assert sound.start_s + len(sound.samples) / RATE_HZ == pytest.approx(LENGTH_S, abs=0.05)


def test_a_clock_that_does_not_start_at_zero() -> None:
    times_s = [time_s + 100 for time_s in even_times(LENGTH_S)]
    data = encode_clip(lambda time_s: CLOCK(time_s - 100), times_s, "mpegts", ticks=100)
    assert_tells_its_times(decode_video(data), LENGTH_S)


def test_sound_can_be_left_out() -> None:
    data = encode_clip(CLOCK, even_times(1.0), tone=sine(1.0))
    assert decode_video(data).sound is not None
    assert decode_video(data, with_sound=False).sound is None


def test_many_threads_see_the_same() -> None:
    with ThreadPoolExecutor(4) as pool:
        clips = list(pool.map(decode_video, [PLAIN] * 12))
    for clip in clips:
        assert clip.times_s == clips[0].times_s
        assert [frame.tobytes() for frame in clip.frames] == [frame.tobytes() for frame in clips[0].frames]
