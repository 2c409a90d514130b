"""Clips: a family each, of one shape that moves in one way."""

import io
import math
from collections.abc import Callable

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from streams.generated.shapes import Colour, box, colour, polygon, spoil, star

SIDE_PX = 96
FRAME_COUNT = 18
FRAMES_PER_S = 12

Frame = Callable[[ImageDraw.ImageDraw, float], None]
"""Draws the frame at a time from 0, the clip's start, to 1, its end."""


def make_clip(rng: np.random.Generator, kind: int, noise: float) -> bytes:
    """An MP4 file of the family `kind`: MPEG-4, 96 by 96 pixels, a second and a half, no sound."""
    back = colour(rng.random(), rng.uniform(0, 0.3), rng.uniform(0.75, 1.0))
    fore = colour(rng.random(), rng.uniform(0.7, 1.0), rng.uniform(0.2, 0.6))
    frame = FAMILIES[kind](rng, fore)
    frames = []
    for number in range(FRAME_COUNT):
        canvas = Image.new("RGB", (SIDE_PX, SIDE_PX), back)
        frame(ImageDraw.Draw(canvas), number / FRAME_COUNT)
        frames.append(np.asarray(canvas))
    return _mp4(spoil(rng, np.stack(frames), noise))


def _mp4(frames: NDArray[np.uint8]) -> bytes:
    """Encodes [count, height, width, 3]; on one thread and without dates, so that equal frames are equal bytes.

    Not as H.264: the first clip of a process comes out differently from x264 than the same clip later.
    """
    file = io.BytesIO()
    with av.open(file, "w", "mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("mpeg4", FRAMES_PER_S)
        stream.width, stream.height, stream.pix_fmt = SIDE_PX, SIDE_PX, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = {"qscale": "5", "flags": "+bitexact"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def _bounce(rng: np.random.Generator, fore: Colour) -> Frame:
    """A ball that bounces."""
    x, radius, turns, phase = rng.uniform(25, 70), rng.uniform(9, 14), rng.uniform(1.5, 2.5), rng.random()

    def frame(draw: ImageDraw.ImageDraw, time: float) -> None:
        height = abs(math.sin(math.pi * (turns * time + phase))) * 60
        draw.ellipse(box((x, 85 - radius - height), radius), fill=fore)

    return frame


def _slide(rng: np.random.Generator, fore: Colour) -> Frame:
    """A square that runs from left to right, again and again."""
    y, radius, speed, phase = rng.uniform(25, 70), rng.uniform(10, 16), rng.uniform(1, 2), rng.random()

    def frame(draw: ImageDraw.ImageDraw, time: float) -> None:
        x = ((speed * time + phase) % 1.0) * (SIDE_PX + 30) - 15
        draw.rectangle(box((x, y), radius), fill=fore)

    return frame


def _spin(rng: np.random.Generator, fore: Colour) -> Frame:
    """A star that turns on the spot."""
    x, y = rng.uniform(38, 58, 2).tolist()
    radius, turns, phase = rng.uniform(28, 38), rng.uniform(0.3, 1.0), rng.random()

    def frame(draw: ImageDraw.ImageDraw, time: float) -> None:
        draw.polygon(star((x, y), radius, 2 * math.pi * (turns * time + phase)), fill=fore)

    return frame


def _ripple(rng: np.random.Generator, fore: Colour) -> Frame:
    """Rings that spread from one point."""
    x, y = rng.uniform(30, 66, 2).tolist()
    step, speed, phase = rng.uniform(14, 20), rng.uniform(1, 3), rng.random()

    def frame(draw: ImageDraw.ImageDraw, time: float) -> None:
        for ring in range(8):
            draw.ellipse(box((x, y), (ring + (speed * time + phase) % 1.0) * step), outline=fore, width=3)

    return frame


def _rain(rng: np.random.Generator, fore: Colour) -> Frame:
    """Many short lines that fall."""
    drops, slant, speed = rng.random((rng.integers(30, 50), 2)), rng.uniform(-3, 3), rng.uniform(1.5, 3)

    def frame(draw: ImageDraw.ImageDraw, time: float) -> None:
        for across, down in drops.tolist():
            x, y = across * SIDE_PX, ((down + speed * time) % 1.0) * SIDE_PX
            draw.line((x, y, x + slant, y + 9), fill=fore, width=2)

    return frame


def _swing(rng: np.random.Generator, fore: Colour) -> Frame:
    """A pendulum."""
    x, length, radius = rng.uniform(38, 58), rng.uniform(50, 70), rng.uniform(7, 11)
    turns, phase = rng.uniform(1, 2), rng.random()

    def frame(draw: ImageDraw.ImageDraw, time: float) -> None:
        angle = 0.8 * math.sin(2 * math.pi * (turns * time + phase))
        end = (x + length * math.sin(angle), 5 + length * math.cos(angle))
        draw.line((x, 5, *end), fill=fore, width=3)
        draw.ellipse(box(end, radius), fill=fore)

    return frame


def _blink(rng: np.random.Generator, fore: Colour) -> Frame:
    """A chequered board whose fields change places."""
    side, speed, phase = rng.uniform(12, 20), rng.uniform(4, 8), rng.random()
    cells = range(math.ceil(SIDE_PX / side))

    def frame(draw: ImageDraw.ImageDraw, time: float) -> None:
        turn = int(speed * time + phase)
        for row, column in ((row, column) for row in cells for column in cells if (row + column + turn) % 2):
            draw.rectangle(box(((column + 0.5) * side, (row + 0.5) * side), side / 2), fill=fore)

    return frame


def _swarm(rng: np.random.Generator, fore: Colour) -> Frame:
    """Small triangles that rise in wavy lines."""
    starts = rng.random((rng.integers(9, 15), 3))
    speed, sway = rng.uniform(0.5, 1.5), rng.uniform(6, 12)

    def frame(draw: ImageDraw.ImageDraw, time: float) -> None:
        for across, up, phase in starts.tolist():
            x = across * SIDE_PX + sway * math.sin(2 * math.pi * (2 * time + phase))
            y = (1 - (up + speed * time) % 1.0) * SIDE_PX
            draw.polygon(polygon((x, y), 9, 3, -math.pi / 2), fill=fore)

    return frame


FAMILIES: tuple[Callable[[np.random.Generator, Colour], Frame], ...] = (
    _bounce, _slide, _spin, _ripple, _rain, _swing, _blink, _swarm,
)  # fmt: skip
