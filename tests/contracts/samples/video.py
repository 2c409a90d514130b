"""Clips that differ in content, codec and container, and files without a video."""

import io

from tests.clips import (
    encode_clip,
    encode_sound,
    even_times,
    growing_squares,
    moving_disc,
    moving_stripes,
    sine,
)


def _still_picture() -> bytes:
    file = io.BytesIO()
    moving_disc((250, 60, 40), (30, 60, 120))(0.5).save(file, "png")
    return file.getvalue()


_DISC = encode_clip(moving_disc((250, 60, 40), (30, 60, 120)), even_times(2.0), tone=sine(2.0))

GOOD: list[object] = [
    _DISC,
    encode_clip(moving_stripes((240, 240, 230), (20, 90, 30)), even_times(1.5), "webm", "libvpx-vp9"),
    encode_clip(
        growing_squares((90, 30, 120), (250, 220, 80), (64, 96)), even_times(1.0), "gif", "gif", ticks=100
    ),
    encode_clip(moving_disc((10, 10, 10), (235, 235, 235), (160, 120)), [0.0], "avi", "mjpeg", ticks=10),
]
BAD: list[object] = [
    b"",
    b"a text is no video, however long it is. " * 100,
    _still_picture(),
    encode_sound(sine(1.0)),
    _DISC[:48],
    b"\x1aE\xdf\xa3" + bytes(500),
    None,
    7,
    "clip.mp4",
]
