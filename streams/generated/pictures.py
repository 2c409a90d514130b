"""Pictures: a family of drawings each, with its own motif and range of colours."""

import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from streams.generated.shapes import Colour, box, colour, polygon, spoil, star

SIDE_PX = 128
CANVAS_PX = 2 * SIDE_PX
"""Drawn larger and scaled down, for smooth edges."""
QUALITY = 85

Draw = ImageDraw.ImageDraw
Paint = Callable[[], Colour]
"""A colour of the family, another at each call."""


def make_picture(rng: np.random.Generator, kind: int, noise: float) -> bytes:
    """A JPEG of the family `kind`."""
    hue = kind / len(FAMILIES) + rng.normal(0.0, 0.03)
    canvas = Image.new("RGB", (CANVAS_PX, CANVAS_PX), colour(rng.random(), 0.25, rng.uniform(0.75, 1.0)))

    def paint() -> Colour:
        return colour(hue + rng.normal(0.0, 0.03), rng.uniform(0.6, 1.0), rng.uniform(0.35, 0.85))

    FAMILIES[kind](rng, ImageDraw.Draw(canvas), paint)
    small = np.asarray(canvas.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS))
    file = io.BytesIO()
    Image.fromarray(spoil(rng, small, noise)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _anywhere(rng: np.random.Generator) -> tuple[float, float]:
    x, y = rng.uniform(0.1, 0.9, 2) * CANVAS_PX
    return float(x), float(y)


def _discs(rng: np.random.Generator, draw: Draw, paint: Paint) -> None:
    for _ in range(rng.integers(5, 10)):
        draw.ellipse(box(_anywhere(rng), rng.uniform(15, 40)), fill=paint())


def _stripes(rng: np.random.Generator, draw: Draw, paint: Paint) -> None:
    turn, step = rng.uniform(0, math.pi), rng.uniform(22, 40)
    along, across = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
    for offset in np.arange(-CANVAS_PX, CANVAS_PX, step):
        x, y = (CANVAS_PX / 2 + offset * part for part in across)
        ends = [(x + s * CANVAS_PX * along[0], y + s * CANVAS_PX * along[1]) for s in (-1, 1)]
        draw.line(ends, fill=paint(), width=round(step / 2))


def _checks(rng: np.random.Generator, draw: Draw, paint: Paint) -> None:
    side, shift = rng.uniform(22, 40), rng.uniform(0, 40)
    cells = range(math.ceil(CANVAS_PX / side) + 2)
    for row, column in ((row, column) for row in cells for column in cells if (row + column) % 2):
        centre = ((column - 0.5) * side - shift, (row - 0.5) * side - shift)
        draw.rectangle(box(centre, side / 2), fill=paint())


def _stars(rng: np.random.Generator, draw: Draw, paint: Paint) -> None:
    for _ in range(rng.integers(4, 8)):
        draw.polygon(star(_anywhere(rng), rng.uniform(30, 60), rng.uniform(0, math.pi)), fill=paint())


def _rings(rng: np.random.Generator, draw: Draw, paint: Paint) -> None:
    centre, step = _anywhere(rng), rng.uniform(18, 32)
    for radius in np.arange(step, 1.5 * CANVAS_PX, step):
        draw.ellipse(box(centre, float(radius)), outline=paint(), width=round(step / 2.5))


def _triangles(rng: np.random.Generator, draw: Draw, paint: Paint) -> None:
    for _ in range(rng.integers(5, 10)):
        draw.polygon(polygon(_anywhere(rng), rng.uniform(25, 60), 3, rng.uniform(0, math.pi)), fill=paint())


def _scribbles(rng: np.random.Generator, draw: Draw, paint: Paint) -> None:
    for _ in range(rng.integers(4, 8)):
        steps = rng.normal(0, 45, (10, 2)).cumsum(axis=0) + np.array(_anywhere(rng))
        draw.line([(float(x), float(y)) for x, y in steps], fill=paint(), width=4, joint="curve")


def _bricks(rng: np.random.Generator, draw: Draw, paint: Paint) -> None:
    height, shift = rng.uniform(20, 34), rng.uniform(0, 40)
    width, gap = 2.2 * height, 4
    for row in range(math.ceil(CANVAS_PX / height) + 2):
        for column in range(math.ceil(CANVAS_PX / width) + 2):
            left, top = (column - row % 2 / 2) * width - shift, row * height - shift
            draw.rectangle((left, top, left + width - gap, top + height - gap), fill=paint())


FAMILIES: tuple[Callable[[np.random.Generator, Draw, Paint], None], ...] = (
    _discs, _stripes, _checks, _stars, _rings, _triangles, _scribbles, _bricks,
)  # fmt: skip
