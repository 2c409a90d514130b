"""Pictures of different scenes in different kinds of file, and what is no picture."""

from tests import pictures

GOOD: list[object] = [
    pictures.jpeg(pictures.picture(1, (640, 480)), orientation=6),
    pictures.transparent_png(pictures.picture(2), (40, 40, 280, 200)),
    pictures.animation([pictures.picture(3), pictures.picture(4)]),
    pictures.WRITERS["16-bit PNG"](pictures.picture(5, (97, 331))),
    pictures.truncated(pictures.jpeg(pictures.picture(6)), 0.8),
]
BAD: list[object] = [
    b"",
    b"no picture at all",
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    pictures.bomb(),
    pictures.jpeg(pictures.picture(7))[:200],
    pictures.truncated(pictures.WRITERS["PNG"](pictures.picture(8)), 0.05),
    None,
    7,
    "picture.jpg",
    {"lat": 1.0},
]
