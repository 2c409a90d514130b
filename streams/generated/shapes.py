"""Outlines and colours that pictures and clips are drawn with."""

import colorsys
import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]


def colour(hue: float, saturation: float, value: float) -> Colour:
    """A colour from hue (turns around the wheel), saturation and value (0 to 1)."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def polygon(centre: Point, radius: float, corners: int, turn: float) -> list[Point]:
    """Corners of a regular polygon, turned by `turn` radians."""
    angles = (turn + 2 * math.pi * corner / corners for corner in range(corners))
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def star(centre: Point, radius: float, turn: float) -> list[Point]:
    """Corners of a star with five rays."""
    outer = polygon(centre, radius, 5, turn)
    inner = polygon(centre, radius * 0.4, 5, turn + math.pi / 5)
    return [point for pair in zip(outer, inner, strict=True) for point in pair]


def box(centre: Point, radius: float) -> tuple[float, float, float, float]:
    """The square around a circle, as drawing libraries want it."""
    return centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius


def spoil(rng: np.random.Generator, pixels: NDArray[np.uint8], noise: float) -> NDArray[np.uint8]:
    """[..., height, width, 3] with grain: pixels stray by up to 120 of 255 levels at noise 1."""
    grain = rng.normal(0.0, 120.0 * noise, pixels.shape)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)
