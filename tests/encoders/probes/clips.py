"""Clips whose halves are known: each shows one plain colour, then another."""

from io import BytesIO

import av
import numpy as np

SIDE = 64
HALF_FRAMES = 20


def clip_of(first: tuple[int, int, int], second: tuple[int, int, int]) -> bytes:
    """An MP4: for HALF_FRAMES a disc-like square of one colour on black, and as long of another."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", 20)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for place in range(2 * HALF_FRAMES):
            pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
            pixels[16:48, 16:48] = first if place < HALF_FRAMES else second
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()
